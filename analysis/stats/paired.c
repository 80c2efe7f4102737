/* Estimates and intervals from differences within pairs. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define EXACT_PAIRS 100

static double *walsh_averages(const double *d, size_t k, size_t *count)
{
	size_t m = k * (k + 1) / 2, at = 0;
	double *w = xcalloc(m + 1, sizeof(*w));

	for (size_t i = 0; i < k; i++)
		for (size_t j = i; j < k; j++)
			w[at++] = (d[i] + d[j]) / 2;
	*count = m;
	return w;
}

double stats_hl(const double *d, size_t k)
{
	size_t m;
	double *w = walsh_averages(d, k, &m);
	double hl = m ? (stats_select(w, m, (m - 1) / 2) + stats_select(w, m, m / 2)) / 2 : NAN;

	free(w);
	return hl;
}

/* share[t] = P(T+ = t), by adding one rank at a time; for the caller to free. */
static double *signed_rank_pmf(size_t k)
{
	size_t max = k * (k + 1) / 2;
	double *share = xcalloc(max + 1, sizeof(*share));

	share[0] = 1;
	for (size_t rank = 1; rank <= k; rank++)
		for (size_t t = rank * (rank + 1) / 2 + 1; t-- > 0;)
			share[t] = (share[t] + (t >= rank ? share[t - rank] : 0)) / 2;
	return share;
}

double stats_signed_rank_cdf(size_t k, size_t t)
{
	double *share = signed_rank_pmf(k), sum = 0;

	for (size_t i = 0; i <= t && i <= k * (k + 1) / 2; i++)
		sum += share[i];
	free(share);
	return sum;
}

/* The largest c with P(T+ < c) <= tail: the interval runs from the c-th Walsh average, from 1. */
static size_t signed_rank_cut(size_t k, double tail)
{
	size_t c = 0;

	if (k > EXACT_PAIRS) {
		double n = (double)k, sd = sqrt(n * (n + 1) * (2 * n + 1) / 24);

		return (size_t)floor(n * (n + 1) / 4 + gsl_cdf_ugaussian_Pinv(tail) * sd);
	}
	double *share = signed_rank_pmf(k), sum = 0;

	/* The tolerance admits 2 / 2^k where the tail is the same number computed otherwise. */
	while (sum + share[c] <= tail * (1 + 1e-9))
		sum += share[c++];
	free(share);
	return c;
}

struct interval stats_signed_rank(const double *d, size_t k, double level)
{
	struct interval ci = {-INFINITY, INFINITY};
	size_t m, c = k ? signed_rank_cut(k, (1 - level) / 2) : 0;
	double *w;

	if (!c)
		return ci;
	w = walsh_averages(d, k, &m);
	ci.low = stats_select(w, m, c - 1);
	ci.high = stats_select(w, m, m - c);
	free(w);
	return ci;
}

double stats_sign_flip(const double *d, size_t k, uint64_t seed)
{
	double p, adjusted;

	stats_max_t(d, k, 1, seed, &p, &adjusted);
	return p;
}
