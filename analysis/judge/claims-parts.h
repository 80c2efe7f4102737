/* What the files of the ledger share. */
#ifndef ANALYSIS_JUDGE_CLAIMS_PARTS_H
#define ANALYSIS_JUDGE_CLAIMS_PARTS_H

#include "analysis/load/load.h"

/*
 * The cell that "mlock-toggle size=4K lock=mlock" means: a parameter that is not named has its
 * default. NULL where the run has none such, or the workload no such parameter.
 */
const struct run_cell *claims_cell(const struct run *r, const char *workload);

#endif
