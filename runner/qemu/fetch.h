/*
 * A QEMU of Debian's in the cache, for machines whose own is too old: the program with all the
 * libraries and firmware it needs in CACHE/qemu/VERSION/tree, started through that tree's own
 * loader. Nothing is installed and root is not needed. qemu-cache.h finds it again.
 */
#ifndef RUNNER_QEMU_FETCH_H
#define RUNNER_QEMU_FETCH_H

#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/kernel.h"

/*
 * Fetches the newest QEMU of the suites of o->config that apt itself would choose (none from
 * backports). Where the cache has that version, only the mirror's lists are looked at. Returns the
 * version of the package, a new string.
 */
char *qemu_fetch(const struct kernel_opts *o, struct err *err);

/* --- the pure parts, for tests --- */

/* What stands before QEMU's own arguments when it is run from a tree. */
void qemu_fetch_argv(const char *tree, struct strv *argv);
/* Where a package's member goes: only what running a guest takes. See deb_place. */
char *qemu_fetch_place(void *arg, const char *name);

#endif
