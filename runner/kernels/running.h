/* The kernel that this machine has booted, and those that it can boot. */
#ifndef RUNNER_KERNELS_RUNNING_H
#define RUNNER_KERNELS_RUNNING_H

#include <stddef.h>
#include "runner/kernels/kernel.h"

/*
 * Fills k, its spec excepted, from uname, from /sys/kernel/notes and from /boot. An image there
 * that is of another build of the same release (upgraded, and not booted since) is not this
 * kernel: then, and where it cannot be read, sha256 is that of release, version, machine and build
 * id.
 */
int kernel_running(struct kernel *k, struct err *err);

/* Fills k, its spec excepted, from /boot/vmlinuz-RELEASE and what lies beside it. */
int kernel_in_boot(struct kernel *k, const char *release, struct err *err);

/* The GNU build id of ELF notes as hex digits, a new string, or NULL. For tests. */
char *kernel_build_id(const unsigned char *notes, size_t n);

#endif
