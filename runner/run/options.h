/* The command line of `mlocklab run`. */
#ifndef RUNNER_RUN_OPTIONS_H
#define RUNNER_RUN_OPTIONS_H

#include <stdbool.h>
#include "lib/options.h"
#include "lib/str.h"
#include "runner/plan/experiment.h"

struct run_options {
	const char *experiment, *resume, *out, *qemu, *mirror;
	const char *tree, *config; /* of kernels from git, or NULL */
	struct strv fragments;
	struct strv kernels;  /* [ARM=]SPEC */
	struct strv reuse;    /* ARM=RUN */
	struct strv injects;  /* ARM=PERCENT */
	struct strv settings; /* key, value, key, value */
	int workers;
	const char *on, *slurm; /* "here" or "slurm"; more for sbatch */
	const char *boots;	/* "3,4": only these, of a run that others make too */
	const char *inputs;	/* a run's inputs/ that came along, or NULL */
	const char *attach;
	bool show_command, ktap;
	bool submit; /* with on=slurm: leave it to Slurm and end */
};

/* Its options, for the verbs that hand theirs on to it. */
extern const struct opt run_opts[];

/*
 * Reads it. 0; -1 after a message on standard error; prints the help and exits where it was asked
 * for. All texts belong to argv.
 */
int run_options_parse(struct run_options *o, int argc, char **argv);

/*
 * Whether an option as it is handed on, "--on=slurm", says where and by what boots are made and not
 * what is measured: such may stand beside --resume.
 */
bool run_option_is_where(const char *option);

/* The value of an option that is handed on, "--on=slurm"; NULL where it is not given. */
const char *run_option_value(const struct strv *rest, const char *name);

/*
 * Puts what the options say over what the experiment's file says: settings, and the kernels, which
 * when named here are all the arms there are ("old=debian:5.10"; without a name "kernel",
 * "kernel2").
 */
int run_options_apply(const struct run_options *o, struct experiment *e, struct err *err);

/*
 * For verbs that hand their options on to run: the spec of the kernel that the tree was made into,
 * which
 * --tree among them or else git_default_tree() names, said on standard error; a new string, or
 * NULL.
 */
char *run_made_kernel(const struct strv *rest);

#endif
