/*
 * The boots of a run as tasks of Slurm job arrays. A task is `mlocklab run --resume RUN --boots N,N...` on
 * some node: it writes the directories of its boots and nothing else, so that no file has two writers and
 * no lock of a network file system is relied on. The tree, the cache and the results lie where all nodes
 * see them. Queues, limits, priorities and accounts are Slurm's own.
 */
#ifndef RUNNER_RUN_SLURM_H
#define RUNNER_RUN_SLURM_H

#include "runner/run/run.h"

/*
 * Makes every boot of the run that is to do, as run_boots() does. Under icount a task is one boot; timed
 * targets have both boots of a pair in one task, on a node of their own (--exclusive). Tasks that are in the
 * queue already, from a runner that was ended, are waited for and not made again. options: more for
 * sbatch, apart by blanks, or NULL. A boot whose task ends without it is made again, three times at most.
 * SIGINT asks on a terminal whether the tasks shall go on; elsewhere it and SIGTERM cancel them.
 */
int slurm_boots(struct run *r, const char *options, struct run_tally *tally, struct err *err);

/* Looks on, from anywhere, until no boot is missing or none is under way; changes nothing. */
int slurm_attach(struct run *r, struct run_tally *tally, struct err *err);

#endif
