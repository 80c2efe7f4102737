/*
 * Kernels built from source for guests: Debian's source packages or the user's own tree, with the
 * configuration of configs/kernel/base.config and what the user adds. The result is one more kernel
 * of the cache (kernel-cache.h), named by source, configuration and compiler.
 */
#ifndef RUNNER_KERNELS_BUILD_H
#define RUNNER_KERNELS_BUILD_H

#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/resolve.h"

struct kernel_build {
	const char *source;	/* debian-source:VERSION or source:DIR */
	struct strv fragments;	/* files of CONFIG_ lines, base.config the first of them */
	int jobs;
};

/*
 * Builds, unless the cache holds it already (a user's own tree is always built, make deciding what
 * is new). The lock of kernel-cache.h must be held. Returns the kernel's name in the cache, a new
 * string; a build that failed leaves its tree and log in CACHE/builds.
 */
char *kernel_build(const struct kernel_build *b, const struct kernel_opts *o, struct err *err);

/*
 * What of a fragment a configuration does not have as asked: "CONFIG_LOCK_STAT=y" a line each,
 * appended to missing. Options that the kernel does not know are missing too.
 */
void kernel_build_missing(const char *fragment, const char *config, struct strv *missing);

#endif
