/* Hardware counters of the region: kernel only, children included, empty where there are none. */
#ifndef WORKLOADS_PERF_COUNTERS_H
#define WORKLOADS_PERF_COUNTERS_H

#include "lib/record.h"

enum { PERF_COUNTERS = 2 }; /* instructions, cycles */

struct perf_counters {
	int fd[PERF_COUNTERS]; /* -1 where the machine or its settings refuse the counter */
};

/*
 * Opens them, stopped. Processes forked afterwards are counted with us from the first start on;
 * the kernel then does a little more at their exit, which a machine without counters does not.
 */
void perf_counters_open(struct perf_counters *p);
void perf_counters_start(struct perf_counters *p);
void perf_counters_stop(struct perf_counters *p);
/* What was counted, scaled up where a counter had to share the hardware. */
void perf_counters_read(const struct perf_counters *p, struct figures *out);
void perf_counters_close(struct perf_counters *p);

#endif
