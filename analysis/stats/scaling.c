/* How cost grows with the number of sharers. */
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define ROUNDS 1999

int stats_loglog(const double *n, const double *y, size_t points, struct slope *s)
{
	double *lx = xcalloc(points + 1, sizeof(*lx)), *ly = xcalloc(points + 1, sizeof(*ly));
	double c00, c01, c11, sum;
	bool good = points >= 2;

	for (size_t i = 0; i < points; i++) {
		good = good && n[i] > 0 && y[i] > 0;
		lx[i] = log(n[i]);
		ly[i] = log(y[i]);
	}
	if (good)
		gsl_fit_linear(lx, 1, ly, 1, points, &s->intercept, &s->slope, &c00, &c01, &c11,
			       &sum);
	free(lx);
	free(ly);
	return good && isfinite(s->slope) ? 0 : -1;
}

/* How far the medians lie from the law, and from each other. */
static void residuals(const double *n, const double *cost, size_t points, size_t boots,
		      struct scaling *s)
{
	double *column = xcalloc(boots + 1, sizeof(*column)), least = INFINITY, most = 0;

	for (size_t i = 0; i < points; i++) {
		double median, law = exp(s->slope.intercept + s->slope.slope * log(n[i]));

		for (size_t b = 0; b < boots; b++)
			column[b] = cost[b * points + i];
		median = stats_median(column, boots);
		s->slope_off = fmax(s->slope_off, fabs(median / law - 1));
		least = fmin(least, median);
		most = fmax(most, median);
	}
	s->spread = most / least;
	free(column);
}

int stats_scaling(const double *n, const double *cost, size_t points, size_t boots, double level,
		  uint64_t seed, struct scaling *s)
{
	double *slopes = xcalloc(boots + 1, sizeof(*slopes));
	double intercept = 0;
	int ret = boots ? 0 : -1;

	*s = (struct scaling){0};
	for (size_t b = 0; b < boots && ret == 0; b++) {
		struct slope one = {0};

		ret = stats_loglog(n, cost + b * points, points, &one);
		slopes[b] = one.slope;
		intercept += one.intercept / (double)boots;
	}
	if (ret == 0) {
		s->slope = (struct slope){stats_mean(slopes, boots), intercept};
		s->slope_ci = stats_bootstrap_t(slopes, boots, level, ROUNDS, seed);
		residuals(n, cost, points, boots, s);
	}
	free(slopes);
	return ret;
}
