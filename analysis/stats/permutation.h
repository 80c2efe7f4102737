#ifndef ANALYSIS_STATS_PERMUTATION_H
#define ANALYSIS_STATS_PERMUTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many random resamplings, where not all of them are made, for a p that is reported. */
#define RANDOM_ROUNDS 99999
/* Where only each column's own p is wanted, or a quantile of the maximum: far in the tail nothing
 * is. */
#define FEW_ROUNDS 9999
/* And where only how much such a quantile varies is. */
#define FEWER_ROUNDS 999

/*
 * A permutation test in progress. A resampling changes `sum` of each column; the statistic is
 * |sum| * scale, whatever the test.
 */
struct permutation {
	size_t m;
	double *x; /* rows x m, 0 where there is no value */
	double *sum, *scale;
	double *observed;      /* statistics of the data as they are */
	size_t *order;	       /* columns by observed statistic, greatest first */
	double *alone, *joint; /* resamplings at least as extreme */
	double *max;	       /* the greatest statistic of each resampling, or NULL: not wanted */
	size_t rounds;
};

/* Room for rows of m columns, all 0: x is the caller's to fill, then the scales and the sums. */
void permutation_init(struct permutation *t, size_t rows, size_t m);
void permutation_release(struct permutation *t);
/* Centres the values v of column j of n rows, of those rows whose `second` is `of` (NULL: of all),
 * on their mean. A value that is missing (NAN) becomes the mean and carries no weight. */
void permutation_centre(struct permutation *t, const double *v, size_t n, size_t j,
			const bool *second, bool of);
/* Scales each column by the root of its n rows' squares. */
void permutation_scale(struct permutation *t, size_t n);
/* Adds up the rows that `second` names (NULL: all n): the sums of the data as they are. */
void permutation_sum(struct permutation *t, const bool *second, size_t n);
/* Takes the sums as those of the data. */
void permutation_observe(struct permutation *t);
/* Flips the signs of k rows in all ways, or in so many random ones; whether it was all. */
bool permutation_flip(struct permutation *t, size_t k, unsigned rounds, uint64_t seed);
/*
 * Chooses the second group of n rows in all ways, or in so many random ones; whether it was all.
 * The columns are centred, so that the groups' difference of means is a constant times the second
 * group's sum.
 */
bool permutation_choose(struct permutation *t, const bool *second, size_t n, unsigned rounds,
			uint64_t seed);
/* p of each column by itself and, unless NULL, adjusted for all (Westfall and Young's maximum).
 * all: as permutation_flip said; the data are added to resamplings that are random. */
void permutation_finish(struct permutation *t, bool all, double *p, double *p_adjusted);

#endif
