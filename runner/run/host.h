/*
 * The machine itself as a target: it is told beforehand what will be changed on it, and what was
 * changed is put back on every way out. A session ends by itself with everything put back, also
 * when it is asked to or its runner is gone; what a session that was killed left behind, the next
 * run finds in /run/mlocklab/host.journal (lib/journal.h), whatever tree it is started from. Only
 * root can change settings, and has a journal; everybody has the lock /run/lock/mlocklab-host.
 */
#ifndef RUNNER_RUN_HOST_H
#define RUNNER_RUN_HOST_H

#include <stdio.h>
#include "runner/run/run.h"

/* One line a setting that the workloads of an experiment say they change; none where there is none.
 */
void host_print_changes(const struct experiment *e, FILE *to);
/*
 * Before the first boot: says what will be changed, sets r->journal, and puts back what another run
 * left changed; sets r->workers to 1, for two boots on one machine would measure each other. -1
 * where that fails, and where another run is at this machine.
 */
int host_begin(struct run *r, struct err *err);
/* After the last: puts back what is left. A run of another target is fine. */
void host_end(struct run *r);

#endif
