/* What an x86 kernel image says of itself (Documentation/arch/x86/boot.rst in the kernel). */
#ifndef RUNNER_KERNELS_BZIMAGE_H
#define RUNNER_KERNELS_BZIMAGE_H

#include "lib/err.h"

/* "6.1.0-56-cloud-amd64": a new string. Fails where the file is not a bzImage. */
char *bzimage_release(const char *path, struct err *err);

#endif
