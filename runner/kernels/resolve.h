/* Kernel specs: from a name a user types to an image that boots. */
#ifndef RUNNER_KERNELS_RESOLVE_H
#define RUNNER_KERNELS_RESOLVE_H

#include "lib/err.h"
#include "runner/kernels/kernel.h"

/*
 * Resolves debian:VERSION[/FLAVOUR] (fetching it when the cache has none), deb:FILE,
 * image:FILE[,config=FILE][,modules=DIR][,map=FILE], built:NAME
 * (build.h), boot:RELEASE of /boot, git:[DIR@]REV[,config=FILE][,fragment=FILE] (git.h), which is
 * built when the cache has none of it, and running. A cached image is checked against its recorded
 * SHA-256 first. k is empty on failure.
 */
int kernel_resolve(struct kernel *k, const char *spec, const struct kernel_opts *opts,
		   struct err *err);

/*
 * A spec that means the same tomorrow and elsewhere, a new string: git:REV in full, others as they
 * are. missing: the cache has none of it, and kernel_resolve() would fetch or build it. NULL where
 * there is no such commit.
 */
char *kernel_pin(const char *spec, const struct kernel_opts *opts, bool *missing, struct err *err);

/*
 * The spec of the kernel that a tree, or an object directory, was made into where it stands, as a
 * kernel's own tools find it: arch/x86/boot/bzImage, else bzImage, with .config and System.map
 * beside it. A new string, or NULL.
 */
char *kernel_made_in(const char *tree);

#endif
