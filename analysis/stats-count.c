/* Failures and other things that are counted. */
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include "analysis/stats.h"

double stats_fisher(unsigned a, unsigned n1, unsigned b, unsigned n2)
{
	unsigned hits = a + b, all = n1 + n2;
	double here = gsl_ran_hypergeometric_pdf(a, hits, all - hits, n1), p = 0;

	/* R counts tables up to a relative 1e-7 more probable than the one seen. */
	for (unsigned i = 0; i <= hits && i <= n1; i++) {
		double share = gsl_ran_hypergeometric_pdf(i, hits, all - hits, n1);

		if (share <= here * (1 + 1e-7))
			p += share;
	}
	return fmin(p, 1);
}

struct interval stats_binomial(unsigned x, unsigned n, double level)
{
	double tail = (1 - level) / 2;
	struct interval ci = {0, 1};

	if (n && x > 0)
		ci.low = gsl_cdf_beta_Pinv(tail, x, n - x + 1.0);
	if (n && x < n)
		ci.high = gsl_cdf_beta_Qinv(tail, x + 1.0, n - x);
	return ci;
}
