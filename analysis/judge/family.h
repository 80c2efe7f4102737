/*
 * Results that are judged together: from values by pair or boot to p, interval and verdict. One
 * interval decides each: it tells what change the test of that result, allowing for the others,
 * does not rule out.
 */
#ifndef ANALYSIS_JUDGE_FAMILY_H
#define ANALYSIS_JUDGE_FAMILY_H

#include "analysis/judge/compare.h"

struct family {
	struct result **r; /* with cell, metric, values and their rows; the rest is filled in */
	size_t m;
	size_t rows;	    /* pairs; of two groups: boots of both */
	const bool *second; /* two groups: whether a row is of the new one; NULL: pairs */
	bool joint; /* max-T over all, and intervals that hold together; else Benjamini-Hochberg,
		     * and intervals for those found (Benjamini and Yekutieli 2005, JASA 100:71) */
	double alpha, margin; /* the margin is a share; of differences, of the larger mean */
	double level;	      /* what such an interval is called: 0.95, also where looks made alpha
			       * smaller */
	uint64_t seed;
};

/*
 * Fills old, new, difference, ratio, low, high, level, low90, high90, p, p_adjusted, detectable,
 * outliers, without and verdict of each. A verdict other than inconclusive takes COMPARE_MIN_PAIRS
 * pairs, or COMPARE_MIN_BOOTS boots in both groups.
 */
void family_judge(const struct family *f);

/*
 * Pairs (of two groups: boots in each) with which a change as large as r's estimate would be seen
 * four times in five, or, where it is below the margin, the interval would come to lie inside; at
 * most `most`. 0: r is decided, or nothing can be said of it.
 */
unsigned family_needed(const struct result *r, bool paired, double alpha, double margin,
		       unsigned most);

#endif
