/* A boot that is no part of a run: it answers one question and is gone. */
#ifndef RUNNER_PROBE_ONCE_H
#define RUNNER_PROBE_ONCE_H

#include "runner/kernels/kernel.h"
#include "runner/plan/plan.h"
#include "runner/qemu/target.h"

struct once {
	enum boot_kind kind;
	const struct target *target;
	const struct kernel *kernel;
	int seconds;	   /* it may take; 0: as long as it says something */
	int silence;	   /* seconds without a message after which it is given up */
	const char *doing; /* what a terminal shows meanwhile, with the seconds; NULL: nothing */
};

/*
 * Boots the kernel with no cells, its files into dir, which must be there and is the caller's. 0
 * when the guest ran its PID 1 to the end; else -1 with why.
 */
int boot_once(const struct once *o, const char *dir, struct err *err);

#endif
