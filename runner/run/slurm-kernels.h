/*
 * Kernels that a cluster's run needs and the cache lacks: each becomes a job that fetches or builds
 * it, and the beginning of the run, from which on its boots are tasks, a job that depends on all of
 * them (afterok). Who typed the command need not wait for it, and nothing is built on the machine
 * where it was typed. Until that beginning the run is its planned.json (store.h).
 */
#ifndef RUNNER_RUN_SLURM_KERNELS_H
#define RUNNER_RUN_SLURM_KERNELS_H

#include "runner/run/options.h"
#include "runner/run/run.h"

/*
 * Submits these jobs for the arms of a planned run whose kernel is missing, and lets its lock go:
 * the run is the last job's from then on. Returns how many kernels are made; where that is 0
 * nothing was submitted. They are made one after the other, as they write to one cache.
 */
int slurm_kernels_submit(struct run *r, const struct run_options *o, const bool *missing,
			 struct err *err);

/*
 * Waits until the planned run in dir has begun. -1 where it never will, with the kernel that could
 * not be made and what its job said last, and where we were asked to stop: then the jobs are
 * cancelled, or left where that is the answer to a question; not by who only looks on.
 */
int slurm_kernels_wait(const char *dir, bool looks_on, struct err *err);

#endif
