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
/* "2 TIMEOUT, 1 FAILED; 12_3 said last: ...": what became of tasks since this was asked last, and
 * why one failed; "" of none. A new string. */
char *slurm_jobs_troubles(struct slurm_jobs *j);
/* What became of a job that ended badly, such as "TIMEOUT", owned by j. NULL: none
 * did, as far as is known. */
const char *slurm_jobs_trouble(const struct slurm_jobs *j, const char *id);
/* What a job or a task said last, "12" or "12_3", as far as its log is seen; a new string. */
char *slurm_jobs_last_words(const struct slurm_jobs *j, const char *id);
int slurm_jobs_cancel(const struct slurm_jobs *j, struct err *err);

/* How often Slurm is asked. */
#define SLURM_ASK_SECONDS 10

/* Writes the script of a job: one of our programs, "run", with these words and, as it is, more. */
int slurm_jobs_script(const char *path, const char *program, const struct strv *words,
		      const char *more, struct err *err);

struct slurm_job {
	const char *name, *script; /* the batch script's path */
	size_t tasks;		   /* of the array, from 1; 0: it is one job */
	int memory_mib;		   /* of each; 0: all of the node's */
	bool exclusive;		   /* a node of its own, else one CPU */
	const char *after;   /* begins when these ids, apart by ':', have ended well; or NULL */
	bool held;	     /* until slurm_jobs_let_go() */
	const char *options; /* more for sbatch, apart by blanks, or NULL */
};

/*
 * Submits it and keeps its id, which *id gets as a new string where id is not NULL. Slurm cancels a
 * job whose `after` did not end well.
 */
int slurm_jobs_submit(struct slurm_jobs *j, const struct slurm_job *job, char **id,
		      struct err *err);
int slurm_jobs_let_go(const char *id, struct err *err);
/*
 * On the way out: asks on a terminal whether the tasks shall go on, else and elsewhere cancels
 * them. dir: the run's, for what is said.
 */
void slurm_jobs_stop(const struct slurm_jobs *j, const char *dir);
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
 * Runs a small job that looks for the files, whether it may write to the first of them, and whether
 * those of sums are what they are here: "SUM  FILE" a line, as sha256sum writes them. 0; 1 where a
 * node does not see one so, which *missed then names, a new string; -1 where nothing is run for us.
 */
int slurm_probe(const struct strv *files, const char *sums, const char *options, char **missed,
		struct err *err);

#endif
