/* The parts that the text and the mail of a comparison share; nothing wider than TABLE_WIDTH. */
#ifndef ANALYSIS_WRITE_TABLE_H
#define ANALYSIS_WRITE_TABLE_H

#include "analysis/judge/compare.h"

#define TABLE_WIDTH 75

/*
 * The results of one kind in the order of the plan, but each control right after the first cell it
 * is the control of. Returns how many; *out is for the caller to free.
 */
size_t table_order(const struct comparison *c, enum metric_kind kind, const struct result ***out);

/* Kernels, machine, target, number of boots, margin. */
void table_heading(const struct comparison *c, struct str *out);
/* One row a cell, grouped by workload and metric; secondary metrics and counters with all. */
void table_rows(const struct comparison *c, bool all, struct str *out);
/* A sentence for each cell that is no control. */
void table_sentences(const struct comparison *c, struct str *out);
/* What the kernels did that none should, those of the new one alone first; nothing where nothing.
 */
void table_findings(const struct comparison *c, struct str *out);
/* Failures, skips, differing settings, notes; nothing where there are none. */
void table_remarks(const struct comparison *c, struct str *out);

/* "0.249", "12.34", "1/1791"; "+0.25", "-1800" where the result is a difference. */
void table_ratio(char out[32], const struct result *r, double v);
/* "0.244..0.253", or "-" where there is no interval. */
void table_interval(char out[72], const struct result *r);
/*
 * Which intervals those are: "intervals of 95 %, all cells together; of what is equivalent the 90 %
 * of the cell alone". Owned by the caller.
 */
char *table_levels(const struct comparison *c);

#endif
