/*
 * Lock evidence: what the boots of kind `locks` of a run tell of who waited for which lock. A round
 * is one iteration after warm-up; all figures are medians over the rounds, for convoys make a mean
 * jump from run to run.
 */
#ifndef ANALYSIS_CAUSE_LOCKS_H
#define ANALYSIS_CAUSE_LOCKS_H

#include "analysis/load/load.h"
#include "analysis/cause/lock-class.h"

/* One row of the table: a lock's class, the mode, and who wanted it. */
struct lock_line {
	enum lock_class class;
	char mode;	    /* 'R'ead, 'W'rite, 'M'utex, 'S'pin */
	char *caller, *via; /* via called caller; "" where unknown. Text of the guest: escape it */
	double *waits, *wait_ns, *longest_ns; /* by round; 0 where nobody waited */
	double *in_exit_ns; /* by round: the part of wait_ns that was waited in exit_mmap() */
};

/* What a kernel's own statistics tell of a class, summed over the boots: for ranking, no times. */
struct lock_stat {
	char *class, *mode; /* "&mapping->i_mmap_rwsem", "read", "write" or ""; text of the guest */
	struct strv callers; /* those that waited, as far as the kernel keeps them */
	double waits, acquisitions, wait_ns;
};

struct lock_cell {
	const struct run_cell *cell;
	size_t arm; /* in run.arms */
	size_t rounds, rounds_cap;
	/*
	 * By round: the time of the operation itself, and the sum over the processes that did it,
	 * of which waiting is a share: each process's own latency where the workload has them
	 * (release to exit of each), else the operation's time times the processes that worked in
	 * it.
	 */
	double *elapsed_ns, *process_ns;
	double *boot;	 /* by round: the number of its boot */
	double *exit_ns; /* by round: the summed time in exit_mmap(); 0 where nobody exited */
	struct lock_line
		*lines; /* the longest waiting first, by their medians and then their sums */
	size_t n_lines;
	struct index by_line,
		by_stat;	 /* what they are of to places in lines and stats, while read */
	struct str perf_text;	 /* holds perf */
	struct lock_stat *stats; /* the longest waiting first */
	size_t n_stats;
	char *perf; /* what perf said, as it printed it, or NULL; text of the guest */
	double events, lost, missed, unpaired; /* of the recorder */
	double slowdown; /* median elapsed of the instrumented boots by that of the timed; NAN:
			    unknown */
	char *skip;	 /* why a boot did not record, or NULL; text of the guest */
};

struct locks {
	struct run timed, run; /* its timed boots, and those of kind `locks` */
	char *backend;
	struct index by_cell;	 /* arm and cell to places in cells, while they are read */
	struct lock_cell *cells; /* by cell, then by arm; only those of which something is known */
	size_t n;
};

/*
 * Reads a stored run. One without such boots has no cells, which is no error; one whose callers and
 * rounds take more than a run of its size may (load_run()) is.
 */
int locks_load(struct locks *l, const char *path, struct err *err);
void locks_release(struct locks *l);

/* "read" of 'R' and so on. */
const char *locks_mode_name(char mode);

/* The evidence of one cell in one arm, or NULL. */
const struct lock_cell *locks_find(const struct locks *l, const char *cell, size_t arm);

/* --- figures of a line --- */
struct lock_figures {
	double waits, wait_ns; /* of a round, medians */
	double all_waits;      /* of all rounds */
	double mean_ns;	       /* of one wait, over all rounds; NAN without one */
	double longest_ns;     /* of all rounds */
	double share;	       /* of the processes' time, median of the rounds' own */
	size_t seen;	       /* rounds in which somebody waited */
};
void locks_figures(const struct lock_cell *c, const struct lock_line *line, struct lock_figures *f);

/* By round, the share of the processes' time that went into waiting for a class of locks, or with
 * LOCK_CLASSES into any; c->rounds values for the caller to free. */
double *locks_shares(const struct lock_cell *c, enum lock_class class);

/*
 * Makes those shares figures of l->run, in percent and a value a boot: "waiting.i_mmap_rwsem" and
 * so on, so that its arms can be compared. Only of locks whose waiting the recorder sees whole:
 * semaphores by 'slowpath' and 'bpf', the lruvec's spinlock by 'perf-lock'. None of a cell of which
 * more than LOCKS_MAX_LOST is missing. -1 as load_give().
 */
#define LOCKS_FIGURE "waiting."
int locks_give_shares(struct locks *l, struct err *err);

/*
 * The same of the time in exit_mmap(), and of the waiting there: what part of taking down the
 * address spaces it was. The processes' own time holds more, that before a process gets a CPU to
 * exit on and until its parent has reaped it. NULL where there was a round without exits.
 */
double *locks_exit_shares(const struct lock_cell *c, enum lock_class class);

/*
 * Those shares, of exit_mmap or of the processes' time, a value a boot, the median of its rounds:
 * rounds of one boot are not independent, so an interval is over boots. False, and nothing to
 * release: there is no round, or one without exits.
 */
bool locks_boot_shares(const struct lock_cell *c, enum lock_class class, bool exits,
		       struct values *v);

/* A class's part of all the waiting that the kernel's statistics tell of. */
double locks_stat_share(const struct lock_cell *c, const struct lock_stat *s);

/*
 * The part of what happened that the recorder did not see: the larger of the halves without their
 * other half, and of what was lost on the way, by all that fired.
 */
double locks_lost(const struct lock_cell *c);
#define LOCKS_MAX_LOST 0.01 /* above this a table says that it is incomplete */

#endif
