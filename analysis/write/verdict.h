/* A comparison in words: the sentences that the text table and the reports share. */
#ifndef ANALYSIS_WRITE_VERDICT_H
#define ANALYSIS_WRITE_VERDICT_H

#include "analysis/judge/compare.h"

/*
 * One sentence, owned by the caller, printable ASCII without markup, full stop at the end:
 * "exit-mlocked procs=32: 4.0 times fewer instructions per page and process (525 against 2110,
 * 95 % interval 3.9 to 4.1); its unlocked control is unchanged."
 */
char *verdict_sentence(const struct comparison *c, const struct result *r);

/*
 * The change alone, of which only metric, ratio and difference need be set: "4.0 times fewer
 * instructions per page", "12.3 % more time per page". Owned by the caller.
 */
char *verdict_change(const struct result *r);

/* The verdict of the whole in one word: "WORSE", "BETTER", "CHANGED", "EQUIVALENT", "INCONCLUSIVE".
 */
const char *verdict_word(const struct comparison *c);

/*
 * The first line of whatever tells of a comparison: the word, what the new kernel alone did that no
 * kernel should, and a tally of cells and, in brackets, their controls. "WORSE: panic in 4 of 10
 * boots of the new kernel alone; 5 of 16 cells (9 of 13 controls); better: 11 (4)". The harness's
 * own floor is no cell. Owned by the caller, printable.
 */
char *verdict_summary(const struct comparison *c);
/* "6.1.0-56-cloud-amd64 against 5.10.0-46-cloud-amd64"; owned by the caller, printable. */
char *verdict_kernels(const struct comparison *c);

/*
 * What a figure is: "instructions per page" for insn/page, "ns per page", "share". Owned by the
 * caller.
 */
char *verdict_unit(const struct run_metric *m);

/* A figure in four digits, from 1000 to 1e7 in all: "2110", "0.2489", "9847418"; "1.852e+07". */
void verdict_figure(char out[32], double value);
/* The same with its sign. */
void verdict_difference(char out[32], double value);
/* "0.933", "12.34", "0.0571"; as a share where `like`, which it stands beside, is below 0.01:
 * "1/1791". */
void verdict_ratio(char out[32], double ratio, double like);

#endif
