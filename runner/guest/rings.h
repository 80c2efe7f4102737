/*
 * What the probes send: perf events on every CPU into one ring a CPU, read out now and then. No
 * perf program: with its libraries it is forty times the rest of the guest's file system.
 */
#ifndef GUEST_RINGS_H
#define GUEST_RINGS_H

#include <poll.h>
#include <stdint.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/guest/probes.h"
#include "runner/guest/waits.h"

struct ring {
	int fds[PROBES];
	void *base; /* its control page, and after it the data */
};

struct rings {
	struct ring *v;	      /* by CPU */
	struct pollfd *polls; /* one a ring, and at its end a free one for the owner */
	size_t n;
	size_t bytes;	/* of each ring's data */
	struct str raw; /* the records so far; there is an end to what is kept */
};

/* The pure part: bytes of a ring where there are so many, a power of two of at most 4 MiB; all of
 * them together take a sixteenth of the memory, or 64 KiB each. */
size_t rings_bytes(size_t cpus, unsigned long long memory);
/* Opens and starts the events of all CPUs. */
int rings_open(struct rings *r, const struct probes *p, struct err *err);
/* Takes out what is in them. They hold half their size before poll(2) reports one. */
void rings_drain(struct rings *r);
void rings_stop(struct rings *r);
void rings_release(struct rings *r);

struct lock_events {
	struct lock_event *v;
	size_t n;
	uint64_t lost; /* for which a ring had no room, as far as the kernel told */
};

/*
 * Reads the records in raw; one that makes no sense ends the reading, what comes after it is lost.
 * Names are those of symbols. e->v is for the caller to free.
 */
void rings_decode(const struct str *raw, const struct probes *p, const struct symbols *s,
		  struct lock_events *e);

#endif
