/* How cost grows with the number of sharers. */
#include <gsl/gsl_fit.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdlib.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define ROUNDS 1999

int stats_loglog(const double *n, const double *y, size_t points, struct slope *s)
{
	double *lx = xcalloc(points + 1, sizeof(*lx)), *ly = xcalloc(points + 1, sizeof(*ly));
	double c00, c01, c11, sum;
	bool good = points >= 2;

	for (size_t i = 0; i < points; i++) {
		good = good && n[i] > 0 && y[i] > 0;
		lx[i] = log(n[i]);
		ly[i] = log(y[i]);
	}
	if (good)
		gsl_fit_linear(lx, 1, ly, 1, points, &s->intercept, &s->slope, &c00, &c01, &c11,
			       &sum);
	free(lx);
	free(ly);
	return good && isfinite(s->slope) ? 0 : -1;
}

double stats_usl_at(const struct usl *u, double n)
{
	return u->lambda * n / (1 + u->sigma * (n - 1) + u->kappa * n * (n - 1));
}

/*
 * Least squares of N / X on the terms in `use` (bit 0: 1, bit 1: N - 1, bit 2: N (N - 1)), with
 * weights (X / N)^2 so that errors are relative. Returns the sum of squares, or INFINITY where a
 * term comes out negative.
 */
static double fit_terms(const double *n, const double *x, size_t points, unsigned use, double c[3])
{
	size_t terms = (size_t)__builtin_popcount(use);
	gsl_matrix *a = gsl_matrix_alloc(points, terms), *cov = gsl_matrix_alloc(terms, terms);
	gsl_vector *y = gsl_vector_alloc(points), *w = gsl_vector_alloc(points);
	gsl_vector *out = gsl_vector_alloc(terms);
	gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(points, terms);
	double chisq;

	for (size_t i = 0; i < points; i++) {
		const double term[3] = {1, n[i] - 1, n[i] * (n[i] - 1)};
		size_t at = 0;

		for (unsigned j = 0; j < 3; j++)
			if (use >> j & 1)
				gsl_matrix_set(a, i, at++, term[j]);
		gsl_vector_set(y, i, n[i] / x[i]);
		gsl_vector_set(w, i, pow(x[i] / n[i], 2));
	}
	gsl_multifit_wlinear(a, w, y, out, cov, &chisq, work);
	for (unsigned j = 0, at = 0; j < 3; j++) {
		c[j] = use >> j & 1 ? gsl_vector_get(out, at++) : 0;
		/* Rounding of a term that is truly 0 must not throw the fit away. */
		if (c[j] < -1e-12 * fabs(c[0]))
			chisq = INFINITY;
		c[j] = fmax(c[j], 0);
	}
	gsl_multifit_linear_free(work);
	gsl_matrix_free(a);
	gsl_matrix_free(cov);
	gsl_vector_free(y);
	gsl_vector_free(w);
	gsl_vector_free(out);
	return chisq;
}

int stats_usl(const double *n, const double *x, size_t points, struct usl *u)
{
	/* The best fit under sigma, kappa >= 0 is the best of those with either held at 0. */
	static const unsigned subsets[] = {1, 3, 5, 7};
	double best = INFINITY, c[3];

	if (points < STATS_USL_POINTS)
		return -1;
	for (size_t i = 0; i < points; i++)
		if (!(n[i] > 0 && x[i] > 0))
			return -1;
	for (size_t i = 0; i < sizeof(subsets) / sizeof(*subsets); i++) {
		double chisq = fit_terms(n, x, points, subsets[i], c);

		if (chisq < best && c[0] > 0) {
			best = chisq;
			*u = (struct usl){1 / c[0], c[1] / c[0], c[2] / c[0]};
		}
	}
	return isfinite(best) ? 0 : -1;
}

/* Fits the medians over the boots that `pick` names (NULL: each once). */
static int fit_medians(const double *n, const double *cost, size_t points, size_t boots,
		       const size_t *pick, struct usl *u)
{
	double *x = xcalloc(points + 1, sizeof(*x)), *column = xcalloc(boots + 1, sizeof(*column));
	int ret;

	for (size_t i = 0; i < points; i++) {
		for (size_t b = 0; b < boots; b++)
			column[b] = cost[(pick ? pick[b] : b) * points + i];
		x[i] = 1 / stats_median(column, boots);
	}
	ret = stats_usl(n, x, points, u);
	free(x);
	free(column);
	return ret;
}

/* Fits of resampled boots; returns how many succeeded. For the caller to free. */
static size_t resample(const double *n, const double *cost, size_t points, size_t boots,
		       uint64_t seed, struct usl **fits)
{
	size_t *pick = xcalloc(boots + 1, sizeof(*pick)), have = 0;
	struct rng rng;

	*fits = xcalloc(ROUNDS, sizeof(**fits));
	rng_seed(&rng, seed);
	for (unsigned r = 0; r < ROUNDS; r++) {
		for (size_t b = 0; b < boots; b++)
			pick[b] = (size_t)rng_below(&rng, boots);
		have += fit_medians(n, cost, points, boots, pick, *fits + have) == 0;
	}
	free(pick);
	return have;
}

static struct interval percentiles(double *v, size_t n, double level)
{
	stats_sort(v, n);
	return (struct interval){stats_quantile_sorted(v, n, (1 - level) / 2),
				 stats_quantile_sorted(v, n, (1 + level) / 2)};
}

static void usl_intervals(const struct usl *fits, size_t have, double level, struct scaling *s)
{
	double *v = xcalloc(have + 1, sizeof(*v));
	struct interval *to[3] = {&s->lambda_ci, &s->sigma_ci, &s->kappa_ci};

	for (unsigned which = 0; which < 3; which++) {
		for (size_t i = 0; i < have; i++)
			v[i] = which == 0   ? fits[i].lambda
			       : which == 1 ? fits[i].sigma
					    : fits[i].kappa;
		*to[which] = percentiles(v, have, level);
	}
	free(v);
}

/* The largest distance of the medians from both laws. */
static void residuals(const double *n, const double *cost, size_t points, size_t boots,
		      struct scaling *s)
{
	double *column = xcalloc(boots + 1, sizeof(*column));

	for (size_t i = 0; i < points; i++) {
		double median, law = exp(s->slope.intercept + s->slope.slope * log(n[i]));

		for (size_t b = 0; b < boots; b++)
			column[b] = cost[b * points + i];
		median = stats_median(column, boots);
		s->slope_off = fmax(s->slope_off, fabs(median / law - 1));
		if (s->has_usl)
			s->usl_off = fmax(s->usl_off, fabs(median * stats_usl_at(&s->usl, n[i]) - 1));
	}
	free(column);
}

int stats_scaling(const double *n, const double *cost, size_t points, size_t boots, double level,
		  uint64_t seed, struct scaling *s)
{
	double *slopes = xcalloc(boots + 1, sizeof(*slopes));
	double intercept = 0;
	struct usl *fits;
	size_t have;
	int ret = boots ? 0 : -1;

	*s = (struct scaling){0};
	for (size_t b = 0; b < boots && ret == 0; b++) {
		struct slope one = {0};

		ret = stats_loglog(n, cost + b * points, points, &one);
		slopes[b] = one.slope;
		intercept += one.intercept / (double)boots;
	}
	if (ret == 0) {
		s->slope = (struct slope){stats_mean(slopes, boots), intercept};
		s->slope_ci = stats_bootstrap_t(slopes, boots, level, ROUNDS, seed);
		s->has_usl = fit_medians(n, cost, points, boots, NULL, &s->usl) == 0;
		residuals(n, cost, points, boots, s);
	}
	if (s->has_usl) {
		have = resample(n, cost, points, boots, seed, &fits);
		usl_intervals(fits, have, level, s);
		free(fits);
	}
	free(slopes);
	return ret;
}

struct interval stats_scaling_at(const double *n, const double *cost, size_t points, size_t boots,
				 double level, uint64_t seed, double at)
{
	struct interval ci = {-INFINITY, INFINITY};
	struct usl *fits;
	size_t have = boots ? resample(n, cost, points, boots, seed, &fits) : 0;
	double *v = xcalloc(have + 1, sizeof(*v));

	for (size_t i = 0; i < have; i++)
		v[i] = 1 / stats_usl_at(&fits[i], at);
	if (have)
		ci = percentiles(v, have, level);
	if (boots)
		free(fits);
	free(v);
	return ci;
}
