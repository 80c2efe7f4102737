#include <stdlib.h>
#include "analysis/write/export.h"
#include "analysis/write/markdown.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"

static void markdown_row(struct str *out, const struct result *r)
{
	char old[32], new[32], ratio[32], interval[72];

	verdict_figure(old, r->old);
	verdict_figure(new, r->new);
	table_ratio(ratio, r, r->ratio);
	table_interval(interval, r);
	str_add(out, "| ");
	markdown_escape(out, r->cell->id);
	str_addf(out, "%s | ", r->cell->is_control ? " (control)" : "");
	markdown_escape(out, r->metric->name);
	str_add(out, ", ");
	markdown_escape(out, r->metric->unit);
	str_addf(out, " | %s | %s | %s | %s | %.2g | %s |\n", old, new, ratio, interval,
		 r->p_adjusted, verdict_name(r->verdict));
}

static void add_kind(const struct comparison *c, enum metric_kind kind, struct str *out)
{
	const struct result **r;
	size_t n = table_order(c, kind, &r);

	for (size_t i = 0; i < n; i++)
		markdown_row(out, r[i]);
	free(r);
}

/* Lines as they are, in a block that they cannot end. */
static void add_block(struct str *out, const char *lines)
{
	str_add(out, "\n```\n");
	for (; *lines; lines++)
		str_addf(out, "%c", *lines == '`' ? '\'' : *lines);
	str_add(out, "```\n");
}

int export_markdown(const struct comparison *c, const struct export_opts *o, struct str *out,
		    struct err *err)
{
	struct str lines = STR_INIT;
	char *summary = verdict_summary(c), *kernels = verdict_kernels(c),
	     *levels = table_levels(c);

	(void)err;
	markdown_escape(out, summary);
	str_add(out, "\n\n");
	markdown_escape(out, kernels);
	str_add(out, "\n\n| cell | metric | old | new | ratio | interval | p | verdict |\n"
		     "|---|---|--:|--:|--:|--:|--:|---|\n");
	add_kind(c, METRIC_PRIMARY, out);
	if (o->all) {
		add_kind(c, METRIC_SECONDARY, out);
		add_kind(c, METRIC_COUNTER, out);
	}
	str_addf(out, "\n%s\n", levels);
	table_heading(c, &lines);
	table_findings(c, &lines);
	table_remarks(c, &lines);
	add_block(out, str_text(&lines));
	str_release(&lines);
	free(levels);
	free(kernels);
	free(summary);
	return 0;
}
