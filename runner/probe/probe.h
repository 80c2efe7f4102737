/* What the QEMU at hand can do with a kernel, found by trying. */
#ifndef RUNNER_PROBE_PROBE_H
#define RUNNER_PROBE_PROBE_H

#include <stdbool.h>
#include "runner/kernels/kernel.h"
#include "runner/qemu/target.h"

/*
 * Does KVM truly boot this kernel, and does icount start several CPUs of it? True when a guest ran
 * its PID 1 to the end in time; else false with why in err. A yes is kept in the cache, for this
 * QEMU, this kernel and the host's; a no is not, since it may have been a busy moment. wanted: it
 * is KVM or nothing, which is borne with for longer (a machine that is itself a slow guest).
 */
bool probe_kvm(const struct target *t, const struct kernel *k, bool wanted, struct err *err);
bool probe_icount_smp(const struct target *t, const struct kernel *k, struct err *err);

#endif
