/* How many guests may run beside each other on this machine, as far as they do not disturb each
 * other. */
#ifndef RUNNER_RUN_WORKERS_H
#define RUNNER_RUN_WORKERS_H

#include "runner/qemu/target.h"

/*
 * As many as the CPUs that we may use, by affinity and by the quota of our cgroups, and as the
 * memory that is free here and in our cgroups holds; at least one.
 */
int workers_default(const struct target *t);

/* The pure parts. CPUs that a cpu.max of cgroup v2 gives, "QUOTA PERIOD" in us, begun ones whole;
 * 0: no limit. */
int workers_quota(const char *cpu_max);
/*
 * What the cgroups of /proc/self/cgroup's text leave, version 1 or 2, each with those above it:
 * lowers *quota (0: no limit) and *mib. root: /sys/fs/cgroup.
 */
void workers_limits(const char *root, const char *cgroups, int *quota, unsigned long long *mib);
int workers_fit(int cpus, int quota, unsigned long long free_mib, int guest_mib);

#endif
