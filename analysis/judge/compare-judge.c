/* From estimates to verdicts, and from verdicts to that of the whole. */
#include <stdlib.h>
#include "analysis/judge/compare-parts.h"
#include "analysis/judge/family.h"
#include "lib/str.h"

static void judge_kind(struct comparison *c, const struct boots *b, uint64_t seed,
		       enum metric_kind kind)
{
	size_t rows = c->paired ? b->n_old : b->units_old + b->units_new;
	bool *second = xcalloc(rows + 1, sizeof(*second));
	struct family f = {
		.r = xcalloc(c->n_results + 1, sizeof(struct result *)),
		.rows = rows,
		.second = c->paired ? NULL : second,
		.joint = kind == METRIC_PRIMARY,
		.alpha = c->alpha,
		.margin = c->margin,
		.level = c->level,
		.seed = seed,
	};

	for (size_t i = b->units_old; i < rows; i++)
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
	/* What is certain says more than what is not. */
	static const enum verdict rank[] = {VERDICT_EQUIVALENT,	  VERDICT_CHANGED_SMALL,
					    VERDICT_INCONCLUSIVE, VERDICT_CHANGED,
					    VERDICT_BETTER,	  VERDICT_WORSE};
	bool seen[sizeof(rank) / sizeof(*rank)] = {false};
	bool any = false;

	for (size_t i = 0; i < c->n_results; i++)
		if (result_counts(&c->results[i]))
			any = seen[c->results[i].verdict] = true;
	for (size_t i = 0; i < c->n_outcomes; i++)
		if (outcome_got_worse(c, &c->outcomes[i]))
			any = seen[VERDICT_WORSE] = true;
	for (size_t i = 0; i < c->n_findings; i++)
		if (finding_is_new(&c->findings[i]))
			any = seen[VERDICT_WORSE] = true;
	c->verdict = VERDICT_INCONCLUSIVE;
	for (size_t i = 0; any && i < sizeof(rank) / sizeof(*rank); i++)
		if (seen[rank[i]])
			c->verdict = rank[i];
}

int compare_exit_code(const struct comparison *c, bool strict)
{
	bool open = c->verdict == VERDICT_INCONCLUSIVE;

	for (size_t i = 0; i < c->n_results; i++)
		open |= result_counts(&c->results[i]) &&
			c->results[i].verdict == VERDICT_INCONCLUSIVE;
	if (c->verdict == VERDICT_WORSE)
		return EXIT_REGRESSION;
	return strict && open ? EXIT_INCONCLUSIVE : EXIT_OK;
}

bool compare_decided(const struct comparison *c, size_t *all, size_t *open)
{
	*all = *open = 0;
	for (size_t i = 0; i < c->n_results; i++) {
		if (c->results[i].metric->kind != METRIC_PRIMARY)
			continue;
		++*all;
		*open += c->results[i].verdict == VERDICT_INCONCLUSIVE;
	}
	return *all && !*open;
}
