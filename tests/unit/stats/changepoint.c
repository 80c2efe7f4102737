/*
 * Change points against published series:
 *   Nile: yearly flow at Aswan 1871..1970. Cobb, The problem of the Nile, Biometrika 65, 1978,
 * finds one change, after 1898; so do the annotators of the Turing Change Point Dataset (van den
 * Burg and Williams 2020, nile.json, at index 28), and R's changepoint::cpt.mean(Nile). Blocks:
 * Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994, table
 * 1: eleven jumps of known place and height, 2048 points, signal to noise 7. And what chance alone
 * brings, by simulation with fixed seeds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/stats/changepoint.h"
#include "analysis/stats/stats.h"
#include "tests/unit/near.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const double nile[] = {
	1120, 1160, 963, 1210, 1160, 1160, 813,	 1230, 1370, 1140, 995,	 935,  1110, 994,  1020,
	960,  1180, 799, 958,  1140, 1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774,  840,
	874,  694,  940, 833,  701,  916,  692,	 1020, 1050, 969,  831,	 726,  456,  824,  702,
	1120, 1100, 832, 764,  821,  768,  845,	 864,  862,  698,  845,	 744,  796,  1040, 759,
	781,  865,  845, 944,  984,  897,  822,	 1010, 771,  676,  649,	 846,  812,  742,  801,
	1040, 860,  874, 848,  890,  744,  749,	 838,  1050, 918,  986,	 797,  923,  975,  815,
	1020, 906,  901, 1170, 912,  746,  919,	 718,  714,  740,
};

static size_t partition(const double *v, const double *se, size_t n, size_t *at)
{
	return changepoint_partition(v, n, changepoint_noise(v, se, n), changepoint_penalty(n), at);
}

static void test_nile(void **state)
{
	size_t at[COUNT(nile)];

	(void)state;
	/* The series as it is printed: R's mean(Nile) is 919.35. */
	NEAR(stats_mean(nile, COUNT(nile)), 919.35, 1e-9);
	assert_int_equal(partition(nile, NULL, COUNT(nile), at), 1);
	assert_int_equal(at[0], 28);
	assert_int_equal(changepoint_divisive(nile, COUNT(nile), 0.05, 1, at), 1);
	assert_int_equal(at[0], 28);
}

static void test_blocks(void **state)
{
	static const double where[] = {.1, .13, .15, .23, .25, .40, .44, .65, .76, .78, .81};
	static const double jump[] = {4, -5, 3, -4, 5, -4.2, 2.1, 4.3, -3.1, 2.1, -4.2};
	enum { N = 2048 };
	static double v[N];
	static size_t at[N];
	struct rng rng;
	double scale;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		v[i] = 0;
		for (size_t j = 0; j < COUNT(where); j++)
			v[i] += (double)(i + 1) / N >= where[j] ? jump[j] : 0;
	}
	scale = 7 / stats_sd(v, N);
	rng_seed(&rng, 1994);
	for (size_t i = 0; i < N; i++)
		v[i] = v[i] * scale + rng_normal(&rng);
	assert_int_equal(partition(v, NULL, N, at), COUNT(where));
	for (size_t j = 0; j < COUNT(where); j++)
		NEAR((double)at[j], ceil(where[j] * N) - 1, 1);
	NEAR(changepoint_noise(v, NULL, N), 1, 0.1);
}

static void test_by_hand(void **state)
{
	const double steps[] = {5, 5, 5, 9, 9, 1, 1, 1}, flat[] = {3, 3, 3, 3, 3, 3};
	const double se[] = {3, NAN, 4}, few[] = {0, 1, 2, 9};
	size_t at[8];

	(void)state;
	assert_int_equal(changepoint_partition(steps, 8, 1, 4, at), 2);
	assert_int_equal(at[0], 3);
	assert_int_equal(at[1], 5);
	/* The step of 4 brings 2 * 3 / 5 * 16 = 19.2, the one of 8 more: dearer, neither pays
	 * alone. */
	assert_int_equal(changepoint_partition(steps, 8, 1, 90, at), 0);
	assert_int_equal(changepoint_partition(flat, 6, 1, 4, at), 0);
	assert_int_equal(changepoint_divisive(flat, 6, 0.05, 1, at), 0);
	assert_int_equal(changepoint_partition(steps, 1, 1, 4, at), 0);
	assert_int_equal(changepoint_divisive(steps, 3, 0.05, 1, at), 0);
	/* sqrt((9 + 16) / 2); and three differences say nothing. */
	NEAR(changepoint_noise(few, se, 3), sqrt(12.5), 1e-12);
	NEAR(changepoint_noise(few, NULL, 4), 0, 0);
	/* Differences 0 0 4 0 -8 0 0: their median deviation is 0. */
	NEAR(changepoint_noise(steps, NULL, 8), 0, 0);
}

/* Every partition of a short series tried: none is cheaper than the one that is found. */
static void test_exact(void **state)
{
	enum { N = 12 };
	size_t at[N];
	double v[N];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (int round = 0; round < 20; round++) {
		double least = INFINITY, found = 0;
		size_t k, from = 0;

		for (size_t i = 0; i < N; i++)
			v[i] = rng_normal(&rng) + (i >= 4 ? 2 : 0) - (i >= 9 ? 3 : 0);
		for (unsigned mask = 0; mask < 1u << (N - 1); mask++) {
			double cost = 3 * __builtin_popcount(mask);

			from = 0;
			for (size_t to = 1; to <= N; to++) {
				if (to < N && !(mask & 1u << (to - 1)))
					continue;
				cost += stats_sd(v + from, to - from) > 0
						? pow(stats_sd(v + from, to - from), 2) *
							  (double)(to - from - 1)
						: 0;
				from = to;
			}
			least = fmin(least, cost);
		}
		k = changepoint_partition(v, N, 1, 3, at);
		at[k] = N;
		from = 0;
		for (size_t i = 0; i <= k; i++) {
			double sd = stats_sd(v + from, at[i] - from);

			found += (sd > 0 ? sd * sd * (double)(at[i] - from - 1) : 0) + (i ? 3 : 0);
			from = at[i];
		}
		NEAR(found, least, 1e-9);
	}
}

/* 20 releases whose standard error is known, with or without a step of three of those in the
 * middle. */
static void test_rates(void **state)
{
	enum { N = 20, ROUNDS = 2000 };
	size_t at[N], false_series = 0, found = 0;
	double v[N], se[N];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 20);
	for (size_t i = 0; i < N; i++)
		se[i] = 1;
	for (int round = 0; round < ROUNDS; round++) {
		size_t step = N / 2, k;
		bool near = false;

		for (size_t i = 0; i < N; i++)
			v[i] = rng_normal(&rng);
		false_series += partition(v, se, N, at) > 0;
		for (size_t i = step; i < N; i++)
			v[i] += 3;
		k = partition(v, se, N, at);
		for (size_t i = 0; i < k; i++)
			near |= at[i] + 1 >= step && at[i] <= step + 1;
		found += near;
	}
	print_message("false in %zu, found in %zu of %d\n", false_series, found, ROUNDS);
	assert_true(false_series <= ROUNDS * 0.01);
	/* 95 %, of which chance may take one: two standard deviations of binomial (2000, 0.95). */
	assert_true(found >= ROUNDS * 0.94);
}

/* E-divisive keeps its level: no change, 5 % of series at most, give or take chance. */
static void test_divisive_level(void **state)
{
	enum { N = 12, ROUNDS = 300 };
	size_t at[N], false_series = 0, found = 0;
	double v[N];
	struct rng rng;

	(void)state;
	rng_seed(&rng, 3);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < N; i++)
			v[i] = rng_normal(&rng);
		false_series += changepoint_divisive(v, N, 0.05, (uint64_t)round, at) > 0;
		for (size_t i = 5; i < N; i++)
			v[i] += 6;
		found += changepoint_divisive(v, N, 0.05, (uint64_t)round, at) > 0 && at[0] == 5;
	}
	print_message("false in %zu, found in %zu of %d\n", false_series, found, ROUNDS);
	/* Binomial (300, 0.05) goes above 25 in one of a hundred. */
	assert_true(false_series <= 25);
	assert_true(found >= ROUNDS * 0.9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nile),	cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_by_hand), cmocka_unit_test(test_exact),
		cmocka_unit_test(test_rates),	cmocka_unit_test(test_divisive_level),
	};

	return cmocka_run_group_tests_name("changepoint", tests, NULL, NULL);
}
