/* Lists of parameter values in an experiment file. */
#ifndef RUNNER_PLAN_SWEEP_H
#define RUNNER_PLAN_SWEEP_H

#include "lib/err.h"
#include "lib/str.h"

/*
 * Expands "1,2,4,...,64" and "a,b" into values. With three values before the dots that grow by a
 * factor it goes on by the factor, else by the last step. -1 where the end is never met.
 */
int sweep_expand(const char *list, struct strv *out, struct err *err);

#endif
