/*
 * Statistics: arrays in, numbers out. Nothing here reads, prints or keeps state; what is random
 * takes its seed. Arrays are not changed unless a comment says so. Sources are named by
 *   HWC: Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3rd ed., 2014
 *   WY:  Westfall, Young, Resampling-Based Multiple Testing, 1993
 */
#ifndef ANALYSIS_STATS_STATS_H
#define ANALYSIS_STATS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- random numbers: splitmix64 (Steele, Lea, Flood 2014), the same on every machine --- */

struct rng {
	uint64_t state;
};
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Even in 0..n-1, n > 0, without modulo bias. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* In [0, 1). */
double rng_unit(struct rng *r);
/* Standard normal, by Box and Muller. */
double rng_normal(struct rng *r);

/* --- one sample (stats.c) --- */

void stats_sort(double *v, size_t n); /* in place, ascending; no NAN */
/* The value of a rank, from 0, as if v were sorted: in linear time. Moves the values about; no NAN.
 */
double stats_select(double *v, size_t n, size_t rank);
double stats_mean(const double *v, size_t n);
double stats_sd(const double *v, size_t n);	/* n - 1 below; NAN below two values */
double stats_median(const double *v, size_t n); /* NAN when n is 0 */
/* Quantile q in [0, 1] of sorted values, R's type 7. */
double stats_quantile_sorted(const double *v, size_t n, double q);
/* Median absolute deviation times 1.4826: the sd where the values are normal. */
double stats_mad(const double *v, size_t n);
/* Marks values more than 5 MAD from the median; returns how many. None are ever dropped for it. */
size_t stats_outliers(const double *v, size_t n, bool *mark);

/* --- intervals --- */

struct interval {
	double low, high; /* -INFINITY, INFINITY where n is too small for the level */
};

/* --- pairs (stats-paired.c): d[k] are differences within pairs --- */

/* Median of the k (k + 1) / 2 Walsh averages: HWC 3.2. */
double stats_hl(const double *d, size_t k);
/* Interval for it by inverting the exact signed-rank test (normal above 100 pairs): HWC 3.3. */
struct interval stats_signed_rank(const double *d, size_t k, double level);
/* P(T+ <= t) of the signed-rank statistic under no effect, no ties, k <= 100: HWC table A.4. */
double stats_signed_rank_cdf(size_t k, size_t t);
/*
 * Two-sided p of |sum d| over sign flips: all 2^k for k <= 20, else 99 999 random ones with
 * (b + 1) / (R + 1). 1 when k is 0 or every d is 0.
 */
double stats_sign_flip(const double *d, size_t k, uint64_t seed);
/* --- two groups (stats-unpaired.c) --- */

/* Median of all y - x: HWC 4.2. */
double stats_hl2(const double *x, size_t nx, const double *y, size_t ny);
/* Interval for it by inverting the exact rank-sum test (normal above 50 in a group): HWC 4.3. */
struct interval stats_rank_sum(const double *x, size_t nx, const double *y, size_t ny,
			       double level);
/* P(U <= u) of the Mann-Whitney statistic under no effect, no ties: HWC table A.6. */
double stats_rank_sum_cdf(size_t nx, size_t ny, size_t u);

/* --- many comparisons (stats-multi.c) --- */

/*
 * p of each of m columns, alone and adjusted by single-step max-T (WY 2.5) from the same flips of
 * whole pairs: d[i * m + j] is pair i of column j, NAN where it has none. The statistic is
 * |sum d| / sqrt(sum d^2): it grows with |t|, and stays finite where all d are equal.
 * Exact for k <= 20, else 99 999 random flips. Without p_adjusted (NULL) only each column's own p
 * is made, from 9 999 random flips where there are more than twice as many.
 */
void stats_max_t(const double *d, size_t k, size_t m, uint64_t seed, double *p, double *p_adjusted);
/*
 * The same for two groups by permuting boots: v[i * m + j] is boot i of column j, second[i] its
 * group. The statistic is |difference of means| over the root of the column's total sum of squares.
 * Exact up to 200 000 ways to choose, else 99 999 random permutations.
 */
void stats_max_t2(const double *v, const bool *second, size_t n, size_t m, uint64_t seed, double *p,
		  double *p_adjusted);
/*
 * The critical value of those statistics at level alpha for all columns at once, from the same
 * resamplings of the values' distances from their means (for two groups, `second` not NULL, each
 * from its group's): where nothing changed, some column's statistic exceeds it in at most alpha of
 * all experiments. INFINITY where so few rows cannot tell.
 */
double stats_critical(const double *d, const bool *second, size_t n, size_t m, double alpha,
		      uint64_t seed);
/*
 * The critical values of so many new experiments whose columns vary as these do together: normal
 * values with the covariances of the distances from the means.
 */
void stats_criticals(const double *d, const bool *second, size_t n, size_t m, double alpha,
		     uint64_t seed, double *c, size_t draws);
/*
 * The effects that a test with that critical value does not reject: so far to both sides of the
 * mean. squares is the sum of squares about the mean (two groups: about each one's), h the number
 * of pairs (n1 n2 / (n1 + n2)). Solves statistic(values - effect) = c. INFINITY where c is out of
 * reach.
 */
double stats_half_width(double c, double squares, double h);
/* The level at which Student's t-test of one column has that critical value, and the other way
 * round; df its degrees of freedom: with none, which is one pair, it is out of reach. */
double stats_level_of(double c, double h, double df);
double stats_critical_of(double level, double h, double df);
/* Benjamini and Hochberg 1995: adjusted so that `<= q` keeps the false discovery rate at q. */
void stats_bh(const double *p, size_t m, double *p_adjusted);

/* Holm 1979: adjusted so that `<= alpha` keeps the chance of any false one at alpha. */
void stats_holm(const double *p, size_t m, double *p_adjusted);

/* --- counts (stats-count.c) --- */

/* Fisher's exact test of a of n1 against b of n2, two-sided by probability, as R's fisher.test. */
double stats_fisher(unsigned a, unsigned n1, unsigned b, unsigned n2);
/*
 * 95 % interval of the median of n values: the innermost order statistics that hold it with at
 * least that, whatever the distribution (HWC 3.6). NAN, NAN with fewer than six, which cannot.
 */
struct interval stats_median_interval(const double *v, size_t n);
/* The median with that interval: mid is NAN where there is no value. */
struct values {
	double *v;
	size_t n;
};
struct spread {
	double mid, low, high;
};
struct spread values_spread(const struct values *v);
void values_release(struct values *v);
/* One-sided p that a median is above a bound, of n values of which so many are: HWC 3.4. */
double stats_sign_test(unsigned above, unsigned n);
/* Clopper and Pearson 1934: exact binomial interval for x of n. */
struct interval stats_binomial(unsigned x, unsigned n, double level);

/* --- the design of an experiment (stats-design.c) --- */

/* O'Brien-Fleming looks at 6, 12, 18, 24, 30 pairs. */
#define STATS_LOOKS 5
extern const unsigned stats_look_pairs[STATS_LOOKS];
/* Two-sided level at which a test of so many pairs may stop the run: that of the last look at or
 * before them, and before the first look that of the first. */
double stats_look_alpha(unsigned pairs);

/*
 * Iterations a boot that make the most of the time, from a pilot: ceil(sqrt((boot + warmup) /
 * iteration * within^2 / between^2)), at least 1; costs in one unit, within and between standard
 * deviations. At most max, also where between is 0. Cochran, Sampling Techniques, 3rd ed., 10.6.
 */
unsigned stats_plan_iterations(double boot, double warmup, double iteration, double within,
			       double between, unsigned max);
/*
 * The smallest effect that is seen four times in five: an experiment like this one is drawn again
 * 400 times from the values' distances from their means, stretched as far as their standard
 * deviation is uncertain, and each asked from which effect on its test rejects, and the effect is
 * not below the margin. Its critical value is one of the n_c in c: with few rows and many columns
 * they differ much. Of pairs (nx 0, y the differences) or of two groups. take: values a group of
 * the new experiment, 0: as many as here. NAN below two values.
 */
double stats_seen(const double *x, size_t nx, const double *y, size_t ny, size_t take,
		  const double *c, size_t n_c, double margin, uint64_t seed);
/*
 * Pairs (or values a group) for which stats_seen would be at most effect; at most `most`. level is
 * that of Student's t-test which stands for one test among many at level alpha: see stats_level_of.
 */
unsigned stats_plan(const double *x, size_t nx, const double *y, size_t ny, double level,
		    double alpha, double effect, unsigned most);
double stats_quantile_t(double p, double df);
/*
 * Standard deviations within and between boots from each boot's mean, standard deviation (not
 * looked at where n[i] is 1) and number of iterations: one-way analysis of variance, unequal sizes.
 * *within is NAN where no boot has two, *between then too, and 0 where the estimate is negative.
 */
void stats_components(const double *mean, const double *sd, const size_t *n, size_t boots,
		      double *within, double *between);

/* --- tails and curves (stats-boot.c, stats-scaling.c) --- */

/*
 * Bootstrap-t interval of the mean of d (Efron, Tibshirani 1993, 12.5). Infinite below five values:
 * one of 95 % held the mean of three in 82 % of trials, of four in 93 %, of five in 94 %.
 */
#define STATS_BOOTSTRAP_LEAST 5
struct interval stats_bootstrap_t(const double *d, size_t k, double level, unsigned rounds,
				  uint64_t seed);

/* Least squares of log y on log n: y grows as n to the power slope. */
struct slope {
	double slope, intercept; /* log y = intercept + slope log n */
};
int stats_loglog(const double *n, const double *y, size_t points, struct slope *s);

/* A fitted power with what the boots say about it. */
struct scaling {
	struct slope slope;
	struct interval slope_ci;
	double slope_off; /* largest distance of a point's median from the law, a share */
	double spread;	  /* the largest point's median by the smallest one's */
};
/*
 * Fits cost against N over boots: cost[b * points + i] is boot b at n[i], all > 0. The slope is the
 * mean of the boots' own, its interval bootstrap-t.
 */
int stats_scaling(const double *n, const double *cost, size_t points, size_t boots, double level,
		  uint64_t seed, struct scaling *s);

#endif
