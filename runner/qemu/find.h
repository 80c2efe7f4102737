/* Which QEMU is at hand. */
#ifndef RUNNER_QEMU_FIND_H
#define RUNNER_QEMU_FIND_H

#include "runner/qemu/target.h"

/*
 * Fills in the QEMU part of a target: `path` is a program, "cached" for the newest that
 * `mlocklab qemu fetch` brought, or NULL for qemu-system-x86_64 on PATH.
 */
int qemu_find(struct target *t, const char *path, struct err *err);
/* "7.2.22" from the first line of --version, or NULL: owned by the caller. */
char *qemu_parse_version(const char *text);

#endif
