/* Estimates and intervals from differences within pairs. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define EXACT_PAIRS 100
/* Up to so many the averages are all made, which is quicker. */
#define WALSH_PAIRS 60

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

/* How many averages of sorted values are at most v. */
static size_t count_up_to(const double *sorted, size_t k, double v)
{
	size_t n = 0, end = k; /* those of i and any from end on are above v */

	for (size_t i = 0; i < k; i++) {
		while (end > i && (sorted[i] + sorted[end - 1]) / 2 > v)
			end--;
		if (end <= i)
			break;
		n += end - i;
	}
	return n;
}

/* Doubles in their order as integers in theirs, and back. */
static int64_t to_order(double v)
{
	int64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_order(int64_t order)
{
	int64_t bits = order < 0 ? INT64_MIN - order : order;
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

/* The average of that rank, from 0, by bisection: as many as there are pairs of them would fill the
 * memory. */
static double select_sorted(const double *sorted, size_t k, size_t rank)
{
	int64_t low = to_order(sorted[0]), high = to_order(sorted[k - 1]);

	while (low < high) {
		int64_t mid = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);

		if (count_up_to(sorted, k, from_order(mid)) > rank)
			high = mid;
		else
			low = mid + 1;
	}
	return from_order(low);
}

/* Two order statistics of the averages; k > 0. */
static void select_two(const double *d, size_t k, size_t first, size_t second, double out[2])
{
	size_t m;
	double *w;

	if (k > WALSH_PAIRS) {
		w = xcalloc(k, sizeof(*w));
		memcpy(w, d, k * sizeof(*w));
		stats_sort(w, k);
		out[0] = select_sorted(w, k, first);
		out[1] = select_sorted(w, k, second);
	} else {
		w = walsh_averages(d, k, &m);
		out[0] = stats_select(w, m, first);
		out[1] = stats_select(w, m, second);
	}
	free(w);
}

double stats_hl(const double *d, size_t k)
{
	size_t m = k * (k + 1) / 2;
	double mid[2];

	if (!m)
		return NAN;
	select_two(d, k, (m - 1) / 2, m / 2, mid);
	return (mid[0] + mid[1]) / 2;
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
	size_t m = k * (k + 1) / 2, c = k ? signed_rank_cut(k, (1 - level) / 2) : 0;
	double ends[2];

	if (!c)
		return ci;
	select_two(d, k, c - 1, m - c, ends);
	ci.low = ends[0];
	ci.high = ends[1];
	return ci;
}

double stats_sign_flip(const double *d, size_t k, uint64_t seed)
{
	double p, adjusted;

	stats_max_t(d, k, 1, seed, &p, &adjusted);
	return p;
}
