/* Permutation tests of many columns at once, and what their number does to p. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define EXACT_FLIPS 20
#define EXACT_CHOICES 200000
#define RANDOM_ROUNDS 99999
/* Where only each column's own p is wanted, or a quantile of the maximum: far in the tail nothing
 * is. */
#define FEW_ROUNDS 9999
/* And where only how much such a quantile varies is. */
#define FEWER_ROUNDS 999
/* From so many rows on those of a factor stand for them, where there are fewer. */
#define MANY_ROWS 100
/* Sums of the same numbers in another order differ by rounding; statistics lie in 0..sqrt(rows). */
#define TIE 1e-9

/*
 * A permutation test in progress. A resampling changes `sum` of each column; the statistic is
 * |sum| * scale, whatever the test.
 */
struct test {
	size_t m;
	double *x; /* rows x m, 0 where there is no value */
	double *sum, *scale;
	double *observed;      /* statistics of the data as they are */
	size_t *order;	       /* columns by observed statistic, greatest first */
	double *alone, *joint; /* resamplings at least as extreme */
	double *max;	       /* the greatest statistic of each resampling, or NULL: not wanted */
	size_t rounds;
};

static void test_init(struct test *t, size_t rows, size_t m)
{
	*t = (struct test){.m = m};
	t->x = xcalloc(rows * m + 1, sizeof(double));
	t->sum = xcalloc(m + 1, sizeof(double));
	t->scale = xcalloc(m + 1, sizeof(double));
	t->observed = xcalloc(m + 1, sizeof(double));
	t->alone = xcalloc(m + 1, sizeof(double));
	t->joint = xcalloc(m + 1, sizeof(double));
	t->order = xcalloc(m + 1, sizeof(size_t));
}

static void test_release(struct test *t)
{
	free(t->x);
	free(t->sum);
	free(t->scale);
	free(t->observed);
	free(t->alone);
	free(t->joint);
	free(t->order);
	free(t->max);
}

static void test_observe(struct test *t)
{
	for (size_t j = 0; j < t->m; j++) {
		size_t at = j;

		t->observed[j] = fabs(t->sum[j]) * t->scale[j];
		for (; at > 0 && t->observed[t->order[at - 1]] < t->observed[j]; at--)
			t->order[at] = t->order[at - 1];
		t->order[at] = j;
	}
}

/* Counts one resampling; joint counts are kept at the first column that the maximum reaches. */
static void test_count(struct test *t)
{
	double max = 0;
	size_t at = 0;

	if (t->max && t->rounds % 4096 == 0)
		t->max = xrealloc(t->max, (t->rounds + 4096) * sizeof(*t->max));
	for (size_t j = 0; j < t->m; j++) {
		double s = fabs(t->sum[j]) * t->scale[j];

		t->alone[j] += s >= t->observed[j] - TIE;
		if (s > max)
			max = s;
	}
	while (at < t->m && t->observed[t->order[at]] - TIE > max)
		at++;
	if (at < t->m)
		t->joint[at]++;
	if (t->max)
		t->max[t->rounds] = max;
	t->rounds++;
}

/* extra: 1 for random resamplings, to which the data themselves are added; 0 for all of them. */
static void test_finish(struct test *t, double extra, double *p, double *p_adjusted)
{
	double reached = 0;

	for (size_t at = 0; at < t->m; at++) {
		size_t j = t->order[at];

		reached += t->joint[at];
		p[j] = (t->alone[j] + extra) / ((double)t->rounds + extra);
		if (p_adjusted)
			p_adjusted[j] = (reached + extra) / ((double)t->rounds + extra);
	}
}

static void flip(struct test *t, size_t row, double sign)
{
	for (size_t j = 0; j < t->m; j++)
		t->sum[j] += 2 * sign * t->x[row * t->m + j];
}

/* All flips in Gray-code order, one sign a step; the last sign stays, for |sum| knows no sign. */
static void all_flips(struct test *t, size_t k)
{
	uint64_t n = k ? UINT64_C(1) << (k - 1) : 1;
	uint64_t negative = 0;

	test_count(t);
	for (uint64_t i = 1; i < n; i++) {
		size_t row = (size_t)__builtin_ctzll(i);

		negative ^= UINT64_C(1) << row;
		flip(t, row, negative >> row & 1 ? -1 : 1);
		test_count(t);
	}
}

/* STEP rows are taken at once, so that a flip of all takes an addition a step rather than a row,
 * and BLOCK rounds at a time, so that what a step adds is at hand for them. */
#define STEP 4
#define CHOICES (1u << STEP)
#define STEPS_A_WORD (64 / STEP)
#define BLOCK 256u

static void add_to(double *sum, const double *v, size_t m)
{
	for (size_t j = 0; j < m; j++)
		sum[j] += v[j];
}

/* The sums of rows from i on under each choice of their signs; a bit that is set is negative. */
static void signed_sums(const struct test *t, size_t k, size_t i, double *sums)
{
	size_t end = i + STEP < k ? i + STEP : k, m = t->m;

	memset(sums, 0, CHOICES * m * sizeof(*sums));
	for (size_t bit = 0; i + bit < end; bit++)
		for (size_t choice = 0; choice < CHOICES; choice++)
			for (size_t j = 0; j < m; j++)
				sums[choice * m + j] += choice >> bit & 1 ? -t->x[(i + bit) * m + j]
									  : t->x[(i + bit) * m + j];
}

static void random_flips(struct test *t, size_t k, unsigned rounds, uint64_t seed)
{
	size_t m = t->m, words = (k + 63) / 64;
	double *add = xcalloc(CHOICES * m + 1, sizeof(*add)), *own = t->sum;
	double *sums = xcalloc(BLOCK * m + 1, sizeof(*sums));
	uint64_t *signs = xcalloc(BLOCK * words + 1, sizeof(*signs));
	struct rng rng;

	rng_seed(&rng, seed);
	for (unsigned done = 0; done < rounds; done += BLOCK) {
		size_t block = rounds - done < BLOCK ? rounds - done : BLOCK;

		memset(sums, 0, block * m * sizeof(*sums));
		for (size_t i = 0; i < block * words; i++)
			signs[i] = rng_next(&rng);
		for (size_t step = 0; step * STEP < k; step++) {
			const uint64_t *word = &signs[step / STEPS_A_WORD];
			size_t shift = step % STEPS_A_WORD * STEP;

			signed_sums(t, k, step * STEP, add);
			for (size_t i = 0; i < block; i++, word += words)
				add_to(&sums[i * m], &add[(*word >> shift) % CHOICES * m], m);
		}
		for (size_t i = 0; i < block; i++) {
			t->sum = &sums[i * m];
			test_count(t);
		}
	}
	t->sum = own;
	free(add);
	free(sums);
	free(signs);
}

/* Whether all of so many resamplings are made rather than `rounds` random ones. */
static bool all_of(double resamplings, unsigned rounds)
{
	return rounds == RANDOM_ROUNDS ? resamplings <= pow(2, EXACT_FLIPS - 1)
				       : resamplings <= 2. * rounds;
}

static bool flip_rows(struct test *t, size_t k, unsigned rounds, uint64_t seed)
{
	bool all = all_of(pow(2, (double)k - 1), rounds);

	if (all)
		all_flips(t, k);
	else
		random_flips(t, k, rounds, seed);
	return all;
}

void stats_max_t(const double *d, size_t k, size_t m, uint64_t seed, double *p, double *p_adjusted)
{
	struct test t;
	bool all;

	test_init(&t, k, m);
	for (size_t j = 0; j < m; j++) {
		double squares = 0;

		for (size_t i = 0; i < k; i++) {
			double v = d[i * m + j];

			t.x[i * m + j] = isnan(v) ? 0 : v;
			t.sum[j] += t.x[i * m + j];
			squares += t.x[i * m + j] * t.x[i * m + j];
		}
		t.scale[j] = squares > 0 ? 1 / sqrt(squares) : 0;
	}
	test_observe(&t);
	all = flip_rows(&t, k, p_adjusted ? RANDOM_ROUNDS : FEW_ROUNDS, seed);
	test_finish(&t, all ? 0 : 1, p, p_adjusted);
	test_release(&t);
}

/* sum[j] becomes the second group's sum of centred values, for the group that `chosen` names. */
static void count_choice(struct test *t, const size_t *chosen, size_t n)
{
	memset(t->sum, 0, t->m * sizeof(*t->sum));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < t->m; j++)
			t->sum[j] += t->x[chosen[i] * t->m + j];
	test_count(t);
}

/* The next choice of r out of n in lexical order, or false after the last. */
static bool next_choice(size_t *chosen, size_t r, size_t n)
{
	size_t i = r;

	while (i > 0 && chosen[i - 1] == n - r + i - 1)
		i--;
	if (i == 0)
		return false;
	chosen[i - 1]++;
	for (; i < r; i++)
		chosen[i] = chosen[i - 1] + 1;
	return true;
}

static void random_choices(struct test *t, size_t r, size_t n, unsigned rounds, uint64_t seed)
{
	size_t *order = xcalloc(n + 1, sizeof(*order));
	struct rng rng;

	rng_seed(&rng, seed);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < r; i++) {
			size_t with = i + (size_t)rng_below(&rng, n - i), keep = order[i];

			order[i] = order[with];
			order[with] = keep;
		}
		count_choice(t, order, r);
	}
	free(order);
}

/*
 * Centres the values of those rows whose `second` is `of` (NULL: of all) on their mean. A value
 * that is missing becomes the mean and carries no weight.
 */
static void centre(struct test *t, const double *v, size_t n, size_t j, const bool *second, bool of)
{
	double mean = 0;
	size_t have = 0;

	for (size_t i = 0; i < n; i++) {
		if (isnan(v[i * t->m + j]) || (second && second[i] != of))
			continue;
		mean += v[i * t->m + j];
		have++;
	}
	mean /= have ? (double)have : 1;
	for (size_t i = 0; i < n; i++) {
		double c = isnan(v[i * t->m + j]) ? 0 : v[i * t->m + j] - mean;

		if (second && second[i] != of)
			continue;
		/* Equal values must centre to nothing, not to rounding. */
		t->x[i * t->m + j] = fabs(c) <= 1e-12 * fabs(mean) ? 0 : c;
	}
}

static void set_scales(struct test *t, size_t n)
{
	for (size_t j = 0; j < t->m; j++) {
		double squares = 0;

		for (size_t i = 0; i < n; i++)
			squares += t->x[i * t->m + j] * t->x[i * t->m + j];
		t->scale[j] = squares > 0 ? 1 / sqrt(squares) : 0;
	}
}

/* All ways to choose the second group, or random ones; sums are of centred columns, so that the
 * groups' difference of means is a constant times the second group's sum. */
static bool choose_rows(struct test *t, const bool *second, size_t n, unsigned rounds,
			uint64_t seed)
{
	size_t *chosen = xcalloc(n + 1, sizeof(*chosen)), r = 0;
	bool all;

	for (size_t i = 0; i < n; i++)
		r += second[i];
	all = exp(gsl_sf_lnchoose((unsigned)n, (unsigned)r)) <=
	      (rounds == RANDOM_ROUNDS ? EXACT_CHOICES : 2. * rounds);
	if (all) {
		for (size_t i = 0; i < r; i++)
			chosen[i] = i;
		do {
			count_choice(t, chosen, r);
		} while (next_choice(chosen, r, n));
	} else {
		random_choices(t, r, n, rounds, seed);
	}
	free(chosen);
	return all;
}

void stats_max_t2(const double *v, const bool *second, size_t n, size_t m, uint64_t seed, double *p,
		  double *p_adjusted)
{
	struct test t;
	bool all;

	test_init(&t, n, m);
	for (size_t j = 0; j < m; j++)
		centre(&t, v, n, j, NULL, false);
	set_scales(&t, n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; second[i] && j < m; j++)
			t.sum[j] += t.x[i * m + j];
	test_observe(&t);
	all = choose_rows(&t, second, n, p_adjusted ? RANDOM_ROUNDS : FEW_ROUNDS, seed);
	test_finish(&t, all ? 0 : 1, p, p_adjusted);
	test_release(&t);
}

/* --- critical values --- */

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* What the data must exceed for p <= alpha, they themselves being one of the resamplings. */
static double critical(struct test *t, bool all, double alpha)
{
	double others = floor(alpha * ((double)t->rounds + !all) * (1 + 1e-9)) - 1;

	qsort(t->max, t->rounds, sizeof(*t->max), descending);
	return others < 0 ? INFINITY : t->max[(size_t)others];
}

static double critical_by(unsigned rounds, const double *d, const bool *second, size_t n, size_t m,
			  double alpha, uint64_t seed)
{
	struct test t;
	double c;
	bool all;

	if (!n || !m)
		return INFINITY;
	test_init(&t, n, m);
	for (size_t j = 0; j < m; j++) {
		centre(&t, d, n, j, second, false);
		if (second)
			centre(&t, d, n, j, second, true);
	}
	set_scales(&t, n);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; !second && j < m; j++)
			t.sum[j] += t.x[i * m + j];
	t.max = xcalloc(4096, sizeof(*t.max));
	all = second ? choose_rows(&t, second, n, rounds, seed) : flip_rows(&t, n, rounds, seed);
	c = critical(&t, all, alpha);
	test_release(&t);
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
	struct test t;
	struct rng rng;

	rng_seed(&rng, seed);
	test_init(&t, n, m);
	for (size_t j = 0; j < m; j++) {
		centre(&t, d, n, j, second, false);
		if (second)
			centre(&t, d, n, j, second, true);
	}
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
	test_release(&t);
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
