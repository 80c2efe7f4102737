/*
 * The two ways to see waiting through the kernel's tracepoints.
 *
 * slowpath: probes on the slow paths of read-write semaphores, which every waiting goes through,
 * spinning too, alike on all kernels. They go through tracefs and not through perf's own kprobe
 * events, which cannot say how many returns may be outstanding: by default so few that a kernel
 * 5.10 loses one in five.
 *
 * perf-lock: the tracepoints of 5.19 and later that `perf lock contention` reads. They see mutexes
 * and spinlocks too, but of a semaphore only what comes after spinning, which is a small part.
 */
#ifndef GUEST_PROBES_H
#define GUEST_PROBES_H

#include <stdint.h>
#include "lib/err.h"
#include "runner/guest/symbols.h"
#include "runner/guest/waits.h"

enum probe {
	PROBE_READ_ENTER,
	PROBE_WRITE_ENTER,
	PROBE_READ_LEAVE,
	PROBE_WRITE_LEAVE,
	PROBE_EXIT_ENTER, /* of exit_mmap(): by slowpath, for what part of an exit was waiting */
	PROBE_EXIT_LEAVE,
	PROBES
};

struct probes {
	/* of its tracepoint, as perf_event_open(2) and raw records have it; 0: not used */
	unsigned id[PROBES];
	unsigned lock_at;  /* where in an enter record the lock's address stands, in bytes */
	unsigned flags_at; /* and the kind of lock; 0: the probe itself tells, and no return has
			      either */
};

/*
 * Makes those of slowpath; they cost nothing until somebody opens their events. -1 where the kernel
 * or the user cannot: the message is then the reason for a skip. journal: where each is noted
 * first, on a machine that is not ours (lib/journal.h), or 0.
 */
int probes_create(struct probes *p, const struct symbols *s, int journal, struct err *err);
void probes_remove(void);

/* Finds those of perf-lock, which the kernel has or has not: the waits of all locks as READ. */
int probes_find(struct probes *p, struct err *err);
/* The kind of lock that such a tracepoint's flags tell. */
enum wait_mode probes_mode(uint32_t flags);

struct probe_counts {
	uint64_t hits, missed; /* missed: the kernel could not follow that call */
};
/* What those of slowpath together have counted since they were made. */
int probes_count(struct probe_counts *c, struct err *err);

#endif
