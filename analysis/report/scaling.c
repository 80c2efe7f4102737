#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/write/growth-text.h"
#include "analysis/report/part.h"
#include "analysis/write/verdict.h"
#include "lib/json.h"

#define OPEN_PICTURES 6

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
	/* Few boots have no interval. */
	text = isnan(y.low) ? xstrdup(v.n ? mid : "") : xasprintf("%s (%s..%s)", mid, low, high);
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

	table_columns(t, true, s->param, NULL);
	for (int control = 0; control < lines; control++)
		for (size_t side = 0; side < r->n_sides; side++) {
			char *key = report_key(r, side, control);

			table_columns(t, true, key, NULL);
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

static void show_growth(struct report *r, const struct sweep *s)
{
	for (size_t side = 0; side < r->n_sides; side++) {
		const struct side *x = &r->sides[side];
		struct growth g;
		char *words;

		if (growth_fit(&g, x->run, x->arm_index, s) < 0)
			continue;
		words = growth_words(&g, s, x->label);
		growth_release(&g);
		doc_para(&r->doc, "%s", words);
		free(words);
	}
}

static void show_sweep(struct report *r, const struct sweep *s, bool open)
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
	if (!open)
		doc_open(&r->doc, false, title);
	doc_figure(&r->doc, p);
	show_growth(r, s);
	doc_table(&r->doc, curve_table(r, s, lines));
	if (!open)
		doc_close(&r->doc);
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
	size_t shown = 0;

	for (size_t i = 0; i < run->n_cells; i++) {
		json_t *value;

		json_object_foreach(run->cells[i].params, s.param, value) {
			if (sweep_find(run, i, &s) < SWEEP_POINTS || !s.cells[0]->n_series)
				continue;
			if (!shown) {
				doc_section(&r->doc, "scaling", "Scaling");
				doc_para(&r->doc,
					 "Points are medians of the boots; ribbons and bars "
					 "hold the median with at least 95 %% confidence, "
					 "which takes six boots: of fewer there are none.");
			}
			show_sweep(r, &s, shown++ < OPEN_PICTURES);
		}
	}
	free(s.cells);
}
