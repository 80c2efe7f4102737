/* What a run came to, told at its end. */
#ifndef RUNNER_RUN_SUMMARY_H
#define RUNNER_RUN_SUMMARY_H

#include "runner/run/run.h"

/*
 * Reads what the store holds and tells on standard error how many boots went well, how many
 * attempts it took beside them and how long all took, and of each cell that was skipped, broke or
 * failed in some boot the first reason. 0; -1 with err where nothing was measured: no cell, of
 * those that do more than measure the harness, has one iteration that went well.
 */
int summary_tell(const struct run *r, double seconds, struct err *err);

/*
 * How many seconds a boot of this run takes, by the newest run of this machine in `results`, of the
 * same cells on the same target; 0 where there is none. used: that run's directory, a new string,
 * or NULL.
 */
double summary_expect(const struct run *r, const char *results, char **used);

/*
 * The same for the runs whose run.json a glob pattern finds: of the cells of e, on this kind of
 * target with so many CPUs; NULL and 0: on any.
 */
double summary_boot_seconds(const struct experiment *e, const char *kind, int cpus,
			    const char *pattern, char **used);

#endif
