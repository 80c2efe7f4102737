/* Whether two runs measured in the same way: what else could make their figures differ. */
#ifndef ANALYSIS_JUDGE_ALIKE_H
#define ANALYSIS_JUDGE_ALIKE_H

#include "analysis/load/load.h"

/*
 * Appends what differs between the machines or QEMUs of two runs, "; target icount against tcg",
 * and nothing where they are alike. Of real time the CPU counts, under icount QEMU's very binary.
 */
void alike_machines(const struct run *a, const struct run *b, struct str *out);
/*
 * The same of their plans: settings that move figures (the command line of the guest among them),
 * and iterations and warm-up of the cells that both have.
 */
void alike_plans(const struct run *a, const struct run *b, struct str *out);
/* The SHA-256 of the mlockbench that measured a run, which the run owns; NULL where it does not
 * say. */
const char *alike_program(const struct run *r);
/* Per cent of its work that an arm did over again; 0 as a rule. */
double alike_injected(const struct run *r, const struct run_arm *arm);

#endif
