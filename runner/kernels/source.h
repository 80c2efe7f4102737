/* The source of a kernel that is to be built. */
#ifndef RUNNER_KERNELS_SOURCE_H
#define RUNNER_KERNELS_SOURCE_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/resolve.h"

struct kernel_source {
	char *dir;     /* its tree */
	char *name;    /* "linux-source-6.1_6.1.192-2", or "source" of a user's own tree */
	char *version; /* of the package, or NULL */
	bool own;      /* the user's tree, which may change between builds */
};

/*
 * debian-source:VERSION, fetched and unpacked into CACHE/sources/ where it is not there yet, or
 * source:DIR. s is empty on failure.
 */
int kernel_source_get(struct kernel_source *s, const char *spec, const struct kernel_opts *o,
		      struct err *err);
void kernel_source_release(struct kernel_source *s);

/* The command that unpacks a tree's archive into dir, for tests. */
void kernel_source_unpack_argv(struct strv *argv, const char *archive, const char *dir);

#endif
