/*
 * What the boots of a run use where it lies: QEMU, with the libraries and data that it finds for
 * itself, programs of this machine that guests are given or that a session on the host runs. They
 * cannot be copied as images are (inputs.h); an upgrade in the middle of a run is noticed instead.
 */
#ifndef RUNNER_RUN_WATCH_H
#define RUNNER_RUN_WATCH_H

#include <stddef.h>
#include <sys/stat.h>
#include "lib/err.h"

struct run;

struct watched {
	char *path;
	struct stat was;
};

struct watch {
	struct watched *v;
	size_t n;
};

/* Notes the files that the boots of r will use, as they are now. */
void watch_begin(struct watch *w, const struct run *r);
/* Whether they are the same files, as they were; -1 with err, which names the first that is not. */
int watch_check(const struct watch *w, struct err *err);
void watch_release(struct watch *w);

#endif
