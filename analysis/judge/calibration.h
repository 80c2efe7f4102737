/*
 * A kernel against itself: how often the protocol finds a change where there is none, and whether
 * it finds one of a known size. A calibration is a directory with up to three runs of one kernel:
 *   aa/     two arms that differ in nothing; its pairs are split into disjoint groups, each of
 *           which is compared as a run of its own
 *   equal/  under icount: two arms whose boots share their layouts, which must agree exactly
 *   power/  the second arm does a known share of its work over again
 * and calibration.json (docs/formats.md), which later runs on the same target and machine carry.
 */
#ifndef ANALYSIS_JUDGE_CALIBRATION_H
#define ANALYSIS_JUDGE_CALIBRATION_H

#include "analysis/judge/compare.h"

/* The primary metric of one cell in one group of pairs. */
struct trial {
	const struct run_cell *cell; /* of the run it was made from */
	size_t group;
	double effect;	   /* Hodges-Lehmann, ln of new / old */
	double p;	   /* its own, not adjusted for the other cells */
	double detectable; /* a share */
	enum verdict verdict;
};

struct trials {
	struct trial *v; /* by group, then by cell */
	size_t n;
	size_t pairs, groups; /* a group has so many pairs */
};

/*
 * Compares the first two arms of a run group by group, at COMPARE_MARGIN and COMPARE_ALPHA. Pairs
 * beyond the last whole group are left out, as are cells that some failed boot leaves with fewer
 * than COMPARE_MIN_PAIRS in a group. The run must outlive t.
 */
int trials_make(struct trials *t, const struct run *r, size_t pairs, struct err *err);
void trials_release(struct trials *t);
/* Groups in which some cell changed. */
size_t trials_groups_changed(const struct trials *t);

/* Figures (a metric or counter of a cell in a pair) of both arms, and how many are not equal. */
struct equality {
	size_t figures, different;
};
struct equality calibration_equality(const struct run *r);

/* calibration.json from what was measured; equal and power may be NULL. A new reference. */
json_t *calibration_json(const struct run *aa, const struct trials *t, const struct run *equal,
			 const struct run *power, const struct trials *power_trials);

/* In words, what a run carries as its calibration (NULL: that it has none). Owned by the caller. */
char *calibration_words(const json_t *calibration);

#endif
