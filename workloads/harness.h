/* Runs a cell: its iterations, and a record of each. */
#ifndef WORKLOADS_HARNESS_H
#define WORKLOADS_HARNESS_H

#include <stdint.h>
#include "lib/record.h"
#include "workloads/params.h"

struct run_opts {
	unsigned iterations, warmup; /* warm-up iterations come first and are marked */
	uint64_t seed;
	double inject; /* percent */
	/*
	 * Who records what the kernel does meanwhile learns here when to look: a descriptor that
	 * gets a line "ITER START END WORKERS\n" for each timed region after its end, in ns of
	 * CLOCK_MONOTONIC_RAW; 0: none.
	 */
	int regions;
	int journal; /* descriptor that changed settings are noted to (lib/journal.h); 0: none */
};

struct sink {
	void *arg;
	/* Takes one record; -1 with err stops the run. */
	int (*sample)(void *arg, const struct sample *s, struct err *err);
};

/*
 * The exit code of the run: 0, EXIT_REGRESSION where an iteration failed, EXIT_SKIP, or EXIT_USAGE
 * where one was broken. Records go to the sink, one before the next iteration starts.
 *
 * seed decides the layout: up to 2 MiB of memory taken before the cell and kept, and the
 * bench_random() sequence, from which workloads draw the place of each mapping.
 */
int harness_run(const struct cell *cell, const struct run_opts *opts, const struct sink *sink,
		struct err *err);

#endif
