/* What a stored run says about how a next one should be planned. */
#ifndef ANALYSIS_JUDGE_PILOT_H
#define ANALYSIS_JUDGE_PILOT_H

#include "analysis/load/load.h"

#define PILOT_MOST_PAIRS 1000
#define PILOT_MOST_ITERATIONS 100

struct pilot_cell {
	const struct run_cell *cell;
	size_t iterations;	/* a boot measured, the median over boots */
	double within, between; /* sd of ln value, of an iteration in its boot and of boots; NAN:
				 * unknown, where boots have one iteration */
	double pair;		/* sd of a pair's ln ratio, as measured */
	unsigned pairs;		/* for the effect, with as many iterations as were measured */
	unsigned best;		/* iterations a boot that make the most of the time; 0: unknown */
	unsigned best_pairs;	/* pairs for the effect with so many */
};

struct pilot {
	const struct run *run;
	double effect;	  /* a share */
	double level;	  /* of each cell's test, as all are tested together at COMPARE_ALPHA */
	double boot;	  /* seconds of a boot before it measures; NAN: unknown */
	double iteration; /* seconds of one iteration of all cells, warm-up being as dear; NAN */
	struct pilot_cell *cells; /* those with a primary metric that is positive in two boots */
	size_t n;
};

/*
 * From a run of one kernel or two (of more the first two are taken): pairs are those of the run, or
 * with one arm its boots taken to be independent. The run must outlive p.
 */
int pilot_make(struct pilot *p, const struct run *r, double effect, struct err *err);
void pilot_release(struct pilot *p);

#endif
