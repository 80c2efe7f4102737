/* Estimates and intervals for two groups of boots that are not paired. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

#define EXACT_GROUP 50

static double *differences(const double *x, size_t nx, const double *y, size_t ny)
{
	double *d = xcalloc(nx * ny + 1, sizeof(*d));

	for (size_t i = 0; i < nx; i++)
		for (size_t j = 0; j < ny; j++)
			d[i * ny + j] = y[j] - x[i];
	return d;
}

double stats_hl2(const double *x, size_t nx, const double *y, size_t ny)
{
	size_t m = nx * ny;
	double *d = differences(x, nx, y, ny);
	double hl = m ? (stats_select(d, m, (m - 1) / 2) + stats_select(d, m, m / 2)) / 2 : NAN;

	free(d);
	return hl;
}

/*
 * share[u] = P(U = u) for u up to nx ny, for the caller to free. The greatest of a x's and b y's is
 * an x with probability a / (a + b), and then exceeds all b; else it is a y and adds nothing.
 */
static double *rank_sum_pmf(size_t nx, size_t ny)
{
	size_t width = nx * ny + 1;
	double *f = xcalloc((nx + 1) * width, sizeof(*f)), *share = xcalloc(width, sizeof(*share));

	for (size_t a = 0; a <= nx; a++)
		f[a * width] = 1;
	for (size_t b = 1; b <= ny; b++) {
		for (size_t a = 1; a <= nx; a++) {
			double x = (double)a / (double)(a + b);

			for (size_t u = 0; u < width; u++)
				f[a * width + u] = f[a * width + u] * (1 - x) +
						   (u >= b ? f[(a - 1) * width + u - b] * x : 0);
		}
	}
	memcpy(share, f + nx * width, width * sizeof(*share));
	free(f);
	return share;
}

double stats_rank_sum_cdf(size_t nx, size_t ny, size_t u)
{
	double *share = rank_sum_pmf(nx, ny), sum = 0;

	for (size_t i = 0; i <= u && i <= nx * ny; i++)
		sum += share[i];
	free(share);
	return sum;
}

static size_t rank_sum_cut(size_t nx, size_t ny, double tail)
{
	size_t c = 0;

	if (nx > EXACT_GROUP || ny > EXACT_GROUP) {
		double a = (double)nx, b = (double)ny, sd = sqrt(a * b * (a + b + 1) / 12);

		return (size_t)fmax(0, floor(a * b / 2 + gsl_cdf_ugaussian_Pinv(tail) * sd));
	}
	double *share = rank_sum_pmf(nx, ny), sum = 0;

	while (sum + share[c] <= tail * (1 + 1e-9))
		sum += share[c++];
	free(share);
	return c;
}

struct interval stats_rank_sum(const double *x, size_t nx, const double *y, size_t ny, double level)
{
	struct interval ci = {-INFINITY, INFINITY};
	size_t c = nx && ny ? rank_sum_cut(nx, ny, (1 - level) / 2) : 0;
	double *d;

	if (!c)
		return ci;
	d = differences(x, nx, y, ny);
	ci.low = stats_select(d, nx * ny, c - 1);
	ci.high = stats_select(d, nx * ny, nx * ny - c);
	free(d);
	return ci;
}
