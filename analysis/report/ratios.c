#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"

#define ROWS_A_PICTURE 40
#define LONGEST_LABEL 46
#define FOLD_FROM 30 /* a table of more rows than this is folded away */

static const struct group {
	enum verdict a, b;
	const char *name;
	enum plot_look look;
} groups[] = {
	{VERDICT_BETTER, VERDICT_BETTER, "better", PLOT_BETTER},
	{VERDICT_WORSE, VERDICT_WORSE, "worse", PLOT_WORSE},
	{VERDICT_EQUIVALENT, VERDICT_CHANGED_SMALL, "equivalent or small", PLOT_EQUIVALENT},
	{VERDICT_INCONCLUSIVE, VERDICT_CHANGED, "inconclusive or undirected", PLOT_UNSURE},
};

/* The label of a row: what is too long loses its middle, the table below has it whole. */
static char *row_label(const struct report *r, const struct run_cell *c)
{
	char *label = report_label(r, c);
	char *text = xasprintf("%s%s", label, c->is_control ? " (control)" : "");
	size_t len = strlen(text);
	char *cut;

	free(label);
	if (len <= LONGEST_LABEL)
		return text;
	cut = xasprintf("%.*s..%s", LONGEST_LABEL / 2 - 1, text,
			text + len - LONGEST_LABEL / 2 + 1);
	free(text);
	return cut;
}

static void add_group(struct plot *p, const struct group *g, const struct result **rows, size_t n)
{
	struct plot_series *s = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct result *r = rows[i];

		if (r->verdict != g->a && r->verdict != g->b)
			continue;
		if (!s)
			s = plot_add(p, g->name, g->look, PLOT_MARK | PLOT_XBAR);
		plot_add_point(s, r->ratio, (double)i + 1, r->low > 0 ? r->low : NAN, r->high);
	}
}

static struct plot *forest(struct report *r, const char *name, const struct result **rows, size_t n)
{
	const struct comparison *c = r->cmp;
	char *unit = verdict_unit(rows[0]->metric), *what = report_common(r, rows[0]->cell);
	char *title = xasprintf("%s: %s, new / old (%s)", what, unit, r->run->target.kind);
	struct plot *p = plot_new(name, title);

	p->height = 155 + 24 * (int)n;
	p->reference = 1;
	p->band_low = 1 / (1 + c->margin);
	p->band_high = 1 + c->margin;
	p->y.from = (double)n + 0.6;
	p->y.to = 0.4;
	for (size_t i = 0; i < n; i++) {
		char *label = row_label(r, rows[i]->cell);

		plot_add_tick(&p->y, (double)i + 1, label);
		free(label);
	}
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		add_group(p, &groups[i], rows, n);
	plot_label(&p->x, rows[0]->metric->better == HIGHER_IS_BETTER
				  ? "ratio new / old; right is better, shaded: the margin"
				  : "ratio new / old; left is better, shaded: the margin");
	plot_try_log(p, true, false);
	free(title);
	free(what);
	free(unit);
	return p;
}

static void ratio_row(const struct report *r, struct table *t, const struct result *x)
{
	double detectable = x->difference ? x->detectable : 100 * x->detectable;
	char text[72], *label = report_label(r, x->cell);

	table_text(t, label);
	table_tone(t, verdict_name(x->verdict), report_tone(x->verdict));
	table_number(t, x->old);
	table_number(t, x->new);
	table_ratio(text, x, x->ratio);
	table_figure(t, text, x->ratio);
	table_interval(text, x);
	table_text(t, text);
	snprintf(text, sizeof(text), "%.2g", x->p_adjusted);
	table_figure(t, text, x->p_adjusted);
	snprintf(text, sizeof(text), detectable >= 99.5 ? "%.0f" : "%.2g", detectable);
	table_figure(t, text, detectable);
	if (x->n_old == x->n_new)
		snprintf(text, sizeof(text), "%zu", x->n_old);
	else
		snprintf(text, sizeof(text), "%zu, %zu", x->n_old, x->n_new);
	table_text(t, text);
	free(label);
}

static struct table *ratio_table(struct report *r, const char *name, const struct result **rows,
				 size_t n)
{
	const struct comparison *c = r->cmp;
	char *unit = verdict_unit(rows[0]->metric), *what = report_common(r, rows[0]->cell);
	char *caption =
		xasprintf("%s: %s, %s, medians of the boots, ratio new / old with its 95 %% "
			  "interval; target %s",
			  what, rows[0]->metric->name, unit, r->run->target.kind);
	struct table *t = table_new(name, caption);

	table_column(t, "cell", false);
	table_column(t, "verdict", false);
	table_column(t, c->arm_old->name, true);
	table_column(t, c->arm_new->name, true);
	table_column(t, "ratio", true);
	table_column(t, "95 % interval", true);
	table_column(t, "adjusted p", true);
	table_column(t, "detectable %", true);
	table_column(t, c->paired ? "pairs" : "boots", true);
	for (size_t i = 0; i < n; i++)
		ratio_row(r, t, rows[i]);
	free(caption);
	free(what);
	free(unit);
	return t;
}

static size_t without_differences(const struct result **rows, size_t n, const struct result **out)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (!rows[i]->difference && rows[i]->ratio > 0)
			out[k++] = rows[i];
	return k;
}

/* Says which rows are folded, so that one is found without unfolding them all. */
static void open_rows(struct report *r, const struct result **rows, size_t from, size_t n, size_t all)
{
	char *first = report_label(r, rows[from]->cell);
	char *last = report_label(r, rows[from + n - 1]->cell);
	char *text = xasprintf("Rows %zu to %zu of %zu: %s to %s", from + 1, from + n, all, first, last);

	doc_open(&r->doc, false, text);
	free(text);
	free(last);
	free(first);
}

static void workload_ratios(struct report *r, const char *workload)
{
	const struct comparison *c = r->cmp;
	const struct result **rows, **drawn = xcalloc(c->n_results, sizeof(*drawn));
	size_t all = table_order(c, METRIC_PRIMARY, &rows), n = 0, k, rows_here;
	char *name;

	for (size_t i = 0; i < all; i++)
		if (!strcmp(rows[i]->cell->workload, workload))
			rows[n++] = rows[i];
	k = without_differences(rows, n, drawn);
	if (n) {
		name = report_common(r, rows[0]->cell);
		doc_heading(&r->doc, name);
		free(name);
	}
	for (size_t i = 0; i < k; i += ROWS_A_PICTURE) {
		name = report_file(r, "ratio", workload);
		rows_here = k - i < ROWS_A_PICTURE ? k - i : ROWS_A_PICTURE;
		if (i)
			open_rows(r, drawn, i, rows_here, k);
		doc_figure(&r->doc, forest(r, name, drawn + i, rows_here));
		if (i)
			doc_close(&r->doc);
		free(name);
	}
	if (n) {
		name = report_file(r, "table", workload);
		doc_open(&r->doc, n <= FOLD_FROM, "The figures");
		doc_table(&r->doc, ratio_table(r, name, rows, n));
		doc_close(&r->doc);
		free(name);
	}
	free(drawn);
	free(rows);
}

void report_ratios(struct report *r)
{
	struct strv workloads = report_workloads(r);

	if (r->cmp) {
		doc_section(&r->doc, "ratios", "Ratios");
		doc_para(&r->doc,
			 "Each row is one cell: the median ratio of new to old over the boots and "
			 "its "
			 "95 %% interval. What lies inside the margin of %.3g %% does not count as "
			 "a change.",
			 100 * r->cmp->margin);
		for (size_t i = 0; i < workloads.n; i++)
			workload_ratios(r, workloads.v[i]);
	}
	strv_release(&workloads);
}
