/* An empty timed region: what the harness itself costs, below which no figure means anything. */
#include "workloads/workload.h"

static enum outcome iterate(struct bench *b)
{
	bench_start(b);
	bench_stop(b);
	bench_ops(b, 1);
	return OUTCOME_OK;
}

const struct workload null = {
	.name = "null",
	.help = "an empty timed region: the harness's own floor",
	.metrics =
		(const struct metric[]){
			{"floor", "ns", "between the two readings of the clock", BETTER_NEITHER,
			 true},
			{0},
		},
	.iterate = iterate,
};
