/*
 * What the kernel counts: /proc/vmstat, and resource usage.
 *
 * Both have per-CPU parts that lag behind. accounting_settle() makes them exact:
 *  - pages in per-CPU LRU batches (pagevecs, mlock batches) belong to no list and to no count yet.
 *    move_pages(2) on no pages at all runs lru_add_drain_all() and does nothing else: as
 *    migrate_prep() up to 5.12, as lru_cache_disable() since. It needs no privilege.
 *  - vmstat's per-CPU differences are folded by a read of /proc/sys/vm/stat_refresh (4.7 and
 *    later; root). Without it a count may be off by the kernel's per-CPU threshold, at most 125
 *    pages a CPU, until a worker folds it within two seconds (vm.stat_interval).
 */
#ifndef WORKLOADS_ACCOUNTING_H
#define WORKLOADS_ACCOUNTING_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/err.h"
#include "lib/record.h"

struct rusage;

/* The counters a record keeps, where the kernel has them. */
enum { VMSTAT_MAX = 32 };

struct vmstat {
	bool has[VMSTAT_MAX];
	int64_t v[VMSTAT_MAX];
};

/* Pages, system wide. */
struct accounting {
	int64_t mlock, unevictable;
};

/* As getrusage(2): signed, for differences. */
struct usage {
	int64_t utime_us, stime_us, minflt, majflt, nvcsw, nivcsw;
};

void accounting_settle(void);
int vmstat_read(struct vmstat *s, struct err *err);
/* One counter by its /proc/vmstat name, -1 where the kernel has none such. */
int64_t vmstat_get(const struct vmstat *s, const char *name);
/* now - before, by name. */
void vmstat_difference(struct figures *out, const struct vmstat *before, const struct vmstat *now);

/* nr_mlock as it stands: the CPUs' parts of it handed in, but no batch of pages emptied. -1 where
 * it cannot be read. */
int64_t accounting_mlocked(void);
/* Settles, then reads. */
int accounting_read(struct accounting *a, struct err *err);
/*
 * Compares with the baseline, and gives stragglers three seconds to come home. -1 with the
 * difference in err when nr_mlock or nr_unevictable is still more than slack pages off.
 */
int accounting_check(const struct accounting *base, int slack, struct err *err);

/* Our own and that of the children waited for, whose whole life counts. */
void usage_read(struct usage *u);
/* A single process's: of RUSAGE_SELF. */
void usage_self(struct usage *u);
/* sum += sign * u */
void usage_add(struct usage *sum, const struct usage *u, int sign);

#endif
