/* What is said to Slurm, and what it answers: sbatch, squeue, scancel, srun. slurm.h is the run. */
#ifndef RUNNER_RUN_SLURM_JOBS_H
#define RUNNER_RUN_SLURM_JOBS_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

/* The jobs of one run, whoever submitted them; their ids are kept in RUN/slurm/jobs. */
struct slurm_jobs {
	char *dir;	      /* RUN/slurm */
	struct str ids;	      /* apart by commas */
	size_t queued;	      /* tasks that were waiting or running when it was asked last */
	double asked;	      /* when, in seconds of CLOCK_MONOTONIC */
	struct strv troubles; /* "12_3 TIMEOUT": each task that ended badly, once */
	size_t told;	      /* of them */
};

/* run: the run's directory. The ids of earlier runners are read; nothing is asked. */
void slurm_jobs_open(struct slurm_jobs *j, const char *run);
void slurm_jobs_release(struct slurm_jobs *j);

/* One query for all of them: sets queued, and adds to troubles. -1 where Slurm does not answer. */
int slurm_jobs_ask(struct slurm_jobs *j, struct err *err);
/* "2 TIMEOUT, 1 CANCELLED": what became of tasks since this was asked last; "" of none. A new
 * string. */
char *slurm_jobs_troubles(struct slurm_jobs *j);
int slurm_jobs_cancel(const struct slurm_jobs *j, struct err *err);

struct slurm_job {
	const char *name, *script; /* the batch script's path */
	size_t tasks;		   /* of the array, from 1 */
	int memory_mib;		   /* of each */
	bool exclusive;		   /* a node of its own, else one CPU */
	const char *options;	   /* more for sbatch, apart by blanks, or NULL */
};

/* Submits it and keeps its id. */
int slurm_jobs_submit(struct slurm_jobs *j, const struct slurm_job *job, struct err *err);
/* CPUs of the nodes that are up; 0 where it is not known. */
size_t slurm_slots(void);
/* How many were submitted, by this runner and earlier ones. */
int slurm_jobs_count(const struct slurm_jobs *j);

/*
 * The words that make is started with so that it runs on a node, all of which it has, with as many
 * compilers as that has CPUs unless jobs says how many. options: more for srun, or NULL.
 */
void slurm_build_words(struct strv *words, const char *options, int jobs);

/*
 * Runs a small job that looks for the files, and whether it may write to the first of them. Where a
 * node does not see one, or nothing is run for us, -1 with that.
 */
int slurm_probe(const struct strv *files, const char *options, struct err *err);

#endif
