/*
 * A run of many kernels as a timeline: for each cell the values of its primary metric in the order
 * of the arms, which is that of the releases, and at which of them it changed: steps.h judges every
 * step from the rounds that hold both neighbours.
 */
#ifndef ANALYSIS_JUDGE_TIMELINE_H
#define ANALYSIS_JUDGE_TIMELINE_H

#include "analysis/cause/copying.h"
#include "analysis/judge/steps.h"

/* A release's value in one series. */
struct timeline_point {
	size_t boots; /* that have a value; 0: every other member is NAN or NULL */
	double value, low,
		high; /* median of the boots and its 95 % interval; NAN with fewer than six */
	double ratio; /* to the anchor, over the rounds (Hodges-Lehmann); NAN without one */
	double level; /* of the stretch without a change that it belongs to, as a value */
	const struct step *step; /* from the release before it; NULL: there is none */
};

/* What an interleaved A/B of the two neighbours, measured by itself, says. */
enum timeline_proof { PROOF_NONE, PROOF_CONFIRMED, PROOF_REFUTED };

/* A step that is a change: step_is_change(). */
struct timeline_change {
	size_t before, at; /* arms */
	/* What is stated of it: by the step, or where an A/B confirmed it by that. */
	double old, new; /* medians */
	bool difference; /* of the two: a third kernel's 0 makes the series' `difference` alone */
	double ratio;	 /* new / old; difference: new - old */
	double low, high;
	double p_adjusted;
	size_t pairs;
	enum timeline_proof proof;
	/* What the A/B says, also where it says otherwise; run "" without one. */
	char *run;
	double proof_ratio, proof_low, proof_high;
	enum verdict proof_verdict;
};

struct timeline_series {
	const struct run_cell *cell;
	const struct run_metric *metric;
	bool difference; /* some value is 0 or below: the anchor's ratios are differences */
	struct timeline_point *points;	 /* by arm */
	struct timeline_change *changes; /* ascending */
	size_t n_changes;
};

struct timeline {
	const struct run *run;
	double margin; /* a step below it is no change */
	/* What copying was taken out, of an A/B too; borrowed, and set by who did that. NULL:
	 * nothing. */
	const struct copied *copied;
	struct steps judged;
	struct timeline_series *series; /* one a cell, in the run's order */
	size_t n;
	/*
	 * By arm, for their settings: arm i against since[i], the last one before it whose
	 * configuration is known. Nothing is compared where that is i itself: its own is unknown,
	 * or there is none before.
	 */
	size_t *since;
	struct comparison *settings; /* compare_settings() */
};

/*
 * Makes the timeline of a run, which must outlive it; margin 0: what the run says, at least
 * COMPARE_MARGIN. -1 where the run has fewer than three arms. t is empty on failure.
 */
int timeline_make(struct timeline *t, const struct run *run, double margin, struct err *err);
void timeline_release(struct timeline *t);

#endif
