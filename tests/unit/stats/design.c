/* Many comparisons, the design of an experiment, scaling laws; and what chance alone brings. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/stats/stats.h"
#include "tests/unit/near.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void test_max_t(void **state)
{
	/* Column 0 never changes sign, column 1 is its double, column 2 is 0, column 3 lacks a
	 * pair. */
	const double d[] = {1, 2, 0, 3,	 1, 2, 0, -1, 1, 2, 0, NAN,
			    1, 2, 0, -2, 1, 2, 0, 1,  1, 2, 0, -1};
	const double two[] = {1, -1, 1, 1, 1, 1, 1, 1};
	double p[4], adjusted[4];

	(void)state;
	stats_max_t(d, 6, 4, 1, p, adjusted);
	NEAR(p[0], 2. / 64, 1e-12);
	NEAR(p[1], 2. / 64, 1e-12);
	NEAR(p[2], 1, 0);
	NEAR(adjusted[0], 2. / 64, 1e-12);
	NEAR(adjusted[1], 2. / 64, 1e-12);
	NEAR(adjusted[2], 1, 0);
	assert_true(p[3] > 0.5 && adjusted[3] >= p[3] && adjusted[3] <= 1);
	/* Two columns of 4 rows by hand: |sum| of column 0 is 4 in 2 of 16 flips, of column 1 in 2
	 * others, so that the greater is 4 in 4 of 16; and never is it below column 1's own 2. */
	stats_max_t(two, 4, 2, 1, p, adjusted);
	NEAR(p[0], 2. / 16, 1e-12);
	NEAR(adjusted[0], 4. / 16, 1e-12);
	NEAR(p[1], 10. / 16, 1e-12);
	NEAR(adjusted[1], 1, 1e-12);
}

static void test_max_t2(void **state)
{
	/* One column that parts the groups, one that is constant, one that says nothing. */
	const double v[] = {1, 7.3, 1, 2, 7.3, 6, 3, 7.3, 2, 4, 7.3, 5, 5, 7.3, 3, 6, 7.3, 4};
	const bool second[] = {false, false, false, true, true, true};
	double p[3], adjusted[3];

	(void)state;
	stats_max_t2(v, second, 6, 3, 1, p, adjusted);
	NEAR(p[0], 0.1, 1e-12);
	NEAR(p[1], 1, 0);
	assert_true(adjusted[0] >= p[0] && adjusted[0] <= 0.2 + 1e-12);
	assert_true(p[2] > 0.5);
}

static void test_random_rounds(void **state)
{
	/* 24 boots of one value, 24 of another: as extreme as can be, and p is never 0. */
	double v[48], p, adjusted;
	bool second[48];

	(void)state;
	for (size_t i = 0; i < 48; i++) {
		second[i] = i % 2;
		v[i] = second[i] ? 2 : 1;
	}
	stats_max_t2(v, second, 48, 1, 9, &p, &adjusted);
	NEAR(p, 1e-5, 1e-12);
}

static void test_bh(void **state)
{
	/* Benjamini and Hochberg 1995, section 3.2: at q = .05 the first four are rejected. */
	const double p[] = {0.3240, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298,
			    0.0344, 0.0459, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
	double q[COUNT(p)];
	size_t rejected = 0;

	(void)state;
	stats_bh(p, COUNT(p), q);
	for (size_t i = 0; i < COUNT(p); i++)
		rejected += q[i] <= 0.05;
	assert_int_equal(rejected, 4);
	NEAR(q[4], 0.0095 * 15 / 4, 1e-12);
	NEAR(q[1], 0.0015, 1e-12);
	NEAR(q[14], 1, 0);
}

/* The published smallest effects of one test are what drawing experiments of its rule comes to. */
static void test_seen(void **state)
{
	const struct {
		size_t pairs;
		double effect;
	} published[] = {{6, 1.43}, {10, 0.99}, {20, 0.66}};
	enum { VALUES = 4000 };
	double *y = calloc(VALUES, sizeof(*y));
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (size_t i = 0; i < VALUES; i++)
		y[i] = rng_normal(&rng);
	for (size_t i = 0; i < COUNT(published); i++) {
		size_t k = published[i].pairs;
		double c = stats_critical_of(0.05, (double)k, (double)k - 1), seen;

		NEAR(stats_level_of(c, (double)k, (double)k - 1), 0.05, 1e-9);
		seen = stats_seen(NULL, 0, y, VALUES, k, &c, 1, 0, 1);
		NEAR(seen, published[i].effect, 0.1 * published[i].effect);
		assert_true(
			isinf(stats_seen(NULL, 0, y, VALUES, k, (double[]){INFINITY}, 1, 0, 1)));
		assert_true(stats_seen(NULL, 0, y, VALUES, k, &c, 1, 9, 1) > 9);
		/* Each of 30 tests has less, and so needs more. */
		assert_true(stats_seen(NULL, 0, y, VALUES, k,
				       (double[]){stats_critical_of(0.05 / 30, (double)k,
								    (double)k - 1)},
				       1, 0, 1) > 1.4 * seen);
		if (k > 6)
			NEAR(stats_plan(NULL, 0, y, VALUES, 0.05, 0.05, seen, 1000), (double)k, 3);
	}
	/* 2 / 64 is what six pairs can reach, and they need more for it. */
	assert_true(stats_plan(NULL, 0, y, VALUES, 0.05, 0.05, 1.43, 1000) > 6);
	assert_int_equal(stats_plan(NULL, 0, y, VALUES, 0.05, 0.05, 0.0001, 50), 50);
	assert_true(isnan(stats_seen(NULL, 0, y, 1, 0, (double[]){1}, 1, 0, 1)));
	free(y);
}

/* Where nothing differs, some column's statistic exceeds the critical value in 5 % of experiments.
 */
static void test_critical(void **state)
{
	enum { RUNS = 400, COLUMNS = 12 };
	static const size_t pairs[] = {6, 10, 24};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 11);
	for (size_t at = 0; at < COUNT(pairs); at++) {
		size_t k = pairs[at];
		unsigned over = 0;

		for (int run = 0; run < (k > 15 ? RUNS / 4 : RUNS); run++) {
			double d[24 * COLUMNS], p[COLUMNS], adjusted[COLUMNS], max = 0;

			for (size_t i = 0; i < k * COLUMNS; i++)
				d[i] = rng_normal(&rng);
			if (k > 15) {
				/* Random flips agree with those of another seed. */
				NEAR(stats_critical(d, NULL, k, COLUMNS, 0.05, 1),
				     stats_critical(d, NULL, k, COLUMNS, 0.05, 2), 0.12);
				run += 20;
				continue;
			}
			stats_max_t(d, k, COLUMNS, 1, p, adjusted);
			for (size_t j = 0; j < COLUMNS; j++) {
				double sum = 0, squares = 0;

				for (size_t i = 0; i < k; i++) {
					sum += d[i * COLUMNS + j];
					squares += d[i * COLUMNS + j] * d[i * COLUMNS + j];
				}
				max = fmax(max, fabs(sum) / sqrt(squares));
			}
			over += max > stats_critical(d, NULL, k, COLUMNS, 0.05, 1);
		}
		if (k <= 15)
			assert_true(stats_binomial(over, RUNS, 0.99).low <= 0.06);
	}
	/* Five pairs have 16 flips, of which one is more than 5 %. */
	assert_true(isinf(stats_critical((double[]){1, 2, 3, 4, 5}, NULL, 5, 1, 0.05, 1)));
	assert_true(isinf(stats_critical_of(0.05, 1, 0))); /* one pair */
	assert_true(stats_level_of(0.5, 1, 0) == 0);
	/* What the test does not reject: mean 3, squares 10, so t = 2 is 2 sqrt(10 / (4 * 5)). */
	NEAR(stats_half_width(stats_critical_of(0.116117, 5, 4), 10, 5), 2 * sqrt(0.5), 1e-4);
	NEAR(stats_half_width(2, 0, 5), 0, 0);
}

static void test_looks(void **state)
{
	/* As Schulz and Grimes print them, Lancet 365, 2005, p. 1657. */
	const double alpha[] = {0.000005, 0.0013, 0.0085, 0.0228, 0.0417};
	enum { RUNS = 20000 };
	unsigned stopped = 0;
	struct interval rate;
	struct rng rng;

	(void)state;
	for (unsigned i = 0; i < STATS_LOOKS; i++)
		NEAR(stats_look_alpha(stats_look_pairs[i]), alpha[i], i ? 5e-4 : 5e-7);
	NEAR(stats_look_alpha(3), stats_look_alpha(6), 0);
	NEAR(stats_look_alpha(17), stats_look_alpha(12), 0);
	NEAR(stats_look_alpha(40), stats_look_alpha(30), 0);
	/* Whoever looks five times at nothing is misled in 5 % of runs, all looks together. */
	rng_seed(&rng, 45);
	for (int run = 0; run < RUNS; run++) {
		double sum = 0;

		for (unsigned i = 0; i < STATS_LOOKS; i++) {
			sum += rng_normal(&rng);
			if (erfc(fabs(sum) / sqrt(2 * (i + 1.))) <=
			    stats_look_alpha(stats_look_pairs[i])) {
				stopped++;
				break;
			}
		}
	}
	rate = stats_binomial(stopped, RUNS, 0.999);
	assert_true(rate.low < 0.05 && rate.high > 0.05);
}

static void test_plan(void **state)
{
	/* The boots' iterations: 1, 3; 5, 7; 9, 11. */
	const double mean[] = {2, 6, 10}, sd[] = {sqrt(2), sqrt(2), sqrt(2)};
	const size_t n[] = {2, 2, 2};
	double within, between;

	(void)state;
	/* Mean squares: within 2, between 32 on n0 = 2: (32 - 2) / 2 = 15. */
	stats_components(mean, sd, n, 3, &within, &between);
	NEAR(within, sqrt(2), 1e-12);
	NEAR(between, sqrt(15), 1e-12);
	/* sqrt(10 / 0.1 * 4 / 1) = 20. */
	assert_int_equal(stats_plan_iterations(9, 1, 0.1, 2, 1, 1000), 20);
	assert_int_equal(stats_plan_iterations(9, 1, 0.1, 2, 1, 12), 12);
	assert_int_equal(stats_plan_iterations(9, 1, 0.1, 2, 0, 50), 50);
	assert_int_equal(stats_plan_iterations(1, 0, 100, 1, 9, 50), 1);
}

static void test_scaling(void **state)
{
	const double n[] = {1, 2, 4, 8, 16, 32};
	double cost[10 * 6];
	struct scaling s;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 11);
	/* Cost per operation when X = N / (1 + .1 (N - 1)): it falls to a tenth, with 1 % noise. */
	for (size_t i = 0; i < COUNT(cost); i++)
		cost[i] = (1 + 0.1 * (n[i % 6] - 1)) / n[i % 6] * exp(0.01 * rng_normal(&rng));
	assert_int_equal(stats_scaling(n, cost, 6, 10, 0.95, 3, &s), 0);
	assert_true(s.slope.slope > -0.7 && s.slope.slope < -0.5);
	assert_true(s.slope_off > 0.1 && s.slope_off < 0.5);
	/* from 1 down to 4.1 / 32 */
	assert_true(s.spread > 7.6 && s.spread < 8);
	assert_true(s.slope_ci.low < s.slope.slope && s.slope_ci.high > s.slope.slope);
	/* An exact power has its exponent as slope. */
	for (size_t i = 0; i < 6; i++)
		cost[i] = 3 * pow(n[i], 1.5);
	assert_int_equal(stats_loglog(n, cost, 6, &s.slope), 0);
	NEAR(s.slope.slope, 1.5, 1e-12);
	NEAR(s.slope.intercept, log(3), 1e-12);
	cost[2] = 0;
	assert_int_equal(stats_scaling(n, cost, 6, 1, 0.95, 3, &s), -1);
}

/* --- simulation: 10 pairs, boot and iteration spread 2 % each, fixed seeds --- */

static double noise(struct rng *rng)
{
	return 0.02 * rng_normal(rng);
}

/* The difference within each of k pairs, each boot the mean of 10 iterations. */
static void simulate(struct rng *rng, double *d, size_t k, double effect)
{
	for (size_t i = 0; i < k; i++) {
		d[i] = effect + noise(rng) - noise(rng);
		for (int j = 0; j < 10; j++)
			d[i] += (noise(rng) - noise(rng)) / 10;
	}
}

static void test_false_positives(void **state)
{
	enum { RUNS = 2000, K = 10, M = 5 };
	unsigned alone = 0, family = 0, missed = 0;
	struct interval rate;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 42);
	for (int run = 0; run < RUNS; run++) {
		double d[K * M], column[K], p[M], adjusted[M], least = 1;
		struct interval ci;

		for (size_t j = 0; j < M; j++) {
			simulate(&rng, column, K, 0);
			for (size_t i = 0; i < K; i++)
				d[i * M + j] = column[i];
		}
		ci = stats_signed_rank(column, K, 0.95);
		missed += ci.low > 0 || ci.high < 0;
		stats_max_t(d, K, M, 1, p, adjusted);
		alone += p[0] <= 0.05;
		for (size_t j = 0; j < M; j++)
			least = fmin(least, adjusted[j]);
		family += least <= 0.05;
	}
	/* Exact tests at 5 %: the true rate lies in a 99.9 % interval of what was seen. */
	rate = stats_binomial(alone, RUNS, 0.999);
	assert_true(rate.low <= 0.05 && rate.high >= 0.04);
	rate = stats_binomial(family, RUNS, 0.999);
	assert_true(rate.low <= 0.05 && rate.high >= 0.04);
	/* The signed-rank interval of 10 pairs misses in 4.9 %: 2 P(T+ <= 8). */
	rate = stats_binomial(missed, RUNS, 0.999);
	assert_true(rate.low <= 2 * stats_signed_rank_cdf(10, 8) &&
		    rate.high >= 2 * stats_signed_rank_cdf(10, 8));
}

static void test_power(void **state)
{
	enum { RUNS = 1000, K = 10 };
	const double spread = 0.02 * sqrt(2 * (1 + 1. / 10));
	unsigned found = 0;
	struct interval rate;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 43);
	for (int run = 0; run < RUNS; run++) {
		double d[K];

		simulate(&rng, d, K, 0.99 * spread);
		found += stats_sign_flip(d, K, 1) <= 0.05;
	}
	/* The smallest detectable effect is found in about 80 % of runs. */
	rate = stats_binomial(found, RUNS, 0.999);
	assert_true(rate.low < 0.80 && rate.high > 0.76);
}

static void test_bootstrap_t(void **state)
{
	enum { RUNS = 400, K = 12 };
	const double even[] = {3, 3, 3, 3, 3};
	unsigned missed = 0;
	struct interval ci;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 44);
	for (int run = 0; run < RUNS; run++) {
		double d[K];

		for (size_t i = 0; i < K; i++)
			d[i] = rng_normal(&rng);
		ci = stats_bootstrap_t(d, K, 0.95, 499, (uint64_t)run);
		missed += ci.low > 0 || ci.high < 0;
	}
	ci = stats_binomial(missed, RUNS, 0.999);
	assert_true(ci.low <= 0.06 && ci.high >= 0.05);
	ci = stats_bootstrap_t(even, 5, 0.95, 99, 1);
	NEAR(ci.low, 3, 0);
	NEAR(ci.high, 3, 0);
	ci = stats_bootstrap_t(even, 4, 0.95, 99, 1);
	assert_true(isinf(ci.low) && isinf(ci.high));
}

/* However the flips are added up, p is what adding row by row finds with the same signs. */
static void test_flips(void **state)
{
	enum { K = 131, M = 3, FLIPS = 99999 };
	double d[K * M], p[M], adjusted[M], observed[M], scale[M], alone[M] = {0}, joint[M] = {0};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (size_t i = 0; i < K; i++)
		for (size_t j = 0; j < M; j++)
			d[i * M + j] = rng_normal(&rng) + 0.1 * (double)j;
	stats_max_t(d, K, M, 9, p, adjusted);
	for (size_t j = 0; j < M; j++) {
		double sum = 0, squares = 0;

		for (size_t i = 0; i < K; i++) {
			sum += d[i * M + j];
			squares += d[i * M + j] * d[i * M + j];
		}
		scale[j] = 1 / sqrt(squares);
		observed[j] = fabs(sum) * scale[j];
	}
	rng_seed(&rng, 9);
	for (size_t round = 0; round < FLIPS; round++) {
		double sum[M] = {0}, max = 0;
		uint64_t bits = 0;

		for (size_t i = 0; i < K; i++, bits >>= 1) {
			bits = i % 64 ? bits : rng_next(&rng);
			for (size_t j = 0; j < M; j++)
				sum[j] += bits & 1 ? -d[i * M + j] : d[i * M + j];
		}
		for (size_t j = 0; j < M; j++) {
			alone[j] += fabs(sum[j]) * scale[j] >= observed[j] - 1e-9;
			max = fmax(max, fabs(sum[j]) * scale[j]);
		}
		for (size_t j = 0; j < M; j++)
			joint[j] += max >= observed[j] - 1e-9;
	}
	for (size_t j = 0; j < M; j++) {
		NEAR(p[j], (alone[j] + 1) / (FLIPS + 1), 0);
		NEAR(adjusted[j], (joint[j] + 1) / (FLIPS + 1), 0);
	}
}

/* Of many rows a factor stands for all of them: columns vary together as they do. */
static void test_many_rows(void **state)
{
	enum { K = 400, M = 3, EXPERIMENTS = 200 };
	double apart[K * M], alike[K * M], c[EXPERIMENTS];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 6);
	for (size_t i = 0; i < K * M; i++) {
		apart[i] = rng_normal(&rng);
		alike[i] = apart[i - i % M] * (1 + (double)(i % M));
	}
	/* what |z| exceeds 5 times in 100, in one column, and in any of three */
	stats_criticals(alike, NULL, K, M, 0.05, 1, c, EXPERIMENTS);
	NEAR(stats_mean(c, EXPERIMENTS), 1.96, 0.02);
	stats_criticals(apart, NULL, K, M, 0.05, 1, c, EXPERIMENTS);
	NEAR(stats_mean(c, EXPERIMENTS), 2.388, 0.02);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_max_t),	      cmocka_unit_test(test_max_t2),
		cmocka_unit_test(test_random_rounds), cmocka_unit_test(test_bh),
		cmocka_unit_test(test_seen),	      cmocka_unit_test(test_critical),
		cmocka_unit_test(test_looks),	      cmocka_unit_test(test_plan),
		cmocka_unit_test(test_flips),	      cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_scaling),	      cmocka_unit_test(test_false_positives),
		cmocka_unit_test(test_power),	      cmocka_unit_test(test_bootstrap_t),
	};

	return cmocka_run_group_tests_name("stats-design", tests, NULL, NULL);
}
