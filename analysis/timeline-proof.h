/* What interleaved A/Bs of two neighbours say of the change points between them. */
#ifndef ANALYSIS_TIMELINE_PROOF_H
#define ANALYSIS_TIMELINE_PROOF_H

#include "analysis/timeline.h"

/*
 * Looks in a results directory for complete runs of just the two kernels of a change point, on the same
 * kind of target, and sets proof and proof_text of each change that one of them measured (the newest).
 * A change is confirmed where the verdict there is a change in the same direction. Printable notes.
 */
int timeline_prove(struct timeline *t, const char *results, struct strv *notes, struct err *err);

/*
 * Measures such an A/B, into RESULTS, for each pair of neighbours with a change that nothing is known
 * of: only the cells that changed, and their controls, with another seed than the run's. Then proves
 * again. The program started is mlocklab-repeat; what it says goes to standard error.
 */
int timeline_confirm(struct timeline *t, const char *results, struct strv *notes, struct err *err);

/*
 * The argument list of one such A/B, which is measured into the directory `out`; for the program
 * `repeat`.
 */
void timeline_confirm_argv(const struct timeline *t, size_t before, size_t at, const char *repeat,
			   const char *out, struct strv *argv);

#endif
