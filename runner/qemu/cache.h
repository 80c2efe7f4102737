/*
 * QEMUs that `mlocklab qemu fetch` brought: CACHE/qemu/VERSION/qemu.json says how each is started.
 *
 *     {"version":"10.0.2","binary":"/...",
 *      "argv":["/.../ld-linux-x86-64.so.2","--library-path",...,"-L",...]}
 */
#ifndef RUNNER_QEMU_CACHE_H
#define RUNNER_QEMU_CACHE_H

#include "lib/err.h"
#include "lib/str.h"

/*
 * The newest cached QEMU: what to put before its arguments, appended to argv, and the path of the
 * program itself (a new string). -1 where none is cached.
 */
int qemu_cache_prefix(struct strv *argv, char **binary, struct err *err);

#endif
