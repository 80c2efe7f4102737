/* A memory cgroup (v2) of the workload's own: to limit, to reclaim from, to be killed in. */
#ifndef WORKLOADS_CGROUP_H
#define WORKLOADS_CGROUP_H

#include <stdint.h>
#include <sys/types.h>
#include "lib/err.h"
#include "workloads/knob.h"

/* Of a descriptor's `changes`. */
#define CGROUP_CHANGES "/sys/fs/cgroup/cgroup.subtree_control", "/sys/fs/cgroup/mlockbench-*"

struct cgroup {
	char *path; /* NULL: there is none */
	struct knob controller;
};

/* For needs.feature: NULL where cgroup_make() can work, else what is missing. */
const char *cgroup_missing(void);
/* Makes it below the root, limited to so many bytes (0: not). */
int cgroup_make(struct cgroup *g, uint64_t limit, struct err *err);
/* Puts a process into it (0: the caller). What it has allocated stays where it was charged. */
int cgroup_enter(const struct cgroup *g, pid_t pid, struct err *err);
/* Writes a number into one of its files, "memory.max". */
int cgroup_set(const struct cgroup *g, const char *file, uint64_t value, struct err *err);
/* The number in a file, or behind a name in it: ("memory.current", NULL), ("memory.stat",
 * "pgscan"). -1 where there is none. */
int64_t cgroup_get(const struct cgroup *g, const char *file, const char *name);
/* Removes it, once it is empty, and waits until it is. */
void cgroup_remove(struct cgroup *g);

#endif
