/*
 * The contract of a workload. One C file declares a `const struct workload` at its foot, and one
 * line in list.h names it; the harness (harness.h) does everything that is not measuring: options,
 * iterations, counters, accounting, records.
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench;

enum param_kind {
	PARAM_INT,  /* min..max */
	PARAM_SIZE, /* bytes, written 4096, 64K, 8M, 1G; min..max */
	PARAM_ENUM, /* one of choices, "mlock|none" */
	PARAM_TEXT, /* anything without a space or comma */
};

struct param {
	const char *name, *help;
	enum param_kind kind;
	const char *def; /* the value when none is given */
	uint64_t min, max;
	const char *choices;
};

enum better { BETTER_LOWER, BETTER_HIGHER, BETTER_NEITHER };

struct metric {
	const char *name; /* "exit", "p99", "failed": short, no spaces */
	const char *unit; /* "ns/page", "ns", "pages", "share" */
	const char *help;
	enum better better;
	bool time; /* a duration: under icount it counts instructions */
};

/* What a machine must have; a lack makes the cell a skip that names it. */
struct needs {
	int cpus, nodes;
	bool root;
	bool swap;
	/* bytes of memory and of RLIMIT_MEMLOCK that these parameters take, or NULL */
	uint64_t (*memory)(struct bench *b);
	uint64_t (*memlock)(struct bench *b);
	/* anything else: NULL when it is there, else what is missing ("no MADV_COLLAPSE") */
	const char *(*feature)(struct bench *b);
};

enum outcome {
	OUTCOME_OK,
	OUTCOME_FAIL,	/* the kernel or its accounting is wrong */
	OUTCOME_SKIP,	/* a need is missing */
	OUTCOME_BROKEN, /* the workload could not be set up or run */
};

struct workload {
	const char *name;	      /* "exit-mlocked" */
	const char *help;	      /* one line */
	const struct param *params;   /* ends with a zero entry, in the order of the cell's name */
	const struct metric *metrics; /* ends with a zero entry; the first is the primary one, and
				       * where the workload does not set it, it is elapsed / ops */
	struct needs needs;
	/* Settings of the machine that it changes and puts back, as fnmatch patterns that end with
	 * NULL: knob.h lets it change no others. NULL where there are none. */
	const char *const *changes;
	/* The assignment that makes the control, the same work unlocked: "lock=none"; or NULL. */
	const char *control;
	/* Pages by which nr_mlock and nr_unevictable may differ after an iteration, for each CPU:
	 * what one holds in a batch of its own, another cannot count or unlock (5.18 and later err
	 * that way). */
	int slack_pages;
	/* Once a cell, outside every timed region; any may be NULL but iterate. */
	enum outcome (*setup)(struct bench *b);
	enum outcome (*iterate)(struct bench *b);
	void (*teardown)(struct bench *b);
};

/* --- what a workload may ask of the harness --- */

uint64_t bench_int(struct bench *b, const char *param); /* also PARAM_SIZE, in bytes */
const char *bench_text(struct bench *b, const char *param);
bool bench_is(struct bench *b, const char *param, const char *value);

/* The next number of the boot's seeded sequence: process orders, offsets. */
uint64_t bench_random(struct bench *b);
void bench_shuffle(struct bench *b, int *v, size_t n);

/*
 * work and --inject percent of it again: how much to do where `work` is what is asked for and what
 * bench_ops() counts. So a slowdown of a known size can be put into a run, to see it found. Pages
 * are the finest thing to inject: what is added is rounded to whole ones.
 */
uint64_t bench_injected(struct bench *b, uint64_t work);

/* Opens and closes the timed region; once an iteration each, or again where what went by was not
 * what was to be timed: the last one counts. stop returns elapsed ns. Both execute the marker
 * instruction `xchg %bx,%bx` at the region's edge, for the profiler, except in warm-up. */
void bench_start(struct bench *b);
uint64_t bench_stop(struct bench *b);
uint64_t bench_now(void); /* the harness's clock, ns (CLOCK_MONOTONIC_RAW) */

/* Transparent huge pages for us and the processes we fork; off unless asked for. */
void bench_huge_pages(struct bench *b, bool on);
/* Pages by which nr_mlock has grown since the iteration began, exactly: it settles the counts, so
 * not inside the region. */
int64_t bench_locked_pages(struct bench *b);
/* Ids of the NUMA nodes that have memory, lowest first; returns how many, at most max. */
int bench_nodes(int *out, int max);
/* Whether pages that other processes map too may be moved (CAP_SYS_NICE). */
bool bench_may_move_all(void);

/* What the region did; the primary metric is elapsed / ops unless it is set. */
void bench_ops(struct bench *b, uint64_t ops);
void bench_metric(struct bench *b, const char *metric, double value);
/* One process's own latency, ns; the record keeps them all. */
void bench_latency(struct bench *b, uint64_t ns);
/* Sets the metrics p50, p99, p9999 where there is one, and max from the latencies, by nearest rank.
 */
void bench_percentiles(struct bench *b);

/* Set the reason and return the outcome: return bench_fail(b, "nr_mlock is %ld", n); */
enum outcome bench_fail(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
enum outcome bench_skip(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
enum outcome bench_broken(struct bench *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The workload's own state between setup, iterate and teardown: zeroed, freed by the harness. */
void *bench_state(struct bench *b, size_t size);

#endif
