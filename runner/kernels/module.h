/* Modules of a kernel, for workloads that load one. */
#ifndef RUNNER_KERNELS_MODULE_H
#define RUNNER_KERNELS_MODULE_H

#include "runner/kernels/kernel.h"

/*
 * The file of a module, "drivers/block/brd", as the kernel takes it: unpacked into `dir` where the
 * package has it packed. NULL where the kernel has no such module, or one that unpacks to over 64
 * MiB, which is told on standard error; that is not an error. The string is owned by the caller;
 * *made says whether the file is one in `dir`, to be removed after use.
 */
char *module_file(const struct kernel *k, const char *module, const char *dir, bool *made);

#endif
