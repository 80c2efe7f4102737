/* mlocklab history: one metric over all stored runs. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/catalogue/catalogue.h"
#include "analysis/write/table.h"
#include "lib/text.h"
#include "analysis/write/verdict.h"
#include "lib/fs.h"
#include "lib/options.h"
#include "lib/paths.h"

struct options {
	const char *metric, *workload, *results;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("workload", "NAME", OFFER_WORKLOAD, AT(workload), "of this workload only"),
	OPT_TEXT("results", "DIR", OFFER_DIR, AT(results), "the runs in this directory (default: results)"),
	OPT_END,
};

static const struct command command = {
	.name = "history",
	.usage = "[option...] METRIC",
	.about = "Prints every value of a metric in the stored runs: median of the boots and 95 %\n"
		 "interval, cell by cell in the order in which they were measured. METRIC is a\n"
		 "workload's, such as exit, or a counter, such as vmstat.pgmigrate_success.\n",
	.notes = "The runs are indexed in DIR/catalogue.db, which can be removed at any time.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.want = "one metric is wanted, such as 'mlocklab history exit'",
};

static bool same_group(const struct catalogue_figure *a, const struct catalogue_figure *b)
{
	return !strcmp(a->cell, b->cell) && !strcmp(a->target, b->target) &&
	       !strcmp(a->unit, b->unit);
}

static void add_group(const struct options *o, const struct catalogue_figure *f, struct str *out)
{
	struct str line = STR_INIT;

	text_escape(&line, f->cell);
	str_addf(&line, ": %s, ", o->metric);
	text_escape(&line, f->unit);
	str_add(&line, " on ");
	text_escape(&line, f->target);
	str_add(out, out->len ? "\n" : "");
	text_wrap(out, line.buf, TABLE_WIDTH, 0);
	str_addf(out, "  %-10s %-28s %9s  %-16s %5s\n", "measured", "kernel", "value",
		 "95% interval", "boots");
	str_release(&line);
}

static void add_row(const struct catalogue_figure *f, struct str *out)
{
	char value[32], low[32], high[32], interval[72];
	struct str kernel = STR_INIT, day = STR_INIT;

	text_escape(&kernel, f->kernel);
	text_escape(&day, f->created);
	verdict_figure(value, f->value);
	verdict_figure(low, f->low);
	verdict_figure(high, f->high);
	snprintf(interval, sizeof(interval), "%s..%s", low, high);
	str_addf(out, "  %-10.10s %-28.28s %9s  %-16s %5d\n", str_text(&day), str_text(&kernel),
		 value, interval, f->boots);
	str_release(&kernel);
	str_release(&day);
}

/* Without a figure the user wants to know what there is. */
static int none(const struct options *o, struct catalogue *c, struct err *err)
{
	struct strv metrics = STRV_INIT;
	struct str all = STR_INIT;

	if (catalogue_metrics(c, &metrics, err) < 0)
		return -1;
	for (size_t i = 0; i < metrics.n; i++)
		if (!strchr(metrics.v[i], '.'))
			str_addf(&all, "%s%s", all.len ? ", " : "", metrics.v[i]);
	err_set(err, "no figure of metric '%s'%s%s%s in '%s'%s%.300s", o->metric,
		o->workload ? " of workload '" : "", o->workload ? o->workload : "",
		o->workload ? "'" : "", o->results,
		all.len ? ": there are " : ", which has no runs", str_text(&all));
	str_release(&all);
	strv_release(&metrics);
	return -1;
}

static int history(const struct options *o, struct catalogue *c, struct err *err)
{
	struct catalogue_figures f;
	struct str out = STR_INIT;
	int ret = catalogue_history(c, o->metric, o->workload, &f, err);

	if (ret == 0 && !f.n)
		ret = none(o, c, err);
	for (size_t i = 0; ret == 0 && i < f.n; i++) {
		if (!i || !same_group(&f.v[i - 1], &f.v[i]))
			add_group(o, &f.v[i], &out);
		add_row(&f.v[i], &out);
	}
	if (ret == 0)
		ret = text_deliver(&out, NULL, err);
	str_release(&out);
	catalogue_figures_release(&f);
	return ret;
}

int main(int argc, char **argv)
{
	char *results = paths_results();
	struct options o = {.results = results};
	struct strv notes = STRV_INIT;
	struct catalogue *c = NULL;
	struct err err = {""};
	int ret;

	o.metric = command_parse(&command, &o, argc, argv)[0];
	if (!fs_exists(o.results))
		err_set(&err, "there is no '%s': 'mlocklab run' makes it, --results names another",
			o.results);
	else
		c = catalogue_open(o.results, &notes, &err);
	for (size_t i = 0; i < notes.n; i++)
		command_note("%s", notes.v[i]);
	ret = c ? history(&o, c, &err) : -1;
	if (ret < 0)
		command_fail(&err);
	catalogue_close(c);
	strv_release(&notes);
	free(results);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
