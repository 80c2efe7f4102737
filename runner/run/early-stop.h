/* Runs that may stop early: after so many pairs somebody looks whether every verdict is in. */
#ifndef RUNNER_RUN_EARLY_STOP_H
#define RUNNER_RUN_EARLY_STOP_H

#include "runner/run/run.h"

/* O'Brien-Fleming looks after 6, 12, 18, 24 and 30 pairs; `mlocklab compare` knows their levels. */
#define LOOKS_PAIRS 6
#define LOOKS_MOST 30

/*
 * Makes the boots as run_boots() does, but leaves out what is left of the timed ones once `mlocklab
 * compare --look` says so; *stopped tells it. Instrumented boots are made in any case.
 */
int looks_run(struct run *r, struct run_tally *tally, bool *stopped, struct err *err);

#endif
