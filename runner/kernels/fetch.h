/* Fetching a Debian kernel into the cache. */
#ifndef RUNNER_KERNELS_FETCH_H
#define RUNNER_KERNELS_FETCH_H

#include "lib/err.h"
#include "lib/str.h"
#include "runner/debian/apt.h"
#include "runner/kernels/kernel.h"

/* What configs/kernel/debian.ini says. */
struct kernel_suites {
	struct strv suites;
	char *flavour; /* the default one */
};

int kernel_suites_load(struct kernel_suites *s, const char *path, struct err *err);
void kernel_suites_release(struct kernel_suites *s);

/*
 * Fetches the newest kernel of a version and of s->flavour, unless the cache has that very package.
 * The lock of kernel-cache.h must be held. Returns its name in the cache, a new string.
 */
char *kernel_fetch(const char *version, const struct kernel_suites *s, const struct kernel_opts *o,
		   struct err *err);

/*
 * Opens the private apt of the cache and asks the mirror where o->update or nothing is there.
 * 1: the lists are of now, 0: of some day.
 */
int kernel_fetch_open(struct apt *a, const struct kernel_suites *s, const struct kernel_opts *o,
		      struct err *err);

/* Fails where the file system of dir has less than bytes left. what: that which needs them. */
int kernel_fetch_space(const char *dir, unsigned long long bytes, const char *what,
		       struct err *err);

#endif
