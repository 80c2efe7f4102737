#include "analysis/judge/growth.h"

#include <stdlib.h>
#include <string.h>

#define LEVEL 0.95

/* --- sweeps --- */

static bool same_but(const struct run_cell *a, const struct run_cell *b, const char *param)
{
	const char *key;
	json_t *value;

	if (strcmp(a->workload, b->workload))
		return false;
	json_object_foreach(a->params, key, value) {
		if (strcmp(key, param) && !json_equal(value, json_object_get(b->params, key)))
			return false;
	}
	return true;
}

size_t sweep_find(const struct run *run, size_t first, struct sweep *s)
{
	const struct run_cell *c = &run->cells[first];

	s->n = 0;
	if (c->is_control || isnan(load_param(c, s->param)))
		return 0;
	for (size_t i = 0; i < run->n_cells; i++) {
		const struct run_cell *other = &run->cells[i];
		size_t at = s->n;

		if (other->is_control || isnan(load_param(other, s->param)) ||
		    !same_but(c, other, s->param))
			continue;
		if (i < first)
			return s->n = 0;
		while (at && load_param(s->cells[at - 1], s->param) > load_param(other, s->param))
			at--;
		memmove(&s->cells[at + 1], &s->cells[at], (s->n - at) * sizeof(*s->cells));
		s->cells[at] = other;
		s->n++;
	}
	return s->n;
}

/* --- fits --- */

/* The values of those boots of an arm that have the whole sweep, boot by boot. Returns how many. */
static size_t whole_boots(const struct run *run, size_t arm, const struct sweep *s, double *cost)
{
	size_t boots = 0;

	for (size_t b = 0; b < run->n_boots; b++) {
		size_t i = 0;

		if (run->boots[b].arm != arm)
			continue;
		for (; i < s->n; i++) {
			const struct run_cell *c = load_cell(run, s->cells[i]->id);

			if (!c || !c->n_series || !(c->series[0].boot[b].median > 0))
				break;
			cost[boots * s->n + i] = c->series[0].boot[b].median;
		}
		boots += i == s->n;
	}
	return boots;
}

static enum growth_kind classify(const struct scaling *fit)
{
	static const struct {
		double low, high;
		enum growth_kind kind;
	} kinds[] = {
		{-INFINITY, -0.1, GROWTH_FALLS}, {-0.1, 0.1, GROWTH_CONSTANT},
		{0.1, 0.9, GROWTH_SLOWER},	 {0.9, 1.1, GROWTH_LINEAR},
		{1.1, INFINITY, GROWTH_WORSE},
	};
	const struct interval ci = fit->slope_ci;
	size_t i = 0, n = sizeof(kinds) / sizeof(*kinds);

	while (i < n && !(isfinite(ci.low) && ci.low >= kinds[i].low && ci.high <= kinds[i].high))
		i++;
	/* A slope alone may be that of a hump, or of points that rise at one end only. */
	if (i == n || (kinds[i].kind == GROWTH_CONSTANT && fit->spread > 1 + GROWTH_LEVEL) ||
	    (kinds[i].kind == GROWTH_LINEAR && fit->slope_off > GROWTH_LEVEL))
		return GROWTH_UNCLEAR;
	return kinds[i].kind;
}

int growth_fit(struct growth *g, const struct run *run, size_t arm, const struct sweep *s)
{
	*g = (struct growth){0};
	g->n = xcalloc(s->n + 1, sizeof(*g->n));
	g->cost = xcalloc(run->n_boots * s->n + 1, sizeof(*g->cost));
	g->metric = &s->cells[0]->series[0].metric;
	for (size_t i = 0; i < s->n; i++)
		g->n[i] = load_param(s->cells[i], s->param);
	g->boots = whole_boots(run, arm, s, g->cost);
	if (g->boots < 2 ||
	    stats_scaling(g->n, g->cost, s->n, g->boots, LEVEL, run->seed, &g->fit) < 0) {
		growth_release(g);
		return -1;
	}
	g->kind = classify(&g->fit);
	return 0;
}

void growth_release(struct growth *g)
{
	free(g->n);
	free(g->cost);
	*g = (struct growth){0};
}
