/*
 * A run of kernels in a row (releases, or the patches of a series), judged step by step: each
 * neighbouring pair of arms, by every cell's metric, from the rounds that hold both. All steps of
 * all cells' primary metrics are tested together (max-T over the same flips of whole rounds), so
 * that in a run where nothing changed at most 5 % of runs have any step at all; what varies is
 * measured by the rounds, never by how much the steps differ among themselves.
 */
#ifndef ANALYSIS_JUDGE_STEPS_H
#define ANALYSIS_JUDGE_STEPS_H

#include "analysis/judge/compare.h"

struct step {
	size_t before, at; /* arms: the last of the old, the first of the new */
	/*
	 * The change between the two, as compare.h says it of a pair of arms: ratio, low, high, p,
	 * p_adjusted, verdict ("better", "worse" or "changed" is a step). `k` 0: no round has both,
	 * and nothing but cell and metric is set.
	 */
	struct result result;
};

struct steps {
	const struct run *run;
	double margin, alpha;
	size_t rounds; /* of which a boot was made, whatever became of it */
	/*
	 * By cell in the run's order, by its metric (primary first, then the secondary ones), by
	 * step: an arm whose cell has no value in any round is passed over, so that `before` need
	 * not be at - 1.
	 */
	struct step *v;
	size_t n;
};

/*
 * Judges a run, which must outlive s, in the order of its arms; at least two. margin 0: what the
 * run says, at least COMPARE_MARGIN. Fewer than COMPARE_MIN_PAIRS rounds leave every step
 * inconclusive, without an interval. -1 where the run has one arm; s is empty then.
 */
int steps_make(struct steps *s, const struct run *run, double margin, struct err *err);
void steps_release(struct steps *s);

/* The step of that metric (NULL: the primary one) of a cell whose `at` is that arm, or NULL. */
const struct step *steps_find(const struct steps *s, const char *cell, const char *metric,
			      size_t at);
/* Whether the verdict is that the figure changed there, by the margin at least. */
bool step_is_change(const struct step *s);

#endif
