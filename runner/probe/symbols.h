/* The symbols of a kernel, of one too whose package holds none, as Debian's do since bookworm. */
#ifndef RUNNER_PROBE_SYMBOLS_H
#define RUNNER_PROBE_SYMBOLS_H

#include "lib/err.h"
#include "runner/kernels/kernel.h"
#include "runner/qemu/target.h"

/*
 * The path of a file as System.map that holds the kernel's code symbols: its own System.map, else
 * from the cache, else as the kernel itself tells them in a boot on the target's QEMU. A new
 * string, or NULL.
 */
char *kernel_symbols(const struct kernel *k, const struct target *t, struct err *err);

/*
 * The map in CACHE/symbols of the image with that hash, a new string; NULL where there is none that
 * is as it was written: its name holds the hash of its own bytes.
 */
char *kernel_symbols_cached(const char *dir, const char *image_sha256);

#endif
