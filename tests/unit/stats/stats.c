/* Estimates, intervals and tests against published tables and hand-worked values. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"
#include "tests/unit/near.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/*
 * Hamilton depression scale before and after treatment: Hollander, Wolfe, Chicken, table 3.1; also
 * the example of R's wilcox.test.
 */
static const double depression[] = {0.878 - 1.83, 0.647 - 0.50, 0.598 - 1.62,
				    2.05 - 2.48,  1.06 - 1.68,	1.29 - 1.88,
				    1.06 - 1.55,  3.14 - 3.06,	1.29 - 1.30};

/* Darwin's maize, crossed less self-fertilised, eighths of an inch: Fisher, The Design of
 * Experiments, 1935, section 17 and 21. */
static const double darwin[] = {49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48};

/* Permeability of the amnion at term and at 12 to 26 weeks: HWC table 4.1, also in ?wilcox.test. */
static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
static const double weeks[] = {1.15, 0.88, 0.90, 0.74, 1.21};

static void test_one_sample(void **state)
{
	const double v[] = {9, 1, 4, 2}, sorted[] = {1, 2, 3, 4};
	const double far[] = {10, 11, 10.5, 9.5, 10.2, 60};
	bool mark[COUNT(far)];

	(void)state;
	NEAR(stats_median(v, 4), 3, 1e-12);
	NEAR(stats_median(v, 3), 4, 1e-12);
	assert_true(isnan(stats_median(v, 0)));
	NEAR(stats_mean(v, 4), 4, 1e-12);
	NEAR(stats_sd(v, 4), sqrt(38. / 3), 1e-12);
	assert_true(isnan(stats_sd(v, 1)));
	/* quantile(1:4, c(.25, .9)) of R is 1.75 and 3.7. */
	NEAR(stats_quantile_sorted(sorted, 4, 0.25), 1.75, 1e-12);
	NEAR(stats_quantile_sorted(sorted, 4, 0.9), 3.7, 1e-12);
	/* mad(c(1, 2, 3, 4)) of R. */
	NEAR(stats_mad(sorted, 4), 1.4826, 1e-12);
	assert_int_equal(stats_outliers(far, COUNT(far), mark), 1);
	assert_true(mark[5]);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of many pairs the averages are not all made: what is found is what sorting them all finds, to the
 * last bit. */
static void test_all_averages(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (size_t k = 55; k < 400; k += 23) {
		double *d = xcalloc(k, sizeof(*d)), *w = xcalloc(k * (k + 1) / 2, sizeof(*w));
		size_t m = 0;

		/* with ties, zeros and both signs */
		for (size_t i = 0; i < k; i++)
			d[i] = i % 7 ? 0.01 * rng_normal(&rng) : (double)(i % 3) - 1;
		for (size_t i = 0; i < k; i++)
			for (size_t j = i; j < k; j++)
				w[m++] = (d[i] + d[j]) / 2;
		stats_sort(w, m);
		assert_true(stats_hl(d, k) == (w[(m - 1) / 2] + w[m / 2]) / 2);
		/* the ends of an interval are averages too */
		for (double level = 0.5; level < 1; level += 0.24) {
			struct interval ci = stats_signed_rank(d, k, level);
			double *low = bsearch(&ci.low, w, m, sizeof(*w), by_value);
			double *high = bsearch(&ci.high, w, m, sizeof(*w), by_value);

			assert_non_null(low);
			assert_non_null(high);
		}
		free(w);
		free(d);
	}
}

static void test_signed_rank_table(void **state)
{
	(void)state;
	/* HWC table A.4: P(T+ >= 40) = P(T+ <= 5) at n = 9 is .020; R: psignrank(5, 9). */
	NEAR(stats_signed_rank_cdf(9, 5), 0.01953125, 1e-12);
	/* Wilcoxon's critical values, two-sided .05: 0 at n = 6, 2 at 7, 8 at 10, 52 at 20. */
	NEAR(stats_signed_rank_cdf(6, 0), 1. / 64, 1e-12);
	assert_true(stats_signed_rank_cdf(7, 2) <= 0.025 && stats_signed_rank_cdf(7, 3) > 0.025);
	assert_true(stats_signed_rank_cdf(10, 8) <= 0.025 && stats_signed_rank_cdf(10, 9) > 0.025);
	assert_true(stats_signed_rank_cdf(20, 52) <= 0.025 &&
		    stats_signed_rank_cdf(20, 53) > 0.025);
}

static void test_paired(void **state)
{
	const double three[] = {1, 2, 4}, even[] = {5, 5, 5, 5, 5, 5};
	struct interval ci;

	(void)state;
	/* Walsh averages 1, 1.5, 2, 2.5, 3, 4. */
	NEAR(stats_hl(three, 3), 2.25, 1e-12);
	/* HWC examples 3.3 and 3.5: -.46, and (-.786, -.010) at 1 - .039. */
	NEAR(stats_hl(depression, 9), -0.46, 1e-9);
	ci = stats_signed_rank(depression, 9, 0.95);
	NEAR(ci.low, -0.786, 1e-9);
	NEAR(ci.high, -0.010, 1e-9);
	/* Ties everywhere: the interval is that one value. */
	ci = stats_signed_rank(even, 6, 0.95);
	NEAR(ci.low, 5, 0);
	NEAR(ci.high, 5, 0);
	/* Five pairs give no 95 % interval, but one of 90 %: the extremes. */
	ci = stats_signed_rank(depression, 5, 0.95);
	assert_true(isinf(ci.low) && isinf(ci.high));
	ci = stats_signed_rank(three, 3, 0.75);
	NEAR(ci.low, 1, 0);
	NEAR(ci.high, 4, 0);
}

/* The approximation for many pairs must meet the exact interval where it takes over. */
static void test_many_pairs(void **state)
{
	double d[101];
	struct rng rng;
	struct interval exact, normal;

	(void)state;
	rng_seed(&rng, 7);
	for (size_t i = 0; i < COUNT(d); i++)
		d[i] = rng_normal(&rng);
	exact = stats_signed_rank(d, 100, 0.95);
	normal = stats_signed_rank(d, 101, 0.95);
	NEAR(exact.low, normal.low, 0.02);
	NEAR(exact.high, normal.high, 0.02);
}

static void test_sign_flip(void **state)
{
	const double six[] = {1, 1, 1, 1, 1, 1}, none[] = {0, 0, 0}, small[] = {1, 2, -0.5};
	double many[24];

	(void)state;
	/* Fisher counts 863 of the 32768 sums at 314 or above in one tail: section 21. */
	NEAR(stats_sign_flip(darwin, COUNT(darwin), 1), 1726. / 32768, 1e-12);
	NEAR(stats_sign_flip(six, 6, 1), 2. / 64, 1e-12);
	NEAR(stats_sign_flip(six, 5, 1), 2. / 32, 1e-12);
	NEAR(stats_sign_flip(none, 3, 1), 1, 0);
	NEAR(stats_sign_flip(none, 0, 1), 1, 0);
	/* |sum| 2.5; of 3.5, 2.5, -0.5, 0.5 and their mirrors 3.5 and 2.5 reach it: 4 / 8. */
	NEAR(stats_sign_flip(small, 3, 1), 0.5, 1e-12);
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = darwin[i % COUNT(darwin)];
	/* Beyond 20 pairs: never 0, and the same for the same seed. */
	assert_true(stats_sign_flip(many, COUNT(many), 5) >= 1e-5);
	NEAR(stats_sign_flip(many, COUNT(many), 5), stats_sign_flip(many, COUNT(many), 5), 0);
	/* Its z is 406 / sqrt(sum of squares): the normal value is near. */
	double squares = 0, sum = 0;

	for (size_t i = 0; i < COUNT(many); i++) {
		squares += many[i] * many[i];
		sum += many[i];
	}
	NEAR(stats_sign_flip(many, COUNT(many), 5), erfc(sum / sqrt(squares) / sqrt(2)), 0.01);
}

static void test_two_groups(void **state)
{
	const double low[] = {1, 2, 3}, high[] = {4, 5, 6}, all[] = {1, 2, 3, 4, 5, 6};
	const bool second[] = {false, false, false, true, true, true};
	struct interval ci;
	double p, adjusted;

	(void)state;
	/* HWC example 4.3 and 4.4: Delta is -.305, and (-.76, .15) at 1 - .04. */
	NEAR(stats_hl2(term, 10, weeks, 5), -0.305, 1e-9);
	ci = stats_rank_sum(term, 10, weeks, 5, 0.95);
	NEAR(ci.low, -0.76, 1e-9);
	NEAR(ci.high, 0.15, 1e-9);
	/* ?wilcox.test: W = 35, one-sided p = 0.1272; by symmetry P(U <= 15). */
	NEAR(stats_rank_sum_cdf(10, 5, 15), 0.1272, 5e-5);
	/* Mann and Whitney's table, two-sided .05: 2 at 5 and 5, 23 at 10 and 10. */
	assert_true(stats_rank_sum_cdf(5, 5, 2) <= 0.025 && stats_rank_sum_cdf(5, 5, 3) > 0.025);
	assert_true(stats_rank_sum_cdf(10, 10, 23) <= 0.025 &&
		    stats_rank_sum_cdf(10, 10, 24) > 0.025);
	/* 2 of choose(6, 3) = 20 splits are as far apart. */
	stats_max_t2(all, second, 6, 1, 1, &p, &adjusted);
	NEAR(p, 0.1, 1e-12);
	NEAR(stats_hl2(low, 3, high, 3), 3, 0);
}

static void test_counts(void **state)
{
	struct interval ci;

	(void)state;
	/* Fisher's tea and twins (?fisher.test): p = 0.4857 and 0.0005367. */
	NEAR(stats_fisher(3, 4, 1, 4), 0.4857143, 1e-6);
	NEAR(stats_fisher(2, 17, 10, 13), 0.0005367, 5e-8);
	NEAR(stats_fisher(0, 10, 0, 10), 1, 1e-12);
	/* ?binom.test: 682 of 925, 0.7076683 to 0.7654066. */
	ci = stats_binomial(682, 925, 0.95);
	NEAR(ci.low, 0.7076683, 1e-7);
	NEAR(ci.high, 0.7654066, 1e-7);
	/* The rule of three, exactly: 1 - .025^(1/200). */
	ci = stats_binomial(0, 200, 0.95);
	NEAR(ci.low, 0, 0);
	NEAR(ci.high, 1 - pow(0.025, 1. / 200), 1e-9);
}

static void test_random(void **state)
{
	struct rng a, b;
	double sum = 0, squares = 0;

	(void)state;
	/* The first outputs of splitmix64 from 1234567:
	 * rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64. */
	rng_seed(&a, 1234567);
	assert_true(rng_next(&a) == UINT64_C(6457827717110365317));
	assert_true(rng_next(&a) == UINT64_C(3203168211198807973));
	rng_seed(&a, 3);
	rng_seed(&b, 3);
	for (int i = 0; i < 20000; i++) {
		double v = rng_normal(&a);

		sum += v;
		squares += v * v;
		assert_true(rng_below(&b, 7) < 7);
	}
	NEAR(sum / 20000, 0, 0.03);
	NEAR(squares / 20000, 1, 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_sample),   cmocka_unit_test(test_signed_rank_table),
		cmocka_unit_test(test_all_averages), cmocka_unit_test(test_paired),
		cmocka_unit_test(test_many_pairs),   cmocka_unit_test(test_sign_flip),
		cmocka_unit_test(test_two_groups),   cmocka_unit_test(test_counts),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
