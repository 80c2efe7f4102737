#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"

#define FOLD_FROM 30 /* a table of more rows than this is folded away */

static void ratio_row(const struct report *r, struct table *t, const struct result *x)
{
	double detectable = x->difference ? x->detectable : 100 * x->detectable;
	char text[72];

	report_name_cell(r, t, x->cell);
	table_tone(t, verdict_name(x->verdict), report_tone(x->verdict));
	report_change(t, x);
	*text = '\0';
	if (isfinite(detectable))
		snprintf(text, sizeof(text), detectable >= 99.5 ? "%.0f%s" : "%.2g%s", detectable,
			 x->difference ? "" : " %");
	table_text(t, text);
	if (x->n_old == x->n_new)
		snprintf(text, sizeof(text), "%zu", x->n_old);
	else
		snprintf(text, sizeof(text), "%zu, %zu", x->n_old, x->n_new);
	table_text(t, text);
}

static struct table *ratio_table(struct report *r, const char *name, const struct result **rows,
				 size_t n)
{
	const struct comparison *c = r->cmp;
	char *unit = verdict_unit(rows[0]->metric), *what = report_common(r, rows[0]->cell);
	char *caption = xasprintf("%s: %s, %s, medians of the boots, ratio new / old with its "
				  "interval; target %s",
				  what, rows[0]->metric->name, unit, r->run->target.kind);
	struct table *t = table_new(name, caption);

	table_columns(t, false, "cell", "verdict", NULL);
	table_columns(t, true, c->arm_old->name, c->arm_new->name, "ratio", "interval",
		      "adjusted p", "detectable", c->paired ? "pairs" : "boots", NULL);
	for (size_t i = 0; i < n; i++)
		ratio_row(r, t, rows[i]);
	free(caption);
	free(what);
	free(unit);
	return t;
}

static void workload_ratios(struct report *r, const char *workload)
{
	const struct result **rows;
	size_t all = table_order(r->cmp, METRIC_PRIMARY, &rows), n = 0;
	char *name;

	for (size_t i = 0; i < all; i++)
		if (!strcmp(rows[i]->cell->workload, workload))
			rows[n++] = rows[i];
	if (n) {
		name = report_common(r, rows[0]->cell);
		doc_heading(&r->doc, name);
		free(name);
		name = report_file(r, "table", workload);
		doc_open(&r->doc, n <= FOLD_FROM, "The figures");
		doc_table(&r->doc, ratio_table(r, name, rows, n));
		doc_close(&r->doc);
		free(name);
	}
	free(rows);
}

static bool has_difference(const struct comparison *c)
{
	for (size_t i = 0; i < c->n_results; i++)
		if (c->results[i].metric->kind == METRIC_PRIMARY && c->results[i].difference)
			return true;
	return false;
}

void report_ratios(struct report *r)
{
	struct strv workloads = report_workloads(r);

	if (r->cmp) {
		char *levels = table_levels(r->cmp);

		doc_section(&r->doc, "ratios", "All cells and their controls");
		doc_para(&r->doc,
			 "Each row is one cell: the ratio of new to old over the boots and its "
			 "interval "
			 "(%s). What lies inside the margin of %.3g %% does not count as a change.",
			 levels, 100 * r->cmp->margin);
		free(levels);
		if (has_difference(r->cmp))
			doc_para(&r->doc,
				 "A change with a sign is a difference in the metric's unit, as "
				 "where a value is zero, and so are its interval and what would "
				 "have been detectable.");
		for (size_t i = 0; i < workloads.n; i++)
			workload_ratios(r, workloads.v[i]);
	}
	strv_release(&workloads);
}
