/* The kernels that can be named: those in the cache, and the newest of each series that Debian has.
 */
#ifndef RUNNER_KERNELS_LIST_H
#define RUNNER_KERNELS_LIST_H

#include <jansson.h>
#include "lib/str.h"
#include "runner/kernels/kernel.h"

/*
 * "cache", "flavour"; "cached": for each kernel its "spec", "release", "version", what it was made
 * of
 * ("origin") where Debian has no part in it, "bytes", the day it was "fetched" and its "dir";
 * "debian": "spec", "version" and "suite" of each series, or null where Debian was not asked yet.
 * Every spec is one that an arm takes. A new reference, or NULL.
 */
json_t *kernel_list(const struct kernel_opts *o, struct err *err);
/* The same for eyes. */
void kernel_list_text(const json_t *list, struct str *out);

#endif
