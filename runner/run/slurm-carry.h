/*
 * Boots on nodes that do not see the tree, the cache or the results: a task is one file with all
 * that it takes -- programs, kernels, the run's plan -- which srun copies to its node as sbcast
 * does (--bcast), and what it measured comes back on its standard output. Tasks end with us, so
 * nothing can be left to Slurm.
 */
#ifndef RUNNER_RUN_SLURM_CARRY_H
#define RUNNER_RUN_SLURM_CARRY_H

#include "runner/run/run.h"

/*
 * Whether nodes see the run, the programs and the cache, which one small job is to say: r->carried
 * is set where they do not, and it is said. 0, 1 where it is set, -1 where Slurm runs nothing.
 */
int slurm_check(struct run *r, const char *options, struct err *err);

/* What a task may take in MiB: a guest's and QEMU's own; 0, all of the node's, where that is what
 * is measured. */
int slurm_memory(const struct target *t);

/*
 * Makes the boots of these lines ("3" or "1,2", slurm_tasks()), as many lines at a time as there
 * are slots (0: one). Boots that came back whole are in the store then; told is called after each
 * task's end. -1 where nothing can be sent or stored; a task that fails is no error.
 */
int slurm_carry(struct run *r, const char *options, const struct strv *lines, size_t slots,
		void (*told)(void *arg), void *arg, struct err *err);

#endif
