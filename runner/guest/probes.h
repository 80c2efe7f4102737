/*
 * Probes on the slow paths of read-write semaphores, which every waiting goes through, spinning
 * too: what the kernel's own contention tracepoints miss of it is most. They go through tracefs and
 * not through perf's own kprobe events, which cannot say how many returns may be outstanding: by
 * default so few that a kernel 5.10 loses one in five.
 */
#ifndef GUEST_PROBES_H
#define GUEST_PROBES_H

#include <stdint.h>
#include "lib/err.h"
#include "runner/guest/symbols.h"

enum probe { PROBE_READ_ENTER, PROBE_WRITE_ENTER, PROBE_READ_LEAVE, PROBE_WRITE_LEAVE, PROBES };

struct probes {
	unsigned id[PROBES]; /* of its tracepoint, as perf_event_open(2) and raw records have it */
	unsigned lock_at;    /* where in an enter record the semaphore's address stands, in bytes */
};

/*
 * Makes them; they cost nothing until somebody opens their events. -1 where the kernel or the user
 * cannot: the message is then the reason for a skip.
 */
int probes_create(struct probes *p, const struct symbols *s, struct err *err);
void probes_remove(void);

struct probe_counts {
	uint64_t hits, missed; /* missed: the kernel could not follow that call */
};
/* What all of them together have counted since they were made. */
int probes_count(struct probe_counts *c, struct err *err);

#endif
