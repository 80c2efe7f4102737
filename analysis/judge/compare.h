/*
 * Two arms against each other, by the protocol: the boot is the unit, pairs where there are
 * pairs, Hodges-Lehmann ratio, exact interval and p, max-T over the primary metrics,
 * Benjamini-Hochberg over the secondary ones and over the counters, a practical margin, and a
 * verdict.
 */
#ifndef ANALYSIS_JUDGE_COMPARE_H
#define ANALYSIS_JUDGE_COMPARE_H

#include "analysis/load/load.h"

enum verdict {
	VERDICT_BETTER,
	VERDICT_WORSE,
	VERDICT_CHANGED,       /* as better or worse, of a metric without a direction */
	VERDICT_CHANGED_SMALL, /* certain, but below the margin */
	VERDICT_EQUIVALENT,    /* two one-sided tests: the interval of level 1 - 2 alpha lies inside
				* the margin */
	VERDICT_INCONCLUSIVE,
};
/* "better", "worse", "changed", "changed-small", "equivalent", "inconclusive" */
const char *verdict_name(enum verdict v);

#define COMPARE_MIN_PAIRS 6 /* 2 / 2^6 = 0.031: five pairs can never reach 0.05 */
#define COMPARE_MIN_BOOTS 4 /* not paired: 2 / choose(8, 4) = 0.029; of three each it is 0.1 */
#define COMPARE_MARGIN 0.01
#define COMPARE_FLOOR "null" /* the workload that measures the harness itself */
#define COMPARE_ALPHA 0.05

struct compare_opts {
	const char *old_arm, *new_arm; /* NULL: see compare_runs */
	double margin; /* a share; 0: the largest of COMPARE_MARGIN, what the runs say, and the 95th
			* percentile of the A/A comparisons they carry */
	double alpha;  /* 0: 0.05, or for a run that may stop early the level of its last look */
	int pair_from, pair_to; /* only pairs from..to - 1; both 0: all */
	bool force;		/* compare what was measured in different ways, and say so */
	bool unpaired;		/* do not use the pairs */
	uint64_t seed;		/* of random flips, used beyond 20 pairs */
};

/*
 * One metric of one cell. Ratios are new / old. Where some value is zero or below, `difference` is
 * set: ratio, low, high and so on are then differences new - old in the metric's unit, and equal
 * means 0 instead of 1.
 */
struct result {
	const struct run_cell *cell;	 /* of the old run */
	const struct run_metric *metric; /* of the old run */
	size_t k;			 /* pairs; unpaired: the smaller number of boots */
	size_t n_old, n_new;		 /* boots with a value in each arm; paired: both k */
	double *old_v, *new_v; /* their values, old_v[i] paired with new_v[i], in run order */
	size_t *old_row,
		*new_row; /* which pair, or boot, each is of: the rows that are resampled */
	double old, new;  /* medians of those */
	bool difference;
	double ratio;	      /* Hodges-Lehmann */
	double low, high;     /* the interval that decides; -INFINITY and INFINITY (as ratios 0 and
			       * INFINITY) where so few boots give none. It leaves out "no change"
			       * exactly where p_adjusted <= alpha */
	double level;	      /* of it: 0.95 over all primary metrics together; of a result that is
			       * equivalent 0.90, its own */
	double low90, high90; /* signed rank (rank sum) of level 1 - 2 alpha, 90 % as a rule */
	double p, p_adjusted; /* p_adjusted: max-T for a primary metric, Benjamini-Hochberg else */
	double critical; /* of the test's statistic, see stats_half_width; INFINITY: out of reach */
	double detectable; /* smallest change that this test would see four times in five, a share;
			    * INFINITY: none, NAN: unknown */
	size_t outliers;   /* pairs (boots) more than 5 MAD from the median; none is left out */
	enum verdict without; /* what the verdict would be without those */
	enum verdict verdict;
};
/* Whether the result is one of the cells that a verdict counts: primary, and not the floor. */
bool result_counts(const struct result *r);
/* Room for the values of n pairs; one pair of them, of that row. */
void result_reserve(struct result *r, size_t n);
void result_pair(struct result *r, size_t row, double old, double new);
void result_release(struct result *r);

/* What became of one cell (or, with cell NULL, of the boots themselves) in the two arms. */
struct outcome_row {
	const struct run_cell *cell;
	struct outcome_count {
		unsigned boots; /* that reached the cell; cell NULL: starts, failed ones too */
		unsigned bad; /* of them, each once: with an iteration that failed or broke, or that
			       * ended before its iterations did; cell NULL: that failed */
		unsigned fail, skip, broken, cut; /* boots with one such; cell NULL: fail only */
		const char *reason;		  /* of the first in the arm, or NULL; escape it */
	} old, new;
	double p; /* Fisher's exact test, two-sided, of bad against boots; by Holm over all rows */
};

struct comparison;
/* Whether the new arm fails more often, and not by chance: p <= alpha. */
bool outcome_got_worse(const struct comparison *c, const struct outcome_row *o);

/*
 * What a kernel should never do, of one kind: "panic", "oops", "warning", "lockdep", ..., "killed
 * cell" (it ended before its iterations did, in a boot that went well).
 */
struct finding_row {
	const char *kind;
	unsigned old, new;	       /* boots with one */
	unsigned boots_old, boots_new; /* boots made */
	const char *text;	       /* of the first, of the new arm if it has one; escape it */
};
/* Whether only the new kernel has it, of two that were booted: one boot is enough, for no kernel
 * should. */
bool finding_is_new(const struct finding_row *f);

/* A CONFIG_ line, mitigation or other setting that differs between the arms. */
struct setting {
	char *name, *old, *new; /* "CONFIG_PREEMPT_DYNAMIC", "n", "y"; escape them */
	bool of_note; /* known to move such figures: preemption, mitigations, HZ, debugging */
};

struct comparison {
	const struct run *run_old, *run_new; /* the same where one run is compared within itself */
	const struct run_arm *arm_old, *arm_new;
	/* The subjects of the first and the last of the patches that the kernels differ by, where
	 * they are rows of a series: of that, borrowed. NULL: they differ by more than one knows.
	 */
	const char *since, *subject;
	/* Its boots recorded who waited for which lock: their times are no kernel's, see
	 * analysis/cause/locks.h. Left to the caller to set. */
	bool of_locks;
	bool paired;
	size_t pairs; /* the most that any cell has; unpaired: the smaller number of boots */
	double margin, alpha;
	double level;		   /* of intervals that hold together: 0.95, where looks made alpha
				    * smaller; else 1 - alpha */
	size_t looked;		   /* of a run that may stop early: pairs made so far; else 0 */
	const json_t *calibration; /* docs/formats.md; the new run's, else the old's, or NULL */
	struct result *results;	   /* by cell in plan order, primary metric first, counters last */
	size_t n_results;
	size_t *first; /* the first result of each cell of the old run, and n_results; or NULL */
	struct outcome_row *outcomes; /* only rows with something that is not ok */
	size_t n_outcomes;
	struct finding_row *findings; /* those that only the new kernel has first */
	size_t n_findings;
	struct setting *settings; /* those of note first */
	size_t n_settings;
	struct strv notes; /* printable: forced, runs incomplete, cells without a partner */
	enum verdict
		verdict; /* the first of worse, better, changed, inconclusive, changed-small,
			  * equivalent that some result_counts() has; failing more often (Fisher
			  * p <= alpha) and a finding that only the new kernel has are worse */
};

/*
 * Compares old's arm with new's; both may be the same run. Without names, within one run: its first
 * arm and its second (with one arm only: an error); of two runs: each one's only arm (with more: an
 * error that lists them). Boots are paired within a run by their pair, between icount runs by equal
 * seed, else not at all, which a note says. Runs of different targets, settings or iterations, and
 * icount runs of different QEMUs, are refused unless forced. The runs must outlive c. c is empty on
 * failure.
 */
int compare_runs(struct comparison *c, const struct run *old, const struct run *new,
		 const struct compare_opts *opts, struct err *err);
void compare_release(struct comparison *c);
/* The settings that differ between two arms of a run, and nothing else: what compare_release frees.
 */
void compare_settings(struct comparison *c, const struct run *run, const struct run_arm *old,
		      const struct run_arm *new);

/* The result of a cell's metric (NULL: its primary one), or NULL. */
const struct result *compare_find(const struct comparison *c, const char *cell, const char *metric);
/* The exit code of compare: 1 on worse, 4 with strict where some cell is inconclusive, else 0. */
int compare_exit_code(const struct comparison *c, bool strict);
/*
 * How many primary figures there are, and how many of them are inconclusive. Whether a run that may
 * stop early may: there is one, and none is.
 */
bool compare_decided(const struct comparison *c, size_t *all, size_t *open);
/* What report/compare.json holds; a new reference. */
json_t *compare_json(const struct comparison *c);
/* Writes it to DIR/compare.json, and makes DIR where there is none. */
int compare_write(const struct comparison *c, const char *dir, struct err *err);
/*
 * Where what is written of a comparison goes: RUN/report, and NEW/report-against-OLD of two runs,
 * as each has a report of its own. The caller frees it.
 */
char *compare_dir(const struct comparison *c);

#endif
