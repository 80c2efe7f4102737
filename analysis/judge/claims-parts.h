/* What the files of the ledger share. */
#ifndef ANALYSIS_JUDGE_CLAIMS_PARTS_H
#define ANALYSIS_JUDGE_CLAIMS_PARTS_H

#include "analysis/judge/claims.h"
#include "analysis/load/load.h"

/*
 * The cell that "mlock-toggle size=4K lock=mlock" means: a parameter that is not named has its
 * default. NULL where the run has none such, or the workload no such parameter.
 */
const struct run_cell *claims_cell(const struct run *r, const char *workload);

/* The result of a row that is to be tested, or NULL. */
typedef struct result *claims_pick(struct ledger_row *r);
/* Tests these results of a comparison's rows together, as family_judge has it. */
void claims_judge_together(struct ledger *l, const struct comparison *c, claims_pick *pick);

/*
 * Verdicts on a claim of lower or higher, the same of a size (by=), and of equal or no-higher (two
 * one-sided tests: all of the 90 % interval inside is support, all of the 95 % interval on one side
 * outside refutes; differences are measured by the larger of the two medians). A claim of a size is
 * judged to be a change by one result and to have that size by another: a net is of the whole cell.
 */
enum claim_verdict claims_judge_change(const struct comparison *c, const struct result *r,
				       enum expect expect);
enum claim_verdict claims_judge_by(const struct comparison *c, const struct claim *claim,
				   const struct result *r, const struct result *judged);
enum claim_verdict claims_judge_same(const struct comparison *c, const struct claim *claim,
				     const struct result *r);

#endif
