#include "analysis/stats/changepoint.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define LEAST_DIFFERENCES 4
#define PERMUTATIONS 999

static double noise_of_errors(const double *se, size_t n)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = 0; se && i < n; i++) {
		if (isnan(se[i]))
			continue;
		sum += se[i] * se[i];
		known++;
	}
	return known ? sqrt(sum / (double)known) : 0;
}

static double noise_of_differences(const double *v, size_t n)
{
	double *d, noise;

	if (n < LEAST_DIFFERENCES + 1)
		return 0;
	d = xcalloc(n - 1, sizeof(*d));
	for (size_t i = 0; i + 1 < n; i++)
		d[i] = v[i + 1] - v[i];
	noise = stats_mad(d, n - 1) / sqrt(2);
	free(d);
	return noise;
}

double changepoint_noise(const double *v, const double *se, size_t n)
{
	return fmax(noise_of_errors(se, n), noise_of_differences(v, n));
}

double changepoint_penalty(size_t n)
{
	return 4 * log((double)n);
}

/* --- optimal partitioning --- */

/* Sums of the first i values less their mean, and of the squares of that. */
struct sums {
	double v, square;
};

static struct sums *prefix_sums(const double *v, size_t n)
{
	struct sums *s = xcalloc(n + 1, sizeof(*s));
	double mean = stats_mean(v, n);

	for (size_t i = 0; i < n; i++) {
		double d = v[i] - mean;

		s[i + 1] = (struct sums){s[i].v + d, s[i].square + d * d};
	}
	return s;
}

/* Squares around the mean of the values from..to-1. */
static double squares(const struct sums *s, size_t from, size_t to)
{
	double sum = s[to].v - s[from].v;

	return fmax(0, s[to].square - s[from].square - sum * sum / (double)(to - from));
}

size_t changepoint_partition(const double *v, size_t n, double noise, double penalty, size_t *at)
{
	struct sums *s = prefix_sums(v, n);
	double *best = xcalloc(n + 1, sizeof(*best));
	size_t *last = xcalloc(n + 1, sizeof(*last)), count = 0;

	for (size_t to = 1; to <= n; to++) {
		best[to] = INFINITY;
		for (size_t from = 0; from < to; from++) {
			double cost = best[from] + squares(s, from, to) / (noise * noise) +
				      (from ? penalty : 0);

			if (cost < best[to]) {
				best[to] = cost;
				last[to] = from;
			}
		}
	}
	for (size_t to = last[n]; to; to = last[to])
		count++;
	for (size_t to = last[n], i = count; to; to = last[to])
		at[--i] = to;
	free(last);
	free(best);
	free(s);
	return count;
}

/* --- E-divisive --- */

/* Sums of distances: p[i * (n + 1) + j] of |v[a] - v[b]| for a < i, b < j. */
static void distance_sums(const double *v, size_t n, double *p)
{
	size_t width = n + 1;

	memset(p, 0, width * sizeof(*p));
	for (size_t i = 1; i <= n; i++) {
		double row = 0;

		p[i * width] = 0;
		for (size_t j = 1; j <= n; j++) {
			row += fabs(v[i - 1] - v[j - 1]);
			p[i * width + j] = p[(i - 1) * width + j] + row;
		}
	}
}

/* Sum of the distances between a..b-1 and c..d-1. */
static double between(const double *p, size_t n, size_t a, size_t b, size_t c, size_t d)
{
	size_t width = n + 1;

	return p[b * width + d] - p[a * width + d] - p[b * width + c] + p[a * width + c];
}

/* MJ (5): the values 0..at-1 against at..end-1; each sum within counts every pair twice. */
static double energy(const double *p, size_t n, size_t at, size_t end)
{
	double left = (double)at, right = (double)(end - at);
	double apart = 2 * between(p, n, 0, at, at, end) / (left * right);
	double within = between(p, n, 0, at, 0, at) / (left * (left - 1)) +
			between(p, n, at, end, at, end) / (right * (right - 1));

	return left * right / (left + right) * (apart - within);
}

/* MJ (7): the best place to split n values, and how good it is; -INFINITY where they are too few.
 */
static double best_split(const double *v, size_t n, double *scratch, size_t *place)
{
	double best = -INFINITY;

	distance_sums(v, n, scratch);
	for (size_t at = CHANGEPOINT_LEAST; at + CHANGEPOINT_LEAST <= n; at++) {
		for (size_t end = at + CHANGEPOINT_LEAST; end <= n; end++) {
			double q = energy(scratch, n, at, end);

			if (q > best) {
				best = q;
				*place = at;
			}
		}
	}
	return best;
}

static void shuffle(double *v, size_t n, struct rng *rng)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)rng_below(rng, i);
		double t = v[i - 1];

		v[i - 1] = v[k];
		v[k] = t;
	}
}

/* The best split of all segments, which end at bounds[1..segments]; each shuffled first with a rng.
 */
static double best_of_all(double *v, const size_t *bounds, size_t segments, struct rng *rng,
			  double *scratch, size_t *place)
{
	double best = -INFINITY;

	for (size_t i = 0; i < segments; i++) {
		size_t from = bounds[i], n = bounds[i + 1] - from, at = 0;
		double q;

		if (rng)
			shuffle(v + from, n, rng);
		q = best_split(v + from, n, scratch, &at);
		if (q > best) {
			best = q;
			*place = from + at;
		}
	}
	return best;
}

/* MJ section 3.2. mixed is a copy of the values that the permutations may leave in any order. */
static double permutation_p(double *mixed, const size_t *bounds, size_t segments, double q,
			    struct rng *rng, double *scratch)
{
	size_t reached = 0, place;

	for (int i = 0; i < PERMUTATIONS; i++)
		reached += best_of_all(mixed, bounds, segments, rng, scratch, &place) >= q;
	return (double)(reached + 1) / (PERMUTATIONS + 1);
}

size_t changepoint_divisive(const double *v, size_t n, double level, uint64_t seed, size_t *at)
{
	double *scratch = xcalloc((n + 1) * (n + 1), sizeof(*scratch));
	double *mixed = xcalloc(n + 1, sizeof(*mixed)), *whole = xcalloc(n + 1, sizeof(*whole));
	size_t *bounds = xcalloc(n + 2, sizeof(*bounds)), segments = 1, place = 0, i;
	struct rng rng;

	rng_seed(&rng, seed);
	bounds[1] = n;
	memcpy(whole, v, n * sizeof(*v));
	for (;;) {
		double q = best_of_all(whole, bounds, segments, NULL, scratch, &place);

		memcpy(mixed, v, n * sizeof(*v));
		/* Values that are all alike have nothing to split. */
		if (!(q > 0) || permutation_p(mixed, bounds, segments, q, &rng, scratch) > level)
			break;
		for (i = ++segments; bounds[i - 1] > place; i--)
			bounds[i] = bounds[i - 1];
		bounds[i] = place;
	}
	memcpy(at, bounds + 1, (segments - 1) * sizeof(*at));
	free(bounds);
	free(whole);
	free(mixed);
	free(scratch);
	return segments - 1;
}
