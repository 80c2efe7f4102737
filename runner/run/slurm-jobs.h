/* The jobs of a run in Slurm, by its programs: sbatch, squeue, scancel, srun. RUN/slurm/jobs keeps their numbers. */
#ifndef RUNNER_RUN_SLURM_JOBS_H
#define RUNNER_RUN_SLURM_JOBS_H

#include "runner/run/run.h"

struct slurm_jobs {
	const struct run *r;
	char *dir;	/* RUN/slurm */
	struct str ids; /* of all jobs, whoever submitted them, apart by commas */
};

/* With the jobs that an earlier runner has left. */
void slurm_jobs_open(struct slurm_jobs *j, const struct run *r);
void slurm_jobs_release(struct slurm_jobs *j);

/* Tasks for all boots that are to do; options: more for sbatch, apart by blanks, or NULL. How many, or -1: err. */
long slurm_submit(struct slurm_jobs *j, const char *options, struct err *err);

/* How many tasks Slurm still has, waiting or running. -1: err, it does not answer. */
int slurm_queue(const struct slurm_jobs *j, size_t *tasks, struct err *err);

int slurm_cancel(const struct slurm_jobs *j, struct err *err);

/* A node that does not see our files fails every task: one small job asks first. */
int slurm_probe(const struct slurm_jobs *j, const char *options, struct err *err);

#endif
