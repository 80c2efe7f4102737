#include "analysis/stats/stats.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

void rng_seed(struct rng *r, uint64_t seed)
{
	r->state = seed;
}

uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % n, v;

	do {
		v = rng_next(r);
	} while (v >= limit);
	return v % n;
}

double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *r)
{
	double radius = sqrt(-2 * log(1 - rng_unit(r)));

	return radius * cos(2 * M_PI * rng_unit(r));
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), ascending);
}

double stats_select(double *v, size_t n, size_t rank)
{
	return gsl_stats_select(v, 1, n, rank);
}

static double *sorted_copy(const double *v, size_t n)
{
	double *s = xcalloc(n + 1, sizeof(*s));

	if (n)
		memcpy(s, v, n * sizeof(*s));
	stats_sort(s, n);
	return s;
}

double stats_mean(const double *v, size_t n)
{
	return n ? gsl_stats_mean(v, 1, n) : NAN;
}

double stats_sd(const double *v, size_t n)
{
	return n < 2 ? NAN : gsl_stats_sd(v, 1, n);
}

double stats_quantile_sorted(const double *v, size_t n, double q)
{
	return n ? gsl_stats_quantile_from_sorted_data(v, 1, n, q) : NAN;
}

double stats_median(const double *v, size_t n)
{
	double *s = sorted_copy(v, n);
	double m = n ? gsl_stats_median_from_sorted_data(s, 1, n) : NAN;

	free(s);
	return m;
}

double stats_mad(const double *v, size_t n)
{
	double m = stats_median(v, n), mad;
	double *dev = xcalloc(n + 1, sizeof(*dev));

	for (size_t i = 0; i < n; i++)
		dev[i] = fabs(v[i] - m);
	mad = 1.4826 * stats_median(dev, n);
	free(dev);
	return mad;
}

size_t stats_outliers(const double *v, size_t n, bool *mark)
{
	double m = stats_median(v, n), limit = 5 * stats_mad(v, n);
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		/* Where more than half are equal the MAD is 0 and says nothing about the rest. */
		mark[i] = limit > 0 && fabs(v[i] - m) > limit;
		found += mark[i];
	}
	return found;
}
