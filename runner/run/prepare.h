/* What a run needs before its first boot: kernels, target, run.json. */
#ifndef RUNNER_RUN_PREPARE_H
#define RUNNER_RUN_PREPARE_H

#include "runner/run/options.h"
#include "runner/run/run.h"

/* The experiment and the plan of a new run, and of one that is stored (r->store). */
int run_plan(struct run *r, const struct run_options *o, struct err *err);
int run_plan_stored(struct run *r, struct err *err);
/*
 * Gives the arms of a run that is only planned their specs in full; missing, one an arm, is set
 * where its kernel must be fetched or built.
 */
int run_pin(struct run *r, const struct run_options *o, bool *missing, struct err *err);
/* The planned.json of such a run; a new reference, or NULL. */
json_t *run_planned_json(const struct run *r, int argc, char **argv, struct err *err);
/* Resolves the kernels and settles the target's kind and size. */
int run_prepare(struct run *r, const struct run_options *o, struct err *err);
/* QEMU's command line for an arm, with the files of its first boot in dir; appended to out. */
void run_arm_command(const struct run *r, int arm, const char *dir, struct str *out);
/* The run.json of a new run; a new reference, or NULL. */
json_t *run_make_json(const struct run *r, int argc, char **argv, struct err *err);

#endif
