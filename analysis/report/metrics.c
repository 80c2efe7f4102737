#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"

static struct table *metric_table(struct report *r, const char *name, const char *caption)
{
	struct table *t = table_new(name, caption);

	table_columns(t, false, "cell", "verdict", "metric", "unit", NULL);
	table_columns(t, true, r->cmp->arm_old->name, r->cmp->arm_new->name, "new / old",
		      "interval", "adjusted p", NULL);
	return t;
}

static void metric_row(const struct report *r, struct table *t, const struct result *x)
{
	report_name_cell(r, t, x->cell);
	table_tone(t, verdict_name(x->verdict), report_tone(x->verdict));
	table_text(t, x->metric->name);
	table_text(t, x->metric->unit);
	report_change(t, x);
}

static bool is_certain(const struct result *x)
{
	return x->verdict == VERDICT_BETTER || x->verdict == VERDICT_WORSE ||
	       x->verdict == VERDICT_CHANGED;
}

/* Counters that did not change for certain are left out: there are dozens in each cell. */
static void show_kind(struct report *r, const char *workload, enum metric_kind kind)
{
	bool counters = kind == METRIC_COUNTER;
	char *name = report_file(r, counters ? "counters" : "metrics", workload);
	char *caption = xasprintf("%s: %s; target %s", workload,
				  counters ? "counters that changed" : "all other metrics",
				  r->run->target.kind);
	struct table *t = metric_table(r, name, caption);

	for (size_t i = 0; i < r->cmp->n_results; i++) {
		const struct result *x = &r->cmp->results[i];

		if (x->metric->kind == kind && !strcmp(x->cell->workload, workload) &&
		    (!counters || is_certain(x)))
			metric_row(r, t, x);
	}
	if (t->n) {
		doc_open(&r->doc, false, caption);
		doc_table(&r->doc, t);
		doc_close(&r->doc);
	} else {
		table_free(t);
	}
	free(caption);
	free(name);
}

void report_metrics(struct report *r)
{
	struct strv workloads = report_workloads(r);

	if (r->cmp) {
		doc_section(&r->doc, "metrics", "Other metrics and counters");
		doc_para(&r->doc,
			 "A change with a sign is a difference in the metric's unit, as where "
			 "a value is zero; any other is a ratio. The p of counters allow for "
			 "their number (Benjamini-Hochberg).");
		for (size_t i = 0; i < workloads.n; i++) {
			show_kind(r, workloads.v[i], METRIC_SECONDARY);
			show_kind(r, workloads.v[i], METRIC_COUNTER);
		}
	}
	strv_release(&workloads);
}
