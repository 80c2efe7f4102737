/* How many pairs, how many iterations, and when a run may stop. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include "analysis/stats/stats.h"

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

unsigned stats_plan_pairs(double sd, double effect, unsigned max)
{
	unsigned k = 2;

	while (k < max && (gsl_cdf_tdist_Pinv(0.975, k - 1.0) + gsl_cdf_tdist_Pinv(0.80, k - 1.0)) *
					  sd / sqrt(k) >
				  effect)
		k++;
	return k;
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
