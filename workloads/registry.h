/* Finding a workload by its name. */
#ifndef WORKLOADS_REGISTRY_H
#define WORKLOADS_REGISTRY_H

#include "lib/err.h"
#include "workloads/workload.h"

/* All of them, sorted by name, NULL at the end. */
extern const struct workload *const workloads[];

/* NULL where there is none; err then names the nearest ones. */
const struct workload *workload_find(const char *name, struct err *err);

#endif
