/* A comparison in as few lines as say it: what a person reads first, and a mail in full. */
#ifndef ANALYSIS_WRITE_BRIEF_H
#define ANALYSIS_WRITE_BRIEF_H

#include "analysis/judge/compare.h"

#define BRIEF_ROWS 10

/*
 * The rows that matter, at most BRIEF_ROWS: costs and gains apart, each with the largest first,
 * then what changed without a direction, then what could not be decided with how many pairs would.
 * What all cells of a workload share stands above them once, and of the rest values go without
 * their names where they are words. At most TABLE_WIDTH columns. Nothing where no row matters.
 */
void brief_rows(const struct comparison *c, struct str *out);
/* The command that measures the same again: of the run, or for somebody who does not have it. */
void brief_command(const struct comparison *c, bool elsewhere, struct str *out);

#endif
