/*
 * The boots of a run as tasks of Slurm job arrays. A task is `mlocklab run --resume RUN --boots
 * N,N...` on some node: it writes the directories of its boots and nothing else, so that no file
 * has two writers and no lock of a network file system is relied on. The tree, the cache and the
 * results lie where all nodes see them, or go along with the tasks (slurm-carry.h). Queues, limits,
 * priorities and accounts are Slurm's own.
 */
#ifndef RUNNER_RUN_SLURM_H
#define RUNNER_RUN_SLURM_H

#include "runner/run/run.h"

/*
 * Makes every boot of the run that is to do, as run_boots() does. Under icount a task is some
 * boots; timed targets have both boots of a pair in one task, on a node of their own (--exclusive).
 * Tasks that are in the queue already, from a runner that was ended, are waited for and not made
 * again. options: more for sbatch, apart by blanks, or NULL. A boot whose task ends without it (a
 * time limit, a preemption, a node that died) is made again, three times at most, and said with
 * what Slurm calls it. SIGINT asks on a terminal whether the tasks shall go on; elsewhere it and
 * SIGTERM cancel them.
 */
int slurm_boots(struct run *r, const char *options, struct run_tally *tally, struct err *err);

/* As slurm_boots(), leaving them to Slurm; where tasks are in the queue already it adds none. */
int slurm_submit(struct run *r, const char *options, struct run_tally *tally, struct err *err);

/* Looks on, from anywhere, until no boot is missing or none is under way; changes nothing. */
int slurm_attach(struct run *r, struct run_tally *tally, struct err *err);

/*
 * Tasks of a stored run that Slurm still has, waiting or running; -1 where it cannot be asked. ids:
 * of its jobs, apart by commas, a new string, "" where it never had any.
 */
long slurm_left(const char *dir, char **ids, struct err *err);

/*
 * The pure part, for a test: a line for each task, "3" or "1,2", of the boots that are to do. Under
 * icount, with so many slots, a task is up to ten boots while many are left, and one in the end:
 * what Slurm takes to start one does not count, and the slots end together. slots 0: not known.
 */
void slurm_tasks(const struct run *r, size_t slots, struct strv *lines);

#endif
