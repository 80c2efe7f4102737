/*
 * Profiled boots: QEMU with the plugin of runner/plugin/, which counts every instruction of the
 * timed regions by kernel function and call path, and the names of the functions for it.
 */
#ifndef RUNNER_RUN_PROFILER_H
#define RUNNER_RUN_PROFILER_H

#include <stddef.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/kernel.h"
#include "runner/qemu/target.h"

struct profiler {
	char *plugin;	/* path of the plugin for this QEMU; NULL: no boot is profiled */
	char **symbols; /* path of each kernel's symbols; NULL where there are none */
	size_t n;
};

/*
 * Finds the plugin for the target's QEMU and the symbols of each kernel, asking a kernel that came
 * without any for its own in a boot once: they are kept in the cache by the image's hash. A kernel
 * without symbols is told of on standard error and profiled by address. Fails where the target is
 * not icount, which alone has exact counts, or QEMU takes no plugin of ours.
 */
int profiler_prepare(struct profiler *p, const struct target *t, const struct kernel *kernels,
		     size_t n, struct err *err);

/* The plugin's version for a QEMU version ("7.2.22"): 1 to 3, or -1 with what would do. */
int profiler_api(const char *qemu_version, struct err *err);

#endif
