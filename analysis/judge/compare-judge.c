/* From estimates to verdicts: all columns are tested at once, from the same resamplings. */
#include <math.h>
#include <stdlib.h>
#include "analysis/judge/compare-parts.h"
#include "analysis/stats/stats.h"
#include "lib/str.h"

static double scaled(const struct result *r, double v)
{
	return r->difference ? v : log(v);
}

static void fill_paired(const struct boots *b, const struct result *r, const struct series *old,
			const struct series *new, double *column, size_t stride)
{
	for (size_t i = 0; i < b->n_old; i++)
		column[i * stride] = scaled(r, new->boot[b->new[i]].median) -
				     scaled(r, old->boot[b->old[i]].median);
}

static void fill_groups(const struct boots *b, const struct result *r, const struct series *old,
			const struct series *new, double *column, size_t stride)
{
	for (size_t i = 0; i < b->n_old; i++)
		column[i * stride] = scaled(r, old->boot[b->old[i]].median);
	for (size_t i = 0; i < b->n_new; i++)
		column[(b->n_old + i) * stride] = scaled(r, new->boot[b->new[i]].median);
}

/* The columns that are tested together: those of one kind of metric. */
struct family {
	struct result **r;
	size_t m;
	double *p, *adjusted;
};

/*
 * Nothing differs anywhere: p is 1 however the boots are resampled. A correction need not pay for a
 * test that cannot fire, and most counters of most cells are such.
 */
static bool unmoved(const struct comparison *c, const struct result *r)
{
	for (size_t i = 0; i < r->n_new; i++)
		if (r->new_v[i] != r->old_v[c->paired ? i : 0])
			return false;
	for (size_t i = 0; !c->paired && i < r->n_old; i++)
		if (r->old_v[i] != r->old_v[0])
			return false;
	return true;
}

static void gather_family(struct comparison *c, enum metric_kind kind, struct family *f)
{
	f->r = xcalloc(c->n_results + 1, sizeof(struct result *));
	for (size_t i = 0; i < c->n_results; i++) {
		struct result *r = &c->results[i];

		if (r->metric->kind == kind && !unmoved(c, r))
			f->r[f->m++] = r;
	}
	f->p = xcalloc(f->m + 1, sizeof(*f->p));
	f->adjusted = xcalloc(f->m + 1, sizeof(*f->adjusted));
}

static void test_family(const struct comparison *c, const struct boots *b, uint64_t seed,
			struct family *f)
{
	size_t rows = c->paired ? b->n_old : b->n_old + b->n_new;
	double *x = xcalloc(rows * f->m + 1, sizeof(*x));
	bool *second = xcalloc(rows + 1, sizeof(*second));

	for (size_t i = b->n_old; i < rows; i++)
		second[i] = true;
	for (size_t j = 0; j < f->m; j++) {
		const struct result *r = f->r[j];
		const struct series *old = load_series(r->cell, r->metric->name);
		const struct series *new = load_series(load_cell(c->run_new, r->cell->id),
						       r->metric->name);

		(c->paired ? fill_paired : fill_groups)(b, r, old, new, x + j, f->m);
	}
	if (c->paired)
		stats_max_t(x, rows, f->m, seed, f->p, f->adjusted);
	else
		stats_max_t2(x, second, rows, f->m, seed, f->p, f->adjusted);
	free(x);
	free(second);
}

/* The margin on the scale of the result's effect. */
static double margin_of(const struct comparison *c, const struct result *r)
{
	double old = 0, new = 0;

	if (!r->difference)
		return log1p(c->margin);
	for (size_t i = 0; i < r->n_old; i++)
		old += fabs(r->old_v[i]) / (double)r->n_old;
	for (size_t i = 0; i < r->n_new; i++)
		new += fabs(r->new_v[i]) / (double)r->n_new;
	return c->margin * fmax(old, new);
}

static enum verdict judge(const struct comparison *c, const struct result *r)
{
	double margin = margin_of(c, r), effect = scaled(r, r->ratio);
	double low = scaled(r, r->low90), high = scaled(r, r->high90);

	if (r->p_adjusted <= c->alpha) {
		if (fabs(effect) < margin)
			return VERDICT_CHANGED_SMALL;
		if (r->metric->better == NO_DIRECTION)
			return VERDICT_CHANGED;
		return (effect < 0) == (r->metric->better == LOWER_IS_BETTER) ? VERDICT_BETTER
									      : VERDICT_WORSE;
	}
	return low >= -margin && high <= margin ? VERDICT_EQUIVALENT : VERDICT_INCONCLUSIVE;
}

static void test_kind(struct comparison *c, const struct boots *b, uint64_t seed,
		      enum metric_kind kind)
{
	struct family f = {0};

	gather_family(c, kind, &f);
	test_family(c, b, seed, &f);
	if (kind != METRIC_PRIMARY)
		stats_bh(f.p, f.m, f.adjusted);
	for (size_t j = 0; j < f.m; j++) {
		f.r[j]->p = f.p[j];
		f.r[j]->p_adjusted = f.adjusted[j];
	}
	free(f.r);
	free(f.p);
	free(f.adjusted);
}

void compare_judge(struct comparison *c, const struct boots *b, uint64_t seed)
{
	for (size_t i = 0; i < c->n_results; i++)
		c->results[i].p = c->results[i].p_adjusted = 1;
	test_kind(c, b, seed, METRIC_PRIMARY);
	test_kind(c, b, seed, METRIC_SECONDARY);
	test_kind(c, b, seed, METRIC_COUNTER);
	for (size_t i = 0; i < c->n_results; i++)
		c->results[i].verdict = judge(c, &c->results[i]);
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
