/*
 * A stored run, read back: what docs/formats.md calls results/RUN becomes one struct run that
 * holds, for each cell, metric and boot, one number. Samples are read as a stream and no record is
 * kept; latencies are read again when somebody asks for them.
 */
#ifndef ANALYSIS_LOAD_LOAD_H
#define ANALYSIS_LOAD_LOAD_H

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "analysis/load/attempts.h"
#include "analysis/stats/stats.h"
#include "lib/err.h"
#include "lib/index.h"
#include "lib/str.h"

enum direction { LOWER_IS_BETTER, HIGHER_IS_BETTER, NO_DIRECTION };

enum metric_kind {
	METRIC_PRIMARY,	  /* the first metric of the workload */
	METRIC_SECONDARY, /* its other metrics */
	METRIC_COUNTER,	  /* what the harness counted: "minflt", "vmstat.nr_mlock", "perf.cycles" */
};

struct run_metric {
	char *name; /* "exit", "p99", "vmstat.pgmigrate_success" */
	char *unit; /* "insn/page" under icount, "ns/page" elsewhere; "count" for a counter */
	char *help; /* "" for a counter */
	enum direction better;
	enum metric_kind kind;
	bool time; /* a duration: already divided by ns_per_insn where the target is icount */
};

/* What one boot says about one metric of one cell. */
struct boot_value {
	double median; /* of the iterations after warm-up with outcome ok; NAN: the boot has none */
	double sd;     /* standard deviation of those iterations; NAN below two */
	size_t n;      /* how many they were */
};

struct series {
	struct run_metric metric;
	struct boot_value *boot; /* by boot: run.n_boots of them, in the order of run.boots; all
				    series without a value share one such list */
};

/* Whole lines of a file: from byte to byte, behind so many lines; to is 0 where there are none. */
struct file_part {
	long long from, to;
	size_t lines;
};

/* Iterations of one cell in one boot by outcome, warm-up included. */
struct cell_outcome {
	unsigned ok, fail, skip, broken;
	size_t measured;	/* of those ok, the ones after warm-up; and of these: */
	double ops, elapsed_ns; /* sums */
	bool latencies;		/* some record tells how long each call or process took */
	bool cut;     /* it ended before all its iterations were made, or made none in a boot that
		       * went well: then no figure of that boot counts */
	char *reason; /* of the first that was not ok, or NULL; text of the guest: escape it */
	struct file_part part; /* of the boot's samples.jsonl, with its records */
};

struct run_cell {
	char *id;	 /* "exit-mlocked/procs=32,lock=none" */
	char *workload;	 /* "exit-mlocked" */
	char *label;	 /* what follows the first '/', or "" */
	json_t *params;	 /* every parameter, values as text */
	char *control;	 /* id of the control cell, or NULL */
	bool is_control; /* another cell names it as its control */
	int iterations, warmup;
	struct series *series; /* declared metrics in order, primary first, then counters */
	size_t n_series;
	struct index by_metric;	      /* names to places in series */
	struct cell_outcome *outcome; /* by boot; shared by the cells without a record */
};

struct run_arm {
	char *name, *spec, *release, *package, *version, *sha256; /* "" where unknown */
	json_t *config; /* object of CONFIG_ lines, possibly empty */
};

struct run_boot {
	int n;	    /* its number, and the name of its directory as %03d */
	size_t arm; /* index in run.arms */
	int pair;
	size_t plan; /* its place in "boots" of run.json, where other kinds stand too */
	uint64_t seed;
	char *outcome; /* "ok|panic|hang|died|cut|launch", or "missing": no boot.json */
	char *detail;
	int attempts;	       /* starts it took; 0 where missing */
	int faults;	       /* faults of the channel */
	double wall_seconds;   /* NAN where unknown */
	double ready_seconds;  /* of those, before the guest had settled; NAN where unknown */
	json_t *guest;	       /* the guest's hello, or NULL */
	json_t *disturbing;    /* what of the machine times vary with, when it began, or NULL */
	double stolen_seconds; /* of its CPUs' time, while it was measured */
	long long pinned;      /* vCPUs with a core each; -1 where unknown */
	long long samples;     /* that the runner stored; -1 where unknown */
	char *boot_id; /* on the host target: which boot of the machine it was; else "" or NULL */
	json_t *node;  /* of a cluster, that it was made on: {"name","cpu"}, or NULL */
	json_t *findings; /* [{"kind","text"}]: what a kernel should not do, in this boot and in the
			   * starts before it: see load_findings; or NULL */
	json_t *files;	  /* what it says of its files (lib/stored.h); NULL: nothing */
};

struct run_target {
	char *kind;	    /* "icount|tcg|kvm|host" */
	double ns_per_insn; /* 0 unless icount */
	int cpus, nodes;
	long long memory_mib;
	char *qemu_version, *qemu_sha256; /* "" without QEMU */
};

struct run {
	char *path; /* as given, without a trailing '/' */
	char *name, *created, *status, *tool;
	uint64_t seed;
	int pairs;     /* as planned */
	double margin; /* as planned, a share: 0.01 */
	struct run_target target;
	json_t *host; /* object, possibly empty */
	json_t *json; /* all of run.json */
	struct run_arm *arms;
	size_t n_arms;
	struct run_cell *cells;
	size_t n_cells;
	struct index by_id, by_arm; /* names to places in cells and arms */
	struct attempts attempts;   /* before those that count */
	struct run_boot *boots;	    /* in the order in which they ran */
	size_t n_boots;
	size_t records;			  /* samples read */
	struct boot_value *no_values;	  /* what series without a value share */
	struct cell_outcome *no_outcomes; /* and cells without a record */
	size_t held, may_hold;		  /* bytes of what was made of the files, and the most */
	struct strv notes;		  /* printable: boots missing or failed, run incomplete */
};

/*
 * Reads results/RUN. A boot that is missing, failed or cut short leaves its cells without a value
 * (those it finished keep theirs) and a line in notes. What is not as docs/formats.md says is an
 * error with file and line. r is empty on failure.
 *
 * What boot.json and run.json tell of the files that are read is checked, see lib/stored.h. A run
 * is refused that has LOAD_MAX_SERIES figures of a cell, is beyond the sizes of lib/stored.h, or is
 * scattered: a few records can have a table of all cells, boots and figures. What is held of it is
 * at most LOAD_HELD_TIMES what is read and LOAD_HELD_OVER bytes; with its run.json (lib/json.h) and
 * what a boot's records take while they are read, a run takes at most ten times its size and a
 * constant.
 */
#define LOAD_HELD_TIMES 2
#define LOAD_HELD_OVER ((size_t)32 << 20)
#define LOAD_MAX_SERIES 4096
int load_run(struct run *r, const char *path, struct err *err);
/*
 * The same for the boots of one kind: "timed" (what load_run reads), or the instrumented ones that
 * stand beside them, "profile" and "locks", whose times are never compared with timed ones.
 */
int load_run_kind(struct run *r, const char *path, const char *kind, struct err *err);
void load_release(struct run *r);

/* The cell or arm of that name, or NULL; the series of that metric, or NULL. */
const struct run_cell *load_cell(const struct run *r, const char *id);
const struct run_arm *load_arm(const struct run *r, const char *name);
const struct series *load_series(const struct run_cell *c, const char *metric);
/* A cell's series of that metric, NULL: its primary one; or NULL where there is none. */
const struct series *load_figure(const struct run *r, const char *cell, const char *metric);
/*
 * The medians of a series in the boots of one arm, in their order, of those boots that have one;
 * none of a series that is NULL. On the host all passes of one boot of the machine, and those that
 * do not say which it was, are one value, their median. values_release() frees them.
 */
struct values load_values(const struct run *r, size_t arm, const struct series *s);
/*
 * Gives a cell a figure that its samples do not have: the value of it in one boot, of run.boots.
 * -1: the run takes more than it may.
 */
int load_give(struct run *r, const char *cell, const char *metric, const char *unit, size_t boot,
	      double value, struct err *err);
/* The kernel of an arm: its release where a boot has told it, else what was asked for. */
const char *load_kernel(const struct run_arm *a);
/* The same for a name that a user gave: NULL with err, which says what was meant or what there is.
 */
const struct run_cell *load_cell_named(const struct run *r, const char *id, struct err *err);
const struct run_arm *load_arm_named(const struct run *r, const char *name, struct err *err);
/* The number a parameter stands for ("32", "8M" as 8388608), or NAN. */
double load_param(const struct run_cell *c, const char *param);
/* "instructions" under icount, "time" elsewhere: what the figures of the run are. */
const char *load_what(const struct run *r);

/*
 * The latencies of some cells in one boot, after warm-up, from one reading of its samples: take is
 * called for each cell of which wanted[cell] is set and that has any, with those in instructions
 * under icount, else ns, sorted; they are gone when it returns. Of more than LOAD_LATENCIES an even
 * sample of that many, with the least and the greatest of all at its ends.
 */
#define LOAD_LATENCIES 20000
typedef void load_latencies_fn(void *arg, size_t cell, const double *v, size_t n);
int load_latencies(const struct run *r, const struct run_boot *b, const bool *wanted,
		   load_latencies_fn *take, void *arg, struct err *err);

#endif
