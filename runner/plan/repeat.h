/* A stored run's experiment as an experiment file, to measure it again or on other kernels. */
#ifndef RUNNER_PLAN_REPEAT_H
#define RUNNER_PLAN_REPEAT_H

#include <jansson.h>
#include "lib/err.h"
#include "lib/str.h"

/*
 * Appends the experiment of a run (its run.json) to out: every setting as it was when the run was
 * made, "auto" decided, and every cell with all its parameters. Instrumented boots are left out.
 * kernels: [ARM=]SPEC in place of the run's own, NULL or empty: those; an arm of the run's keeps
 * its kernel parameters. cells: ids of the cells to measure, their controls are added; NULL or
 * empty: all.
 */
int repeat_experiment(const json_t *run, const struct strv *kernels, const struct strv *cells,
		      struct str *out, struct err *err);

#endif
