/* Failures and other things that are counted. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

double stats_fisher(unsigned a, unsigned n1, unsigned b, unsigned n2)
{
	unsigned hits = a + b, all = n1 + n2;
	double here = gsl_ran_hypergeometric_pdf(a, hits, all - hits, n1), p = 0;

	/* R counts tables up to a relative 1e-7 more probable than the one seen. */
	for (unsigned i = 0; i <= hits && i <= n1; i++) {
		double share = gsl_ran_hypergeometric_pdf(i, hits, all - hits, n1);

		if (share <= here * (1 + 1e-7))
			p += share;
	}
	return fmin(p, 1);
}

/*
 * The share at which P(X <= x) of n is p; it falls as the share grows. Bisected, for GSL's inverse
 * of the beta distribution gives up on some arguments.
 */
static double share_at(unsigned x, unsigned n, double p)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (gsl_cdf_binomial_P(x, middle, n) > p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

struct interval stats_binomial(unsigned x, unsigned n, double level)
{
	double tail = (1 - level) / 2;
	struct interval ci = {0, 1};

	if (x > 0)
		ci.low = share_at(x - 1, n, 1 - tail);
	if (x < n)
		ci.high = share_at(x, n, tail);
	return ci;
}

/* How many values to leave out at each end: the binomial(n, 1/2) tail up to there is <= 2.5 %. */
struct interval stats_median_interval(const double *v, size_t n)
{
	double term = pow(0.5, (double)n), tail = term, *sorted;
	struct interval ci = {NAN, NAN};
	size_t k = 0;

	while (tail <= 0.025 && k < n / 2) {
		term *= (double)(n - k) / (double)(k + 1);
		tail += term;
		k++;
	}
	if (!k)
		return ci;
	sorted = xcalloc(n, sizeof(*sorted));
	memcpy(sorted, v, n * sizeof(*sorted));
	stats_sort(sorted, n);
	ci = (struct interval){sorted[k - 1], sorted[n - k]};
	free(sorted);
	return ci;
}

struct spread values_spread(const struct values *v)
{
	struct interval ci = stats_median_interval(v->v, v->n);

	return (struct spread){stats_median(v->v, v->n), ci.low, ci.high};
}

void values_release(struct values *v)
{
	free(v->v);
	*v = (struct values){0};
}

double stats_sign_test(unsigned above, unsigned n)
{
	return above ? gsl_cdf_binomial_Q(above - 1, 0.5, n) : 1;
}
