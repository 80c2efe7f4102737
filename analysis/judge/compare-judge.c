/* From estimates to verdicts, and from verdicts to that of the whole. */
#include <stdlib.h>
#include "analysis/judge/compare-parts.h"
#include "analysis/judge/family.h"
#include "lib/str.h"

static void judge_kind(struct comparison *c, const struct boots *b, uint64_t seed,
		       enum metric_kind kind)
{
	size_t rows = c->paired ? b->n_old : b->n_old + b->n_new;
	bool *second = xcalloc(rows + 1, sizeof(*second));
	struct family f = {
		.r = xcalloc(c->n_results + 1, sizeof(struct result *)),
		.rows = rows,
		.second = c->paired ? NULL : second,
		.joint = kind == METRIC_PRIMARY,
		.alpha = c->alpha,
		.margin = c->margin,
		.level = c->looked ? 1 - COMPARE_ALPHA : 1 - c->alpha,
		.seed = seed,
	};

	for (size_t i = b->n_old; i < rows; i++)
		second[i] = true;
	for (size_t i = 0; i < c->n_results; i++)
		if (c->results[i].metric->kind == kind)
			f.r[f.m++] = &c->results[i];
	family_judge(&f);
	free(f.r);
	free(second);
}

void compare_judge(struct comparison *c, const struct boots *b, uint64_t seed)
{
	judge_kind(c, b, seed, METRIC_PRIMARY);
	judge_kind(c, b, seed, METRIC_SECONDARY);
	judge_kind(c, b, seed, METRIC_COUNTER);
}

void compare_conclude(struct comparison *c)
{
	static const enum verdict rank[] = {VERDICT_EQUIVALENT,	  VERDICT_CHANGED_SMALL,
					    VERDICT_BETTER,	  VERDICT_CHANGED,
					    VERDICT_INCONCLUSIVE, VERDICT_WORSE};
	bool seen[sizeof(rank) / sizeof(*rank)] = {false};
	bool any = false;

	for (size_t i = 0; i < c->n_results; i++) {
		if (c->results[i].metric->kind == METRIC_PRIMARY)
			any = seen[c->results[i].verdict] = true;
	}
	for (size_t i = 0; i < c->n_outcomes; i++)
		if (outcome_got_worse(c, &c->outcomes[i]))
			any = seen[VERDICT_WORSE] = true;
	c->verdict = VERDICT_INCONCLUSIVE;
	for (size_t i = 0; any && i < sizeof(rank) / sizeof(*rank); i++)
		if (seen[rank[i]])
			c->verdict = rank[i];
}

int compare_exit_code(const struct comparison *c, bool strict)
{
	if (c->verdict == VERDICT_WORSE)
		return EXIT_REGRESSION;
	return strict && c->verdict == VERDICT_INCONCLUSIVE ? EXIT_INCONCLUSIVE : EXIT_OK;
}
