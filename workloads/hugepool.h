/* Huge pages of 2 MiB set aside on each NUMA node, for hugetlb. */
#ifndef WORKLOADS_HUGEPOOL_H
#define WORKLOADS_HUGEPOOL_H

#include "lib/err.h"
#include "workloads/knob.h"

#define HUGE_BYTES (2u << 20)
#define HUGEPOOL_NODES 8
/* Of a descriptor's `changes`. */
#define HUGEPOOL_CHANGES "/sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages"

struct hugepool {
	struct knob nodes[HUGEPOOL_NODES];
};

/* For needs.feature: NULL where there is hugetlb of 2 MiB, else what is missing. */
const char *hugepool_missing(void);
/* Sees to it that each of the first n nodes has that many free; more than it had before. */
int hugepool_fill(struct hugepool *p, int n, int pages, struct err *err);
/* Puts the numbers back. */
void hugepool_drain(struct hugepool *p);

#endif
