/* How many pairs, how many iterations, and when a run may stop. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

const unsigned stats_look_pairs[STATS_LOOKS] = {6, 12, 18, 24, 30};

/* Five equal looks at 5 % two-sided: Jennison, Turnbull, Group Sequential Methods, 2000, table 2.3
 * (C = 2.040): 2 (1 - Phi(C sqrt(5 / look))). */
double stats_look_alpha(unsigned pairs)
{
	unsigned look = 1;

	while (look < STATS_LOOKS && pairs >= stats_look_pairs[look])
		look++;
	return 2 * gsl_cdf_ugaussian_Q(2.040 * sqrt((double)STATS_LOOKS / look));
}

unsigned stats_plan_iterations(double boot, double warmup, double iteration, double within,
			       double between, unsigned max)
{
	double n = ceil(sqrt((boot + warmup) / iteration) * within / between);

	if (!(between > 0) || n > max)
		return max;
	return n < 1 ? 1 : (unsigned)n;
}

/* --- power --- */

#define DRAWS 400

/* Distances of values from their mean, drawn again from those there are; their sum of squares is
 * added to *ss. */
static double draw_mean(const double *v, size_t n, double mean, size_t take, struct rng *rng,
			double *ss)
{
	double sum = 0, squares = 0;
	/* Distances from the values' own mean are too short by this. */
	double stretch = sqrt((double)n / (double)(n - 1));

	for (size_t i = 0; i < take; i++) {
		double e = stretch * (v[rng_below(rng, n)] - mean);

		sum += e;
		squares += e * e;
	}
	sum /= (double)take;
	*ss += squares - (double)take * sum * sum;
	return sum;
}

/* How far the true standard deviation may be from the one found: the root of df / chi square. */
static double draw_sd(size_t df, struct rng *rng)
{
	double squares = 0;

	for (size_t i = 0; i < df && i < 200; i++)
		squares += pow(rng_normal(rng), 2);
	return sqrt((double)(df < 200 ? df : 200) / squares);
}

double stats_seen(const double *x, size_t nx, const double *y, size_t ny, size_t take,
		  const double *c, size_t n_c, double margin, uint64_t seed)
{
	size_t take_x = nx ? (take ? take : nx) : 0, take_y = take ? take : ny;
	double h =
		nx ? (double)take_x * (double)take_y / (double)(take_x + take_y) : (double)take_y;
	double mean_x = nx ? stats_mean(x, nx) : 0, mean_y = stats_mean(y, ny);
	double *need, found;
	struct rng rng;

	if (ny < 2 || nx == 1)
		return NAN;
	need = xcalloc(DRAWS, sizeof(*need));
	rng_seed(&rng, seed);
	for (size_t i = 0; i < DRAWS; i++) {
		double ss = 0, mean = draw_mean(y, ny, mean_y, take_y, &rng, &ss), sd;

		if (nx)
			mean -= draw_mean(x, nx, mean_x, take_x, &rng, &ss);
		sd = draw_sd(nx ? nx + ny - 2 : ny - 1, &rng);
		need[i] =
			fmax(sd * stats_half_width(c[i % n_c], fmax(ss, 0), h), margin) - sd * mean;
	}
	found = stats_select(need, DRAWS, DRAWS * 8 / 10);
	free(need);
	return found;
}

/* The shares of flips that a test of so many pairs can reach are coarse: 2 of 64 at six. */
static double reached(double alpha, size_t pairs)
{
	double flips = pairs > 30 ? 0 : ldexp(1, (int)pairs - 1);

	return flips > 0 ? floor(alpha * flips * (1 + 1e-9)) / flips : alpha;
}

unsigned stats_plan(const double *x, size_t nx, const double *y, size_t ny, double level,
		    double alpha, double effect, unsigned most)
{
	unsigned low = 2, high = most;

	/* More values see more: between low, where they do not yet, and high. */
	while (low < high) {
		unsigned take = low + (high - low) / 2;
		double each = nx ? level : level * reached(alpha, take) / alpha;
		double c = stats_critical_of(each, nx ? take / 2. : take,
					     nx ? 2. * take - 2 : take - 1.);

		if (stats_seen(x, nx, y, ny, take, &c, 1, 0, 1) <= effect)
			high = take;
		else
			low = take + 1;
	}
	return high;
}

double stats_quantile_t(double p, double df)
{
	return gsl_cdf_tdist_Pinv(p, df);
}

void stats_components(const double *mean, const double *sd, const size_t *n, size_t boots,
		      double *within, double *between)
{
	double all = 0, total = 0, squares = 0, ss_within = 0, ss_between = 0, groups = 0, excess;

	for (size_t i = 0; i < boots; i++) {
		double ni = (double)n[i];

		total += ni * (n[i] ? mean[i] : 0);
		all += ni;
		squares += ni * ni;
		groups += n[i] > 0;
	}
	for (size_t i = 0; i < boots; i++) {
		if (n[i] > 1)
			ss_within += (double)(n[i] - 1) * sd[i] * sd[i];
		if (n[i])
			ss_between += (double)n[i] * pow(mean[i] - total / all, 2);
	}
	*within = all > groups ? sqrt(ss_within / (all - groups)) : NAN;
	*between = NAN;
	if (groups < 2 || all <= groups)
		return;
	excess = ss_between / (groups - 1) - *within * *within;
	*between = excess > 0 ? sqrt(excess * (groups - 1) / (all - squares / all)) : 0;
}
