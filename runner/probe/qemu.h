/* The QEMU at hand: which it is, and what it can do, found by trying. */
#ifndef RUNNER_PROBE_QEMU_H
#define RUNNER_PROBE_QEMU_H

#include <stdbool.h>
#include "runner/kernels/kernel.h"
#include "runner/qemu/target.h"

/*
 * Fills in the QEMU part of a target: `path` is a program, "cached" for the newest that
 * `mlocklab qemu fetch` brought, or NULL for qemu-system-x86_64 on PATH.
 */
int qemu_find(struct target *t, const char *path, struct err *err);
/* "7.2.22" from the first line of --version, or NULL: owned by the caller. */
char *qemu_parse_version(const char *text);

/*
 * Boots the kernel on the target with an empty plan. True when the guest ran its PID 1 to the end
 * within `limit` seconds; else false with why in err.
 */
bool qemu_probe(const struct target *t, const struct kernel *k, int limit, struct err *err);

/*
 * As qemu_probe, for one question: does KVM truly boot a guest, and does icount start several
 * CPUs? The answer is kept in the cache, by QEMU's hash and the host's kernel.
 */
bool qemu_can_kvm(const struct target *t, const struct kernel *k, struct err *err);
bool qemu_can_icount_smp(const struct target *t, const struct kernel *k, struct err *err);

#endif
