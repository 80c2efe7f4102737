/* What interleaved A/Bs of two neighbours say of the change points between them. */
#ifndef ANALYSIS_JUDGE_TIMELINE_PROOF_H
#define ANALYSIS_JUDGE_TIMELINE_PROOF_H

#include "analysis/judge/timeline.h"

/*
 * Looks in a results directory for complete runs of just the two kernels of a change, measured in
 * the same way (alike.h; nothing injected), and sets the proof of each change that one of them
 * measured (the newest). A change is confirmed where the verdict there is a change in the same
 * direction, and then it is the A/B's size that is stated. Printable notes.
 */
int timeline_prove(struct timeline *t, const char *results, struct strv *notes, struct err *err);

/*
 * The same, and where nothing is known of a change measures such an A/B of so many pairs, into
 * RESULTS: only the cells that changed between the two, and their controls, with another seed than
 * the run's. The program started is that of the verb repeat. One that fails is a note.
 */
int timeline_confirm(struct timeline *t, const char *results, int pairs, struct strv *notes,
		     struct err *err);

/* The arguments of one such A/B of two arms, measured into the directory `out`; the program is not
 * among them. */
void timeline_confirm_args(const struct timeline *t, size_t before, size_t at, int pairs,
			   const char *out, struct strv *argv);

#endif
