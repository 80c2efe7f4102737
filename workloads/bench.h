/* What a workload sees as an opaque `struct bench`, for the harness's own files. */
#ifndef WORKLOADS_BENCH_H
#define WORKLOADS_BENCH_H

#include "lib/record.h"
#include "workloads/accounting.h"
#include "workloads/crew.h"
#include "workloads/params.h"
#include "workloads/perf_counters.h"
#include "workloads/workload.h"

struct bench {
	const struct workload *w;
	const struct cell *cell;
	double inject; /* percent of the work to do over again inside the region */
	uint64_t random;
	void *state;
	pid_t background;    /* of the stream beside it; 0 where there is none, or it has ended */
	int background_said; /* what it says, outside_listen() */

	/* of the iteration under way */
	bool warmup;
	bool started, stopped;
	struct sample sample;
	struct accounting base; /* before the iteration */
	struct vmstat region;	/* at the region's start */
	struct usage usage;
	struct usage members; /* of crew members, from ready to done */
	struct perf_counters perf;
	uint64_t start_ns;
	unsigned workers; /* processes that worked in the region beside each other */
	char reason[256];
};

/* Tells a profiler that the next cell begins; its regions are marked by bench_start and _stop. */
void bench_mark_cell(void);

#endif
