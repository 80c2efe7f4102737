#include "analysis/write/growth-text.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/write/verdict.h"
#include "lib/text.h"

/* Rounded so that it is never printed as -0.00. */
static double hundredths(double v)
{
	return round(100 * v) / 100 + 0.0;
}

/* The median over the boots at a point of the sweep. */
static double median_at(const struct growth *g, size_t points, size_t i)
{
	double *column = xcalloc(g->boots, sizeof(*column)), median;

	for (size_t b = 0; b < g->boots; b++)
		column[b] = g->cost[b * points + i];
	median = stats_median(column, g->boots);
	free(column);
	return median;
}

char *growth_words(const struct growth *g, const struct sweep *s, const char *label)
{
	static const char *const kinds[] = {
		"falls",
		"is constant",
		"grows, but less than linearly",
		"grows linearly",
		"grows worse than linearly",
		"follows no one power of it",
	};
	const struct scaling *fit = &g->fit;
	struct str out = STR_INIT;
	char first[32], last[32];

	verdict_figure(first, median_at(g, s->n, 0));
	verdict_figure(last, median_at(g, s->n, s->n - 1));
	text_escape(&out, label);
	str_addf(&out, ": %s to %s %s over %s=%g to %g", first, last, g->metric->unit, s->param,
		 g->n[0], g->n[s->n - 1]);
	if (!isfinite(fit->slope_ci.low)) {
		str_addf(&out,
			 ", nearest to %s^%.2f, off by up to %.1f %%; %zu boots, and an interval "
			 "takes %d",
			 s->param, hundredths(fit->slope.slope), 100 * fit->slope_off, g->boots,
			 STATS_BOOTSTRAP_LEAST);
		return out.buf;
	}
	str_addf(&out, ", %s", kinds[g->kind]);
	if (g->kind == GROWTH_UNCLEAR) {
		str_addf(&out, ": the nearest, %.2f, is off by up to %.1f %%",
			 hundredths(fit->slope.slope), 100 * fit->slope_off);
		return out.buf;
	}
	str_addf(&out, ": %s^%.2f", s->param, hundredths(fit->slope.slope));
	str_addf(&out, " (95 %% interval %.2f to %.2f)", hundredths(fit->slope_ci.low),
		 hundredths(fit->slope_ci.high));
	str_addf(&out, ", off by up to %.1f %%", 100 * fit->slope_off);
	return out.buf;
}

/* "exit-mlocked lock=mlock,size=2M": the cell without the parameter that is swept. */
static void add_title(struct str *out, const struct sweep *s)
{
	const struct run_cell *c = s->cells[0];
	const char *separator = " ";
	size_t n = strlen(s->param);
	struct strv parts = STRV_INIT;

	text_escape(out, c->workload);
	strv_split(&parts, c->label, ",");
	for (size_t i = 0; i < parts.n; i++) {
		if (!strncmp(parts.v[i], s->param, n) && parts.v[i][n] == '=')
			continue;
		str_add(out, separator);
		text_escape(out, parts.v[i]);
		separator = ",";
	}
	strv_release(&parts);
}

static void add_arm(const struct run *run, const struct run_arm *arm, const struct sweep *s,
		    size_t width, struct str *out)
{
	struct growth g;
	char *text;

	if (growth_fit(&g, run, (size_t)(arm - run->arms), s) < 0)
		return;
	text = growth_words(&g, s, arm->name);
	text_wrap(out, text, width, 2);
	free(text);
	growth_release(&g);
}

void growth_text(const struct comparison *c, size_t width, struct str *out)
{
	const struct run *run = c->run_old;
	struct sweep s = {.cells = xcalloc(run->n_cells + 1, sizeof(*s.cells))};

	for (size_t i = 0; i < run->n_cells; i++) {
		json_t *value;

		json_object_foreach(run->cells[i].params, s.param, value) {
			if (sweep_find(run, i, &s) < SWEEP_POINTS || !s.cells[0]->n_series)
				continue;
			str_add(out, "\n");
			add_title(out, &s);
			str_add(out, "\n");
			add_arm(c->run_old, c->arm_old, &s, width, out);
			add_arm(c->run_new, c->arm_new, &s, width, out);
		}
	}
	free(s.cells);
}
