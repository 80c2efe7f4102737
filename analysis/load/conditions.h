/* What the machine was like while each boot was measured, where that was not the same in all. */
#ifndef ANALYSIS_LOAD_CONDITIONS_H
#define ANALYSIS_LOAD_CONDITIONS_H

#include "analysis/load/load.h"

/*
 * Adds to the run's notes what differs between the boots of one arm: their clock source, each
 * setting that times vary with (docs/formats.md, "disturbing"), vCPUs without a core of their own
 * under KVM, nodes of a cluster whose CPUs are not alike (where time is measured), and time that a
 * hypervisor took away where that is more than a thousandth of what the CPUs had.
 */
void load_conditions(struct run *r);

/*
 * What a setting of the machine was in the boots of an arm, by its name in "disturbing": each value
 * once, with ", " between, "none" for a boot whose machine has none such, or where it is empty. A
 * new string, or NULL where no boot of it tells of any.
 */
char *load_condition(const struct run *r, size_t arm, const char *name);

#endif
