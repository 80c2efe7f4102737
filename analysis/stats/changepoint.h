/*
 * Change points of a series: arrays in, numbers out. A change point is the index of the first value
 * of a new level, 1..n-1; lists of them ascend. Sources are named by JSB: Jackson, Scargle, Barnes
 * et al., An algorithm for optimal partitioning of data on an interval, IEEE Signal Processing
 * Letters 12, 2005 MJ:  Matteson, James, A nonparametric approach for multiple change point
 * analysis of multivariate data, JASA 109, 2014 (E-divisive)
 */
#ifndef ANALYSIS_STATS_CHANGEPOINT_H
#define ANALYSIS_STATS_CHANGEPOINT_H

#include <stddef.h>
#include <stdint.h>

/*
 * How far a value lies from its level by chance, as a standard deviation: the larger of the root
 * mean square of the values' standard errors se (NULL, or NAN for some: unknown) and what the
 * differences between neighbours say, 1.4826 MAD / sqrt 2, which a few steps among many values do
 * not move. Fewer than four differences say nothing. 0 where nothing is known.
 */
double changepoint_noise(const double *v, const double *se, size_t n);

/* The penalty of a change point in units of noise^2: 4 ln n. */
double changepoint_penalty(size_t n);

/*
 * Levels constant between change points that together minimise sum (v - level)^2 / noise^2 +
 * penalty * number of change points, exactly (JSB), in time n^2. noise > 0. at holds up to n - 1;
 * returns how many.
 */
size_t changepoint_partition(const double *v, size_t n, double noise, double penalty, size_t *at);

/*
 * The same question asked without a model of the noise: E-divisive (MJ, exponent 1), which splits
 * where the energy distance between the two sides is largest, as long as that is more than `level`
 * of 999 permutations within the segments bring. Segments have at least CHANGEPOINT_LEAST values.
 * at as above.
 */
#define CHANGEPOINT_LEAST 2
size_t changepoint_divisive(const double *v, size_t n, double level, uint64_t seed, size_t *at);

#endif
