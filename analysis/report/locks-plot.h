/* Lock evidence of a report's two sides. */
#ifndef ANALYSIS_REPORT_LOCKS_PLOT_H
#define ANALYSIS_REPORT_LOCKS_PLOT_H

#include "analysis/report/part.h"
#include "analysis/write/locks-text.h"

/* The evidence of both sides, which may lie in one run. */
struct evidence {
	struct locks runs[2];
	size_t n_runs;
	const struct locks *side[2];
};

/* NULL: that side has none of that cell. */
const struct lock_cell *evidence_of(const struct evidence *e, const struct report *r, size_t side,
				    const struct run_cell *cell);
/* Adds the pictures of one workload's cells: who waited, and the share of waiting. */
void evidence_draw(const struct evidence *e, struct report *r, const char *workload);

#endif
