#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report-part.h"
#include "analysis/stats.h"
#include "analysis/verdict.h"
#include "lib/json.h"

#define FEWEST_POINTS 3

/* Cells that differ in one numeric parameter only, in the order of its values. */
struct sweep {
	const char *param;
	const struct run_cell **cells;
	size_t n;
};

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

/* The cells that belong to first's sweep of the parameter; none where an earlier cell has them. */
static size_t find_sweep(const struct run *run, size_t first, struct sweep *s)
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

static const char *cell_of(const struct run_cell *c, bool control)
{
	return control ? c->control : c->id;
}

static void add_curve(struct report *r, struct plot *p, const struct sweep *s, size_t side,
		      bool control)
{
	char *name = report_key(r, side, control);
	struct plot_series *curve = plot_add(p, name, report_look(side, control),
					     PLOT_LINE | PLOT_MARK | PLOT_YBAR | PLOT_YRIBBON);

	for (size_t i = 0; i < s->n; i++) {
		struct values v = {0};
		struct spread y;

		if (cell_of(s->cells[i], control))
			v = report_values(&r->sides[side], cell_of(s->cells[i], control), NULL);
		y = values_spread(&v);
		if (v.n)
			plot_add_point(curve, load_param(s->cells[i], s->param), y.mid, y.low,
				       y.high);
		values_release(&v);
	}
	free(name);
}

static void curve_cell(struct report *r, struct table *t, const char *id, size_t side)
{
	struct values v = {0};
	struct spread y;
	char mid[32], low[32], high[32], *text;

	if (id)
		v = report_values(&r->sides[side], id, NULL);
	y = values_spread(&v);
	verdict_figure(mid, y.mid);
	verdict_figure(low, y.low);
	verdict_figure(high, y.high);
	text = xasprintf("%s (%s..%s)", mid, low, high);
	table_figure(t, text, y.mid);
	free(text);
	values_release(&v);
}

static struct table *curve_table(struct report *r, const struct sweep *s, int lines)
{
	char *axis = report_axis(r, &s->cells[0]->series[0].metric);
	char *caption =
		xasprintf("%s %s; median of the boots (interval)", s->cells[0]->workload, axis);
	struct table *t = table_new(NULL, caption);

	table_column(t, s->param, true);
	for (int control = 0; control < lines; control++)
		for (size_t side = 0; side < r->n_sides; side++) {
			char *key = report_key(r, side, control);

			table_column(t, key, true);
			free(key);
		}
	for (size_t i = 0; i < s->n; i++) {
		table_text(t, json_get_str(s->cells[i]->params, s->param, ""));
		for (int control = 0; control < lines; control++)
			for (size_t side = 0; side < r->n_sides; side++)
				curve_cell(r, t, cell_of(s->cells[i], control), side);
	}
	free(caption);
	free(axis);
	return t;
}

/* The values of those boots of a side that have the whole sweep, boot by boot. Returns how many. */
static size_t whole_boots(const struct side *side, const struct sweep *s, double *cost)
{
	size_t boots = 0;

	for (size_t b = 0; b < side->run->n_boots; b++) {
		size_t i = 0;

		if (side->run->boots[b].arm != side->arm_index)
			continue;
		for (; i < s->n; i++) {
			const struct run_cell *c = load_cell(side->run, s->cells[i]->id);

			if (!c || !c->n_series || !(c->series[0].boot[b].median > 0))
				break;
			cost[boots * s->n + i] = c->series[0].boot[b].median;
		}
		boots += i == s->n;
	}
	return boots;
}

/* Rounded so that it is never printed as -0.00. */
static double hundredths(double v)
{
	return round(100 * v) / 100 + 0.0;
}

/* "old 5.10: as procs to the power 0.95 (0.94..0.96)", for each side where the logarithms fit. */
static void show_growth(struct report *r, const struct sweep *s)
{
	double *n = xcalloc(s->n, sizeof(*n));
	struct str text = STR_INIT;

	for (size_t i = 0; i < s->n; i++)
		n[i] = load_param(s->cells[i], s->param);
	for (size_t side = 0; side < r->n_sides && n[0] > 0; side++) {
		double *cost = xcalloc(r->sides[side].run->n_boots * s->n, sizeof(*cost));
		size_t boots = whole_boots(&r->sides[side], s, cost);
		struct scaling fit;

		if (boots > 1 && !stats_scaling(n, cost, s->n, boots, 0.95, r->run->seed, &fit))
			str_addf(&text, "%s%s: as %s to the power %.2f (%.2f..%.2f)",
				 text.len ? "; " : "Growth by least squares on logarithms. ",
				 r->sides[side].label, s->param, hundredths(fit.slope.slope),
				 hundredths(fit.slope_ci.low), hundredths(fit.slope_ci.high));
		free(cost);
	}
	if (text.len)
		doc_para(&r->doc, "%s.", text.buf);
	str_release(&text);
	free(n);
}

static void show_sweep(struct report *r, const struct sweep *s)
{
	const struct run_cell *c = s->cells[0];
	char *what = report_cell(r, c, s->param), *axis = report_axis(r, &c->series[0].metric);
	char *title = xasprintf("%s over %s (%s)", what, s->param, r->run->target.kind);
	char *stem = xasprintf("%s-%s", s->param, what);
	char *name = report_file(r, "scaling", stem);
	struct plot *p = plot_new(name, title);
	int lines = 1; /* with controls 2 */

	for (size_t i = 0; i < s->n; i++)
		lines = s->cells[i]->control ? 2 : lines;
	for (size_t side = 0; side < r->n_sides; side++)
		for (int control = 0; control < lines; control++)
			add_curve(r, p, s, side, control);
	for (size_t i = 0; i < s->n; i++)
		plot_add_tick(&p->x, load_param(s->cells[i], s->param),
			      json_get_str(s->cells[i]->params, s->param, ""));
	plot_label(&p->x, s->param);
	plot_label(&p->y, axis);
	plot_try_log(p, true, true);
	p->height = 440;
	doc_figure(&r->doc, p);
	show_growth(r, s);
	doc_table(&r->doc, curve_table(r, s, lines));
	free(name);
	free(stem);
	free(title);
	free(axis);
	free(what);
}

void report_scaling(struct report *r)
{
	const struct run *run = r->run;
	struct sweep s = {.cells = xcalloc(run->n_cells, sizeof(*s.cells))};
	bool headed = false;

	for (size_t i = 0; i < run->n_cells; i++) {
		json_t *value;

		json_object_foreach(run->cells[i].params, s.param, value)
		{
			if (find_sweep(run, i, &s) < FEWEST_POINTS || !s.cells[0]->n_series)
				continue;
			if (!headed) {
				doc_section(&r->doc, "scaling", "Scaling");
				doc_para(&r->doc,
					 "Points are medians of the boots; ribbons and bars "
					 "hold the median with at least 95 %% confidence, or "
					 "span all boots where they are fewer than six.");
			}
			headed = true;
			show_sweep(r, &s);
		}
	}
	free(s.cells);
}
