/* mlocklab history: one metric over all stored runs. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/catalogue/catalogue.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/suggest.h"
#include "lib/text.h"

enum { SCREEN = 24 }; /* lines of a terminal */

struct options {
	const char *metric, *workload, *results, *format;
	bool all;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_FLAG("all", AT(all),
		 "every value, not just those of the latest runs that fit a screen"),
	OPT_TEXT("workload", "NAME", OFFER_WORKLOAD, AT(workload), "of this workload only"),
	OPT_TEXT("results", "DIR", OFFER_DIR, AT(results),
		 "the runs in this directory (default: results)"),
	OPT_CHOICE("format", "FORMAT", "text|json", AT(format),
		   "text, or json: every value in an array, an object a line (default: text)"),
	OPT_END,
};

static const struct command command = {
	.name = "history",
	.usage = "[option...] METRIC",
	.about = "Prints the values of a metric in the stored runs: median of the boots and 95 %\n"
		 "interval, cell by cell in the order in which they were measured: of as many of\n"
		 "the latest runs as fit a screen. METRIC is a workload's, such as exit, or a\n"
		 "counter, such as vmstat.pgmigrate_success.\n",
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
	text_wrap(out, line.buf, TABLE_WIDTH, 0);
	str_release(&line);
}

static void add_history_row(const struct catalogue_figure *f, struct str *out)
{
	char value[32], low[32], high[32], interval[72];
	struct str kernel = STR_INIT, day = STR_INIT;

	text_escape(&kernel, f->kernel);
	text_escape(&day, f->created);
	verdict_figure(value, f->value);
	verdict_figure(low, f->low);
	verdict_figure(high, f->high);
	if (isfinite(f->low))
		snprintf(interval, sizeof(interval), "%s..%s", low, high);
	else
		strcpy(interval, "-"); /* fewer than six boots give none */
	str_addf(out, "  %-10.10s %-28.28s %9s  %-16s %5d\n", str_text(&day), str_text(&kernel),
		 value, interval, f->boots);
	str_release(&kernel);
	str_release(&day);
}

/* --- what fits a screen --- */

static int by_age(const void *a, const void *b)
{
	const struct catalogue_figure *const *x = a, *const *y = b;
	int order = strcmp((*y)->created, (*x)->created);

	return order ? order : strcmp((*y)->run, (*x)->run);
}

/* A figure of each run, the latest run first; n: how many runs. The list is the caller's. */
static const struct catalogue_figure **list_runs(const struct catalogue_figures *f, size_t *n)
{
	const struct catalogue_figure **runs = xcalloc(f->n + 1, sizeof(*runs));

	*n = 0;
	for (size_t i = 0; i < f->n; i++)
		runs[i] = &f->v[i];
	qsort(runs, f->n, sizeof(*runs), by_age);
	for (size_t i = 0; i < f->n; i++)
		if (!*n || by_age(&runs[*n - 1], &runs[i]) != 0)
			runs[(*n)++] = runs[i];
	return runs;
}

static size_t count_lines(const struct str *s)
{
	size_t n = 0;

	for (const char *p = str_text(s); (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* The values of one cell, f[0] to f[n - 1], of runs later than `last` and, where `too`, of that
 * one. */
static size_t add_cell_rows(const struct options *o, const struct catalogue_figure *f, size_t n,
			    const struct catalogue_figure *last, bool too, struct str *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < n; i++) {
		const struct catalogue_figure *v = &f[i];
		int age = by_age(&v, &last);

		if (age > 0 || (age == 0 && !too))
			continue;
		if (!shown++)
			add_group(o, v, out);
		add_history_row(v, out);
	}
	return shown;
}

static size_t lines_of_cell(const struct options *o, const struct catalogue_figure *f, size_t n,
			    const struct catalogue_figure *last, bool too)
{
	struct str text = STR_INIT;
	size_t lines;

	add_cell_rows(o, f, n, last, too, &text);
	lines = count_lines(&text);
	str_release(&text);
	return lines;
}

/*
 * The figures of runs later than `last`, and of that one cell by cell what takes no more than
 * `room` lines, the first cell in any case; cut: that was not all. Returns how many figures they
 * are.
 */
static size_t write_figures(const struct options *o, const struct catalogue_figures *f,
			    const struct catalogue_figure *last, size_t room, bool *cut,
			    struct str *out)
{
	size_t shown = 0, end;

	str_addf(out, "  %-10s %-28s %9s  %-16s %5s\n", "measured", "kernel", "value",
		 "95% interval", "boots");
	for (size_t i = 0; i < f->n; i = end) {
		const struct catalogue_figure *cell = &f->v[i];
		size_t more = 0;
		bool too;

		for (end = i + 1; end < f->n && same_group(cell, &f->v[end]);)
			end++;
		if (room < SIZE_MAX)
			more = lines_of_cell(o, cell, end - i, last, true) -
			       lines_of_cell(o, cell, end - i, last, false);
		too = more <= room || !shown;
		room -= too && room < SIZE_MAX ? (more < room ? more : room) : 0;
		*cut = *cut || !too;
		shown += add_cell_rows(o, cell, end - i, last, too, out);
	}
	return shown;
}

/* Of as many runs as there is room for, the latest first. */
static void write_text(const struct options *o, const struct catalogue_figures *f, struct str *out)
{
	size_t n, taken = 0, shown = 0;
	const struct catalogue_figure **runs = list_runs(f, &n);
	bool cut = false;

	for (size_t i = o->all ? n - 1 : 0; i < n && !cut; i++) {
		size_t was = shown, lines = shown ? count_lines(out) : 1, room = SCREEN - 2;

		str_release(out);
		shown = write_figures(o, f, runs[i],
				      o->all	     ? SIZE_MAX
				      : lines < room ? room - lines
						     : 0,
				      &cut, out);
		taken += shown > was;
	}
	if (shown < f->n)
		str_addf(out,
			 "%zu of %zu values, of %zu of %zu run%s, the latest; --all prints every "
			 "one\n",
			 shown, f->n, taken, n, n == 1 ? "" : "s");
	free(runs);
}

static void write_json(const struct options *o, const struct catalogue_figures *f, struct str *out)
{
	str_add(out, "[");
	for (size_t i = 0; i < f->n; i++) {
		const struct catalogue_figure *v = &f->v[i];
		json_t *line =
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:i}", "run",
				  v->run, "date", v->created, "target", v->target, "kernel",
				  v->kernel, "cell", v->cell, "metric", o->metric, "unit", v->unit,
				  "value", json_finite(v->value), "low", json_finite(v->low),
				  "high", json_finite(v->high), "boots", v->boots);
		char *text = json_line(line);

		str_addf(out, "%s\n%s", i ? "," : "", text);
		free(text);
		json_decref(line);
	}
	str_add(out, "\n]\n");
}

/* --- what there is --- */

/* The workload that was meant, where the metric has values of others. */
static int no_workload(const struct options *o, const struct catalogue_figures *all,
		       struct err *err)
{
	struct strv names = STRV_INIT;

	for (size_t i = 0; i < all->n; i++) {
		char *name = xstrndup(all->v[i].cell, strcspn(all->v[i].cell, "/"));

		if (!names.n || strcmp(names.v[names.n - 1], name) != 0)
			strv_push(&names, name);
		free(name);
	}
	err_set(err, "no figure of metric '%s' of workload '%s' in '%s'", o->metric, o->workload,
		o->results);
	err_suggest(err, o->workload, (const char *const *)names.v, names.n);
	strv_release(&names);
	return -1;
}

/* Without a figure the user wants to know what there is. */
static int none(const struct options *o, struct catalogue *c, struct err *err)
{
	struct catalogue_figures others;
	struct strv metrics = STRV_INIT;
	struct str all = STR_INIT;
	const char *near;

	if (o->workload) {
		int ret = catalogue_history(c, o->metric, NULL, &others, err);
		size_t n = others.n;

		if (ret == 0 && n)
			no_workload(o, &others, err);
		catalogue_figures_release(&others);
		if (ret < 0 || n)
			return -1;
	}
	if (catalogue_metrics(c, &metrics, err) < 0)
		return -1;
	for (size_t i = 0; i < metrics.n; i++)
		if (!strchr(metrics.v[i], '.'))
			str_addf(&all, "%s%s", all.len ? ", " : "", metrics.v[i]);
	near = suggest(o->metric, (const char *const *)metrics.v, metrics.n);
	err_set(err, "no figure of metric '%s' in '%s'%s%.300s%s", o->metric, o->results,
		near	  ? "; did you mean '"
		: all.len ? ": there are "
			  : ", which has no runs",
		near ? near : str_text(&all), near ? "'?" : "");
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
	if (ret == 0 && !strcmp(o->format, "json"))
		write_json(o, &f, &out);
	else if (ret == 0)
		write_text(o, &f, &out);
	if (ret == 0)
		ret = text_deliver(&out, NULL, err);
	str_release(&out);
	catalogue_figures_release(&f);
	return ret;
}

int main(int argc, char **argv)
{
	char *results = paths_results();
	struct options o = {.results = results, .format = "text"};
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
