/* How a figure grows with a parameter that was swept. */
#ifndef ANALYSIS_JUDGE_GROWTH_H
#define ANALYSIS_JUDGE_GROWTH_H

#include "analysis/load/load.h"
#include "analysis/stats/stats.h"

/* Cells that differ in one numeric parameter only, in the order of its values. */
struct sweep {
	const char *param;
	const struct run_cell **cells; /* room for all cells of the run, the caller's */
	size_t n;
};
#define SWEEP_POINTS 3 /* fewer are no sweep */

/*
 * Fills s->cells with the sweep of s->param that the run's cell `first` begins; returns how many
 * they are. None where an earlier cell begins it, or for a control.
 */
size_t sweep_find(const struct run *run, size_t first, struct sweep *s);

enum growth_kind {
	GROWTH_FALLS,	 /* the slope's interval lies below that of constant */
	GROWTH_CONSTANT, /* inside -0.1 to 0.1, and no point more than GROWTH_LEVEL above another */
	GROWTH_SLOWER,	 /* between constant and linear */
	GROWTH_LINEAR, /* inside 0.9 to 1.1, and no point further than GROWTH_LEVEL from the line */
	GROWTH_WORSE,  /* above it */
	GROWTH_UNCLEAR, /* the interval reaches into two of these, or there is none */
};
#define GROWTH_LEVEL 0.05

/* One arm's. */
struct growth {
	struct scaling fit;
	enum growth_kind kind;
	size_t boots;	  /* that have the whole sweep */
	double *n, *cost; /* what was fitted, as stats_scaling takes it */
	const struct run_metric *metric;
};

/* Fits the primary metric of an arm's boots. -1 where fewer than two have the whole sweep. */
int growth_fit(struct growth *g, const struct run *run, size_t arm, const struct sweep *s);
void growth_release(struct growth *g);

#endif
