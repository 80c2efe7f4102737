/* The recorder in the kernel: lock-bpf (runner/guest/bpf/main.c), a program beside mlockbench. */
#ifndef GUEST_HELPER_H
#define GUEST_HELPER_H

#include <stdio.h>
#include "lib/err.h"
#include "lib/spawn.h"
#include "runner/guest/waits.h"

struct helper {
	struct child child;
	int in;	   /* its standard input, whose end ends it */
	FILE *out; /* what it says */
};

/* Starts the lock-bpf that lies where mlockbench does; -1 with its own reason where it cannot
 * record. */
int helper_start(struct helper *h, const char *bench, struct err *err);
/* Ends it and takes what it recorded, to be released with waits_release; its losses go to *lost. */
int helper_stop(struct helper *h, const struct symbols *s, struct lock_waits *w, uint64_t *lost,
		struct err *err);

/* The pure part: reads one "wait" line, names being those of s. */
int helper_parse_wait(const char *line, const struct symbols *s, struct lock_wait *w);

#endif
