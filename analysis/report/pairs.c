#include <math.h>
#include <stdlib.h>

#include "analysis/report/part.h"

#define MOST_PICTURES 60
#define OPEN_PICTURES 2

static struct plot *pairs_plot(struct report *r, const char *name, const char *title,
			       const struct result *x)
{
	char *axis = report_axis(r, x->metric);
	struct plot *p = plot_new(name, title);
	struct plot_series *s;

	if (r->cmp->paired) {
		s = plot_add(p, "", PLOT_QUIET, PLOT_YBAR);
		for (size_t i = 0; i < x->k; i++)
			plot_add_point(s, (double)i + 1, x->old_v[i], x->old_v[i], x->new_v[i]);
	}
	s = plot_add(p, r->sides[0].label, PLOT_OLD, PLOT_MARK);
	for (size_t i = 0; i < x->n_old; i++)
		plot_add_point(s, (double)i + 1, x->old_v[i], NAN, NAN);
	s = plot_add(p, r->sides[1].label, PLOT_NEW, PLOT_MARK);
	for (size_t i = 0; i < x->n_new; i++)
		plot_add_point(s, (double)i + 1, x->new_v[i], NAN, NAN);
	plot_label(&p->x, r->cmp->paired ? "pair, in the order of the run"
					 : "boot, in the order of the run");
	plot_label(&p->y, axis);
	p->x.from = 0.5;
	p->x.to = (double)(x->n_old > x->n_new ? x->n_old : x->n_new) + 0.5;
	p->height = 320;
	free(axis);
	return p;
}

static struct table *pairs_table(struct report *r, const char *caption, const struct result *x)
{
	size_t n = x->n_old > x->n_new ? x->n_old : x->n_new;
	struct table *t = table_new(NULL, caption);

	table_columns(t, true, r->cmp->paired ? "pair" : "boot", r->sides[0].label,
		      r->sides[1].label, NULL);
	if (r->cmp->paired)
		table_columns(t, true, x->difference ? "new - old" : "new / old", NULL);
	for (size_t i = 0; i < n; i++) {
		table_number(t, (double)i + 1);
		table_number(t, i < x->n_old ? x->old_v[i] : NAN);
		table_number(t, i < x->n_new ? x->new_v[i] : NAN);
		if (r->cmp->paired)
			table_number(t, x->difference ? x->new_v[i] - x->old_v[i]
						      : x->new_v[i] / x->old_v[i]);
	}
	return t;
}

static void show_result(struct report *r, const struct result *x, bool open)
{
	char *cell = report_cell(r, x->cell, NULL);
	char *what = xasprintf("%s%s", cell, x->cell->is_control ? " (control)" : "");
	char *name = report_file(r, r->cmp->paired ? "pairs" : "boots", x->cell->id);
	char *axis = report_axis(r, x->metric);
	char *title = xasprintf("%s by %s (%s)", what, r->cmp->paired ? "pair" : "boot",
				r->run->target.kind);
	char *caption = xasprintf("%s; %s", what, axis);
	size_t n = x->n_old > x->n_new ? x->n_old : x->n_new;

	doc_open(&r->doc, open, what);
	doc_figure(&r->doc, pairs_plot(r, name, title, x));
	if (n <= PLOT_MOST_POINTS)
		doc_table(&r->doc, pairs_table(r, caption, x));
	else
		doc_para(&r->doc, "One of %zu is drawn; all of them are in %s.csv.", plot_step(n),
			 name);
	doc_close(&r->doc);
	free(caption);
	free(title);
	free(axis);
	free(name);
	free(what);
	free(cell);
}

void report_pairs(struct report *r)
{
	size_t n, shown = 0;
	const struct run_cell **cells = report_ranked(r, &n);

	for (size_t i = 0; r->cmp && i < n; i++) {
		const struct result *x = compare_find(r->cmp, cells[i]->id, NULL);

		if (!x || !x->n_old || shown == MOST_PICTURES)
			continue;
		if (!shown) {
			doc_section(&r->doc, "pairs",
				    r->cmp->paired ? "Pairs in the order of the run"
						   : "Boots in the order of the run");
			doc_para(&r->doc,
				 "One point is the median of one boot. A drift or a jump in "
				 "here is a reason to doubt the ratio.");
		}
		show_result(r, x, shown++ < OPEN_PICTURES);
	}
	if (shown == MOST_PICTURES)
		doc_para(&r->doc, "At most %d cells are drawn.", MOST_PICTURES);
	free(cells);
}
