#include "analysis/judge/growth.h"

#include <stdlib.h>
#include <string.h>
#include "lib/text.h"
#include "analysis/write/verdict.h"

#define LEVEL 0.95

/* --- sweeps --- */

static bool same_but(const struct run_cell *a, const struct run_cell *b, const char *param)
{
	const char *key;
	json_t *value;

	if (strcmp(a->workload, b->workload))
		return false;
	json_object_foreach(a->params, key, value)
	{
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

static enum growth_kind classify(struct interval ci)
{
	static const struct {
		double low, high;
		enum growth_kind kind;
	} kinds[] = {
		{-INFINITY, -0.1, GROWTH_FALLS}, {-0.1, 0.1, GROWTH_CONSTANT},
		{0.1, 0.9, GROWTH_SLOWER},	 {0.9, 1.1, GROWTH_LINEAR},
		{1.1, INFINITY, GROWTH_WORSE},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (isfinite(ci.low) && ci.low >= kinds[i].low && ci.high <= kinds[i].high)
			return kinds[i].kind;
	return GROWTH_UNCLEAR;
}

/* Tasks that work side by side: on one CPU, or where QEMU runs one instruction at a time, none do.
 */
static bool is_parallel(const struct run *run, const char *param)
{
	static const char *const counts[] = {"procs", "tasks", "movers", "children"};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (!strcmp(param, counts[i]))
			return run->target.cpus > 1 && !(run->target.ns_per_insn > 0);
	return false;
}

int growth_fit(struct growth *g, const struct run *run, size_t arm, const struct sweep *s)
{
	*g = (struct growth){.parallel = is_parallel(run, s->param)};
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
	g->kind = classify(g->fit.slope_ci);
	return 0;
}

void growth_release(struct growth *g)
{
	free(g->n);
	free(g->cost);
	*g = (struct growth){0};
}

/* --- words --- */

/* Rounded so that it is never printed as -0.00. */
static double hundredths(double v)
{
	return round(100 * v) / 100 + 0.0;
}

static void add_usl(struct str *out, const struct scaling *s)
{
	str_addf(out,
		 "; contention sigma %.3g (%.3g to %.3g), crosstalk kappa %.2g (%.2g to %.2g), "
		 "points "
		 "within %.1f %% of that law",
		 s->usl.sigma, s->sigma_ci.low, s->sigma_ci.high, s->usl.kappa, s->kappa_ci.low,
		 s->kappa_ci.high, 100 * s->usl_off);
}

char *growth_words(const struct growth *g, const struct sweep *s, const char *label)
{
	static const char *const kinds[] = {
		"falls",
		"is constant",
		"grows, but less than linearly",
		"grows linearly",
		"grows worse than linearly",
		"shows no clear law",
	};
	const struct scaling *fit = &g->fit;
	struct str out = STR_INIT;

	text_escape(&out, label);
	str_addf(&out, ": %s %s over %s=%g to %g: as its power %.2f", g->metric->unit,
		 kinds[g->kind], s->param, g->n[0], g->n[s->n - 1], hundredths(fit->slope.slope));
	if (isfinite(fit->slope_ci.low))
		str_addf(&out, " (95 %% interval %.2f to %.2f)", hundredths(fit->slope_ci.low),
			 hundredths(fit->slope_ci.high));
	str_addf(&out, ", points within %.1f %% of that", 100 * fit->slope_off);
	if (fit->has_usl && g->parallel && g->metric->time)
		add_usl(&out, fit);
	str_add(&out, ".");
	return out.buf;
}

char *growth_extrapolated(const struct growth *g, const struct sweep *s, const char *label,
			  double at)
{
	double last = g->n[s->n - 1];
	struct str out = STR_INIT;
	struct interval ci;
	char mid[32], low[32], high[32];

	text_escape(&out, label);
	if (!g->fit.has_usl || !g->metric->time) {
		str_addf(
			&out,
			": no law is fitted that %s=%g could be read from: it takes a cost, and %d "
			"points.",
			s->param, at, STATS_USL_POINTS);
		return out.buf;
	}
	ci = stats_scaling_at(g->n, g->cost, s->n, g->boots, LEVEL, 1, at);
	verdict_figure(mid, 1 / stats_usl_at(&g->fit.usl, at));
	verdict_figure(low, ci.low);
	verdict_figure(high, ci.high);
	str_addf(&out,
		 ": at %s=%g the fitted law gives %s %s (95 %% interval %s to %s); points lie "
		 "within "
		 "%.1f %% of it. ",
		 s->param, at, mid, g->metric->unit, low, high, 100 * g->fit.usl_off);
	if (at > last || at < g->n[0])
		str_addf(&out,
			 "WARNING: nothing was measured beyond %s=%g; the interval tells how the "
			 "boots "
			 "vary, not whether the law still holds there.",
			 s->param, at > last ? last : g->n[0]);
	return out.buf;
}
