/* Which recorder of lock evidence a run uses (runner/guest/recorder.h does the recording). */
#ifndef RUNNER_BOOT_RECORDER_H
#define RUNNER_BOOT_RECORDER_H

#include "runner/plan/experiment.h"
#include "runner/plan/plan.h"
#include "runner/qemu/target.h"

/*
 * Decides what `locks=auto`, the default, stands for: a recorder where several CPUs make waiting
 * possible and the boots cost little, which is under KVM and under icount, else none. Then adds the
 * boots that record to the plan. -1 where the experiment names a recorder that there is not.
 */
int locks_plan(struct experiment *e, const struct target *t, struct plan *p, struct err *err);

/* The program that a boot's recorder takes beside mlockbench, a new string, or NULL. */
char *locks_program(const struct experiment *e, enum boot_kind kind);
/* And those of this machine, as program.h finds them; appended to paths. */
void locks_programs(const struct experiment *e, enum boot_kind kind, struct strv *paths);

#endif
