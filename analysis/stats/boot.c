/* Bootstrap, for what has no exact test. */
#include <math.h>
#include <stdlib.h>
#include "analysis/stats/stats.h"
#include "lib/str.h"

struct interval stats_bootstrap_t(const double *d, size_t k, double level, unsigned rounds,
				  uint64_t seed)
{
	struct interval ci = {-INFINITY, INFINITY};
	double mean = stats_mean(d, k), se = stats_sd(d, k) / sqrt((double)k);
	double *t = xcalloc(rounds + 1, sizeof(*t)), *again = xcalloc(k + 1, sizeof(*again));
	size_t have = 0;
	struct rng rng;

	rng_seed(&rng, seed);
	for (unsigned r = 0; k >= STATS_BOOTSTRAP_LEAST && r < rounds; r++) {
		double s;

		for (size_t i = 0; i < k; i++)
			again[i] = d[rng_below(&rng, k)];
		s = stats_sd(again, k) / sqrt((double)k);
		/* A resampling of one value k times has no spread and says nothing. */
		if (s > 1e-12 * se)
			t[have++] = (stats_mean(again, k) - mean) / s;
	}
	stats_sort(t, have);
	if (k >= STATS_BOOTSTRAP_LEAST && !(se > 0)) {
		ci = (struct interval){mean, mean};
	} else if (have) {
		ci.low = mean - stats_quantile_sorted(t, have, (1 + level) / 2) * se;
		ci.high = mean - stats_quantile_sorted(t, have, (1 - level) / 2) * se;
	}
	free(t);
	free(again);
	return ci;
}
