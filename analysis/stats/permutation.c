/* Resamplings of many columns at once: signs of rows are flipped, or a group of rows is chosen. */
#include "analysis/stats/permutation.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define EXACT_FLIPS 20
#define EXACT_CHOICES 200000
/* Sums of the same numbers in another order differ by rounding; statistics lie in 0..sqrt(rows). */
#define TIE 1e-9

void permutation_init(struct permutation *t, size_t rows, size_t m)
{
	*t = (struct permutation){.m = m};
	t->x = xcalloc(rows * m + 1, sizeof(double));
	t->sum = xcalloc(m + 1, sizeof(double));
	t->scale = xcalloc(m + 1, sizeof(double));
	t->observed = xcalloc(m + 1, sizeof(double));
	t->alone = xcalloc(m + 1, sizeof(double));
	t->joint = xcalloc(m + 1, sizeof(double));
	t->order = xcalloc(m + 1, sizeof(size_t));
}

void permutation_release(struct permutation *t)
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

void permutation_observe(struct permutation *t)
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
static void count(struct permutation *t)
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

void permutation_finish(struct permutation *t, bool all, double *p, double *p_adjusted)
{
	double reached = 0, extra = !all;

	for (size_t at = 0; at < t->m; at++) {
		size_t j = t->order[at];

		reached += t->joint[at];
		p[j] = (t->alone[j] + extra) / ((double)t->rounds + extra);
		if (p_adjusted)
			p_adjusted[j] = (reached + extra) / ((double)t->rounds + extra);
	}
}

static void flip(struct permutation *t, size_t row, double sign)
{
	for (size_t j = 0; j < t->m; j++)
		t->sum[j] += 2 * sign * t->x[row * t->m + j];
}

/* All flips in Gray-code order, one sign a step; the last sign stays, for |sum| knows no sign. */
static void all_flips(struct permutation *t, size_t k)
{
	uint64_t n = k ? UINT64_C(1) << (k - 1) : 1;
	uint64_t negative = 0;

	count(t);
	for (uint64_t i = 1; i < n; i++) {
		size_t row = (size_t)__builtin_ctzll(i);

		negative ^= UINT64_C(1) << row;
		flip(t, row, negative >> row & 1 ? -1 : 1);
		count(t);
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
static void signed_sums(const struct permutation *t, size_t k, size_t i, double *sums)
{
	size_t end = i + STEP < k ? i + STEP : k, m = t->m;

	memset(sums, 0, CHOICES * m * sizeof(*sums));
	for (size_t bit = 0; i + bit < end; bit++)
		for (size_t choice = 0; choice < CHOICES; choice++)
			for (size_t j = 0; j < m; j++)
				sums[choice * m + j] += choice >> bit & 1 ? -t->x[(i + bit) * m + j]
									  : t->x[(i + bit) * m + j];
}

static void random_flips(struct permutation *t, size_t k, unsigned rounds, uint64_t seed)
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
			count(t);
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

bool permutation_flip(struct permutation *t, size_t k, unsigned rounds, uint64_t seed)
{
	bool all = all_of(pow(2, (double)k - 1), rounds);

	if (all)
		all_flips(t, k);
	else
		random_flips(t, k, rounds, seed);
	return all;
}

void permutation_centre(struct permutation *t, const double *v, size_t n, size_t j,
			const bool *second, bool of)
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

void permutation_scale(struct permutation *t, size_t n)
{
	for (size_t j = 0; j < t->m; j++) {
		double squares = 0;

		for (size_t i = 0; i < n; i++)
			squares += t->x[i * t->m + j] * t->x[i * t->m + j];
		t->scale[j] = squares > 0 ? 1 / sqrt(squares) : 0;
	}
}

void permutation_sum(struct permutation *t, const bool *second, size_t n)
{
	memset(t->sum, 0, t->m * sizeof(*t->sum));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; (!second || second[i]) && j < t->m; j++)
			t->sum[j] += t->x[i * t->m + j];
}

/* sum[j] becomes the second group's sum of centred values, for the group that `chosen` names. */
static void count_choice(struct permutation *t, const size_t *chosen, size_t n)
{
	memset(t->sum, 0, t->m * sizeof(*t->sum));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < t->m; j++)
			t->sum[j] += t->x[chosen[i] * t->m + j];
	count(t);
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

static void random_choices(struct permutation *t, size_t r, size_t n, unsigned rounds,
			   uint64_t seed)
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

bool permutation_choose(struct permutation *t, const bool *second, size_t n, unsigned rounds,
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
