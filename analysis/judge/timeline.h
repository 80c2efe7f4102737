/*
 * A run of many kernels as a timeline: for each cell the values of its primary metric in the order
 * of the arms, which is that of the releases, and where they change. What is followed is the ratio
 * to the anchor, the first arm, which stands in every round: a drift of the machine and the layout
 * of a round cancel.
 */
#ifndef ANALYSIS_JUDGE_TIMELINE_H
#define ANALYSIS_JUDGE_TIMELINE_H

#include "analysis/judge/compare.h"

/* A release's value in one series. */
struct timeline_point {
	size_t boots;		 /* that have a value; 0: every other member is NAN */
	double value, low, high; /* median of the boots and its 95 % interval; with fewer than six
				  * boots the whole range */
	double ratio, ratio_low,
		ratio_high; /* to the anchor, over the rounds (Hodges-Lehmann, signed
			     * rank); -INFINITY and INFINITY, as ratios 0 and INFINITY,
			     * where rounds are too few for an interval */
	double se;	    /* standard error of log ratio (difference: of the difference) */
	double level;	    /* of the stretch without a change that it belongs to, as a value */
};

/* What a second method says of a change point. */
enum timeline_opinion { OPINION_AGREES, OPINION_DIFFERS, OPINION_NONE };

/* What an interleaved A/B of the two neighbours, measured by itself, says. */
enum timeline_proof { PROOF_NONE, PROOF_CONFIRMED, PROOF_REFUTED };

struct timeline_change {
	size_t before, at; /* arms: the last of the old level, the first of the new one */
	double old, new;   /* the levels, as values */
	double ratio;	   /* new / old; difference: new - old */
	bool provisional;  /* fewer than two later releases */
	enum timeline_opinion opinion;
	enum timeline_proof proof;
	char *proof_text; /* "6.8 % fewer ... in 6 pairs", printable, or NULL */
};

struct timeline_series {
	const struct run_cell *cell;
	const struct run_metric *metric;
	bool difference; /* some value is 0 or below: differences to the anchor instead of ratios */
	bool anchored;	 /* the anchor has a value; else ratios are NAN and values themselves are
			    followed */
	struct timeline_point *points;	 /* by arm */
	double noise;			 /* of a point about its level, on the scale of se */
	struct timeline_change *changes; /* ascending */
	size_t n_changes;
};

struct timeline {
	const struct run *run;
	double margin; /* a step must be a few of the margin's thirds to be called a change */
	struct timeline_series *series; /* one a cell, in the run's order */
	size_t n;
	/*
	 * By arm, for their settings: arm i against since[i], the last one before it whose
	 * configuration is known. Nothing is compared where that is i itself: its own is unknown,
	 * or there is none before.
	 */
	size_t *since;
	struct comparison *steps;
};

/*
 * Makes the timeline of a run, which must outlive it; margin 0: what the run says, at least
 * COMPARE_MARGIN. -1 where the run has fewer than three arms. t is empty on failure.
 */
int timeline_make(struct timeline *t, const struct run *run, double margin, struct err *err);
void timeline_release(struct timeline *t);

#endif
