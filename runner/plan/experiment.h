/*
 * Experiment files, in the manner of a fio job file:
 *
 *     [global]                  what holds for the whole run
 *     name=core
 *     target=auto
 *     pairs=10
 *     [arm:old]                 one section an arm, in order
 *     kernel=debian:5.10        with cmdline= and inject= where it needs them
 *     [exit]                    any other section is a job: a workload and its parameters,
 *     workload=exit-mlocked     where a list is swept and two lists make every combination
 *     procs=1,2,4,...,64
 *     lock=mlock,none
 */
#ifndef RUNNER_PLAN_EXPERIMENT_H
#define RUNNER_PLAN_EXPERIMENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/err.h"
#include "lib/str.h"

struct arm {
	char *name, *spec;
	char *cmdline; /* kernel parameters of this arm only, or "" */
	double inject; /* percent of its own work that each cell does again: a slowdown of known
			  size */
};

struct cell {
	char *id;	  /* as mlockbench names it */
	struct strv args; /* what `mlockbench run` is given: the workload and key=value... */
	json_t *json;	  /* its entry in run.json */
};

struct experiment {
	char *path, *text;
	char *name, *target, *cmdline;
	int pairs, iterations, warmup;
	uint64_t seed;
	int cpus, nodes, memory_mib;  /* 0: the target's own default */
	char *on;		      /* "here", or "slurm": runner/run/slurm.h */
	char *host_cpus, *host_nodes; /* where a timed guest stands: runner/qemu/place.h */
	char *hugepages; /* of the host that a KVM guest's memory is made of: "", "2M", "1G" */
	int settle;	 /* longest wait for an idle guest, seconds of its clock */
	int timeout;	 /* longest a cell may take, seconds of the guest's clock */
	int watchdog;	 /* longest silence of a guest, seconds of ours */
	double margin;
	int stop_early; /* 1: looks decide how many pairs are made, see looks.h */
	char *layouts;	/* "paired", or "independent": see plan_make() */
	int profile;	/* instrumented boots of each arm: profiled (icount only) */
	int lock_boots; /* and with lock probes, as `locks` says */
	char *locks;	/* the lock recorder, "none", or "auto": runner/boot/recorder.h */
	struct arm *arms;
	size_t narms;
	struct cell *cells;
	size_t ncells;
	json_t *workloads; /* `describe --json` of each workload used */
	json_t *files;	   /* job files of backgrounds: runner/plan/background.h */
};

/*
 * Reads and checks an experiment; `bench` is the path of mlockbench, which alone knows what
 * parameters a workload has. Messages name file and line.
 */
int experiment_load(struct experiment *e, const char *path, const char *bench, struct err *err);
void experiment_release(struct experiment *e);

/* Sets a key of [global], as the command line does. */
int experiment_set(struct experiment *e, const char *key, const char *value, struct err *err);

/* Its part of run.json: experiment, workloads and cells. A new reference. */
json_t *experiment_json(const struct experiment *e);
/* The experiment of a stored run, to go on with it. */
int experiment_from_json(struct experiment *e, const json_t *run, struct err *err);

/* Sets or adds an arm; a new spec for an arm drops nothing else of it. */
void experiment_set_arm(struct experiment *e, const char *name, const char *spec);
/* Sets an arm's inject from text, a percentage such as "5", "0.5" or "0.5%". */
int experiment_set_inject(struct experiment *e, const char *arm, const char *percent,
			  struct err *err);

#endif
