/*
 * What a run's workloads verified, as KTAP (Documentation/dev-tools/ktap.rst) for kernel CI: a test
 * a boot, in it a test a cell. A cell fails where the kernel's accounting of locked memory was
 * wrong in an iteration, warm-up or not, where the workload could not do its work, or where the
 * boot ended before it. Counts, such as the pages by which Mlocked was off, stand in diagnostic
 * lines; times do not, for one boot says nothing of them.
 */
#ifndef RUNNER_RUN_KTAP_H
#define RUNNER_RUN_KTAP_H

#include "runner/run/run.h"

/* The run's timed boots, appended; those that were not made fail. Reads what the store holds.
 * Returns how many failed. */
size_t ktap_run(const struct run *r, struct str *out);

#endif
