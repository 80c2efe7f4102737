/* The kernels that can be named: those in the cache, and the newest of each series that Debian has. */
#ifndef RUNNER_KERNELS_LIST_H
#define RUNNER_KERNELS_LIST_H

#include "runner/kernels/kernel.h"

/* Prints them, and what is said of Debian's where there is no answer from it. */
int kernel_list(const struct kernel_opts *o, struct err *err);

#endif
