/*
 * From what was seen of waiting for locks to who waited how long. Nothing here touches the kernel:
 * events come from a recorder, whichever it is.
 */
#ifndef GUEST_WAITS_H
#define GUEST_WAITS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runner/guest/symbols.h"

/*
 * What is waited for, and how; "read", "write", "mutex", "spin" in a `locks` message. MODE_EXIT is
 * no waiting: a thread is in exit_mmap(), taking down an address space. MODE_ANY: of a return that
 * does not tell.
 */
enum wait_mode { MODE_READ, MODE_WRITE, MODE_MUTEX, MODE_SPIN, MODE_EXIT, MODE_ANY };

/* A thread that begins to wait, or that stops: it has the lock, or a signal. */
struct lock_event {
	uint64_t time; /* ns of CLOCK_MONOTONIC_RAW */
	/* who waits: both halves of a wait have the same, which nothing else of that thread has
	 * that may enclose it; none is 0 */
	uint64_t waiter;
	bool enter;
	bool goes_on; /* an enter that may follow another: spinning for a mutex, then sleeping */
	enum wait_mode mode;
	uint64_t lock;	    /* its address; of an enter event */
	const char *caller; /* likewise: the function that wanted the lock, "" where unknown */
	const char *via;    /* and what called that */
};

struct lock_wait {
	uint64_t from, to;
	uint64_t lock;
	enum wait_mode mode;
	const char *caller, *via;
	uint64_t waiter;
	bool in_exit; /* it began within an exit_mmap() of the same thread */
};

/* Of a thread, what tells its time in exit_mmap() from its waits there. */
#define WAITER_EXIT (1ull << 32)

struct lock_waits {
	struct lock_wait *v; /* by the time at which they ended */
	size_t n;
	uint64_t unpaired; /* enters whose return was not seen, and the other way round */
};

/*
 * Finds who wanted the lock in a call chain that begins where it is waited for: the first function
 * that is not lock code, and the one that called it. Return addresses stand behind their call,
 * which may be the last instruction of a function.
 */
void waits_caller(const struct symbols *s, const uint64_t *chain, size_t n, struct lock_event *e);

/*
 * Pairs enters with returns by waiter, in the order of their times; events of one waiter with the
 * same time must stand in their order.
 */
void waits_pair(const struct lock_event *events, size_t n, struct lock_waits *w);
void waits_release(struct lock_waits *w);
/* Finds in_exit of every wait. */
void waits_find_exits(struct lock_waits *w);

/* A region in which waiting counts, on the clock of the events. */
struct lock_region {
	int iter;
	uint64_t start, end;
	unsigned workers;
};

/* Most rows that are told one by one: the rest are summed up as one. */
#define WAITS_MAX_ROWS 500

/*
 * The waits that began in a region, as the rows of a `locks` message (docs/formats.md): summed by
 * lock, mode and callers, the longest waiting first. A lock is told by a number, in the order of
 * the rows, for its address means nothing in another boot. A new reference.
 */
json_t *waits_rows(const struct lock_waits *w, const struct lock_region *region);

/* The times spent in exit_mmap() that began in a region: how many, and their sum. */
struct exits {
	uint64_t n, ns;
};
struct exits waits_exits(const struct lock_waits *w, const struct lock_region *region);

#endif
