#include "workloads/hugepool.h"

#include <stdio.h>
#include "workloads/workload.h"

#define NODE "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/%s"

static long long node_number(int node, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path), NODE, node, file);
	return knob_number(path);
}

const char *hugepool_missing(void)
{
	return knob_number("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages") < 0
		       ? "needs hugetlb with pages of 2 MiB"
		       : NULL;
}

static int fill(struct knob *k, int node, int pages, struct err *err)
{
	long long there = node_number(node, "nr_hugepages");
	char path[128];

	snprintf(path, sizeof(path), NODE, node, "nr_hugepages");
	if (knob_set_number(k, path, there + pages, err) < 0)
		return -1;
	/* The kernel takes the number and does what it can. */
	if (node_number(node, "free_hugepages") < pages)
		return err_set(err, "node %d has %lld free huge pages, needed are %d", node,
			       node_number(node, "free_hugepages"), pages);
	return 0;
}

int hugepool_fill(struct hugepool *p, int n, int pages, struct err *err)
{
	int nodes[HUGEPOOL_NODES], there = bench_nodes(nodes, HUGEPOOL_NODES);

	*p = (struct hugepool){0};
	for (int i = 0; i < n && i < there; i++) {
		if (fill(&p->nodes[i], nodes[i], pages, err) < 0) {
			hugepool_drain(p);
			return -1;
		}
	}
	return 0;
}

void hugepool_drain(struct hugepool *p)
{
	for (int i = 0; i < HUGEPOOL_NODES; i++)
		knob_restore(&p->nodes[i]);
}
