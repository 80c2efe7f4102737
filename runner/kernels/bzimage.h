/* What an x86 kernel image says of itself (Documentation/arch/x86/boot.rst in the kernel). */
#ifndef RUNNER_KERNELS_BZIMAGE_H
#define RUNNER_KERNELS_BZIMAGE_H

#include "lib/err.h"

/* "6.1.0-56-cloud-amd64": a new string. Fails where the file is not a bzImage. */
char *bzimage_release(const char *path, struct err *err);

/*
 * The release, and what `uname -v` says once it is booted, "#1 SMP PREEMPT_DYNAMIC Debian ...":
 * new strings, the second NULL where the image does not say it. arch/x86/boot/version.c in the
 * kernel: "RELEASE (USER@HOST) VERSION".
 */
int bzimage_identity(const char *path, char **release, char **version, struct err *err);

#endif
