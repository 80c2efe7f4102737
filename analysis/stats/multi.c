/* Permutation tests of many columns at once, and what their number does to p. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/permutation.h"
#include "analysis/stats/stats.h"
#include "lib/str.h"

/* From so many rows on those of a factor stand for them, where there are fewer. */
#define MANY_ROWS 100

void stats_max_t(const double *d, size_t k, size_t m, uint64_t seed, double *p, double *p_adjusted)
{
	struct permutation t;
	bool all;

	permutation_init(&t, k, m);
	for (size_t i = 0; i < k * m; i++)
		t.x[i] = isnan(d[i]) ? 0 : d[i];
	permutation_scale(&t, k);
	permutation_sum(&t, NULL, k);
	permutation_observe(&t);
	all = permutation_flip(&t, k, p_adjusted ? RANDOM_ROUNDS : FEW_ROUNDS, seed);
	permutation_finish(&t, all, p, p_adjusted);
	permutation_release(&t);
}

void stats_max_t2(const double *v, const bool *second, size_t n, size_t m, uint64_t seed, double *p,
		  double *p_adjusted)
{
	struct permutation t;
	bool all;

	permutation_init(&t, n, m);
	for (size_t j = 0; j < m; j++)
		permutation_centre(&t, v, n, j, NULL, false);
	permutation_scale(&t, n);
	permutation_sum(&t, second, n);
	permutation_observe(&t);
	all = permutation_choose(&t, second, n, p_adjusted ? RANDOM_ROUNDS : FEW_ROUNDS, seed);
	permutation_finish(&t, all, p, p_adjusted);
	permutation_release(&t);
}

/* --- critical values --- */

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* What the data must exceed for p <= alpha, they themselves being one of the resamplings. */
static double critical(struct permutation *t, bool all, double alpha)
{
	double others = floor(alpha * ((double)t->rounds + !all) * (1 + 1e-9)) - 1;

	qsort(t->max, t->rounds, sizeof(*t->max), descending);
	return others < 0 ? INFINITY : t->max[(size_t)others];
}

/* On each group's own mean, or on that of all. */
static void centre_groups(struct permutation *t, const double *d, const bool *second, size_t n)
{
	for (size_t j = 0; j < t->m; j++) {
		permutation_centre(t, d, n, j, second, false);
		if (second)
			permutation_centre(t, d, n, j, second, true);
	}
}

static double critical_by(unsigned rounds, const double *d, const bool *second, size_t n, size_t m,
			  double alpha, uint64_t seed)
{
	struct permutation t;
	double c;
	bool all;

	if (!n || !m)
		return INFINITY;
	permutation_init(&t, n, m);
	centre_groups(&t, d, second, n);
	permutation_scale(&t, n);
	if (!second)
		permutation_sum(&t, NULL, n);
	t.max = xcalloc(4096, sizeof(*t.max));
	all = second ? permutation_choose(&t, second, n, rounds, seed)
		     : permutation_flip(&t, n, rounds, seed);
	c = critical(&t, all, alpha);
	permutation_release(&t);
	return c;
}

double stats_critical(const double *d, const bool *second, size_t n, size_t m, double alpha,
		      uint64_t seed)
{
	return critical_by(FEW_ROUNDS, d, second, n, m, alpha, seed);
}

/*
 * Fewer rows with the same sums of squares and products (R of X = QR): with normal weights they add
 * up to the same distribution. How many there are then; up to MANY_ROWS nothing is changed.
 */
static size_t shrink(double *x, size_t n, size_t m)
{
	gsl_matrix_view all = gsl_matrix_view_array(x, n, m);
	gsl_vector_view tau;
	double *own;

	if (n <= MANY_ROWS || n <= m)
		return n;
	own = xcalloc(m, sizeof(*own));
	tau = gsl_vector_view_array(own, m);
	gsl_linalg_QR_decomp(&all.matrix, &tau.vector);
	free(own);
	for (size_t i = 1; i < m; i++)
		memset(&x[i * m], 0, i * sizeof(*x));
	return m;
}

void stats_criticals(const double *d, const bool *second, size_t n, size_t m, double alpha,
		     uint64_t seed, double *c, size_t draws)
{
	double *again = xcalloc(n * m + 1, sizeof(*again));
	size_t rows;
	struct permutation t;
	struct rng rng;

	rng_seed(&rng, seed);
	permutation_init(&t, n, m);
	centre_groups(&t, d, second, n);
	rows = m ? shrink(t.x, n, m) : n;
	for (size_t i = 0; i < draws; i++) {
		for (size_t row = 0; row < n; row++) {
			double *out = &again[row * m];

			for (size_t j = 0; j < m; j++)
				out[j] = isnan(d[row * m + j]) ? NAN : 0;
			for (size_t from = 0; from < rows; from++) {
				double weight = rng_normal(&rng);

				for (size_t j = 0; j < m; j++)
					out[j] += weight * t.x[from * m + j];
			}
		}
		c[i] = critical_by(FEWER_ROUNDS, again, second, n, m, alpha, seed + i);
	}
	permutation_release(&t);
	free(again);
}

double stats_half_width(double c, double squares, double h)
{
	if (squares == 0 && !isinf(c))
		return 0;
	return c * c < h ? c * sqrt(squares / (h * (h - c * c))) : INFINITY;
}

double stats_level_of(double c, double h, double df)
{
	if (!(c * c < h) || !(df > 0))
		return 0;
	return 2 * gsl_cdf_tdist_Q(c * sqrt(df / (h - c * c)), df);
}

double stats_critical_of(double level, double h, double df)
{
	double t = level > 0 && df > 0 ? gsl_cdf_tdist_Qinv(level / 2, df) : INFINITY;

	return isinf(t) ? INFINITY : t * sqrt(h / (df + t * t));
}

void stats_bh(const double *p, size_t m, double *p_adjusted)
{
	size_t *order = xcalloc(m + 1, sizeof(*order));
	double least = 1;

	gsl_sort_index(order, p, 1, m);
	for (size_t rank = m; rank > 0; rank--) {
		double q = p[order[rank - 1]] * (double)m / (double)rank;

		if (q < least)
			least = q;
		p_adjusted[order[rank - 1]] = least;
	}
	free(order);
}

void stats_holm(const double *p, size_t m, double *p_adjusted)
{
	size_t *order = xcalloc(m + 1, sizeof(*order));
	double most = 0;

	gsl_sort_index(order, p, 1, m);
	for (size_t rank = 0; rank < m; rank++) {
		most = fmax(most, fmin(1, p[order[rank]] * (double)(m - rank)));
		p_adjusted[order[rank]] = most;
	}
	free(order);
}
