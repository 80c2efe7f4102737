#include "analysis/report/timeline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/html.h"
#include "analysis/write/gnuplot.h"
#include "analysis/report/draw.h"
#include "analysis/write/timeline-words.h"
#include "analysis/write/verdict.h"
#include "lib/fs.h"
#include "lib/scratch.h"

/* --- the change points --- */

static enum tone tone_of(const struct timeline_series *s, const struct timeline_change *c)
{
	bool up = c->ratio > (c->difference ? 0 : 1);

	if (c->proof == PROOF_REFUTED || s->metric->better == NO_DIRECTION)
		return TONE_UNSURE;
	return up == (s->metric->better == HIGHER_IS_BETTER) ? TONE_BETTER : TONE_WORSE;
}

struct changes {
	const struct timeline *t;
	struct table *table;
};

static void change_row(void *to, const struct timeline_series *s, const struct timeline_change *c,
		       const char *sentence, const char *standing)
{
	const struct changes *rows = to;

	table_text(rows->table, rows->t->run->arms[c->at].name);
	table_text(rows->table, rows->t->run->arms[c->before].name);
	table_tone(rows->table, sentence, tone_of(s, c));
	table_text(rows->table, standing);
}

static void add_settings(const struct timeline *t, struct doc *d)
{
	doc_section(d, "configuration", "What else changed in the configuration");
	doc_para(d,
		 "A packaging change is not a code change: these CONFIG_ lines, and what the guest "
		 "says of itself, differ between neighbours.");
	for (size_t at = 1; at < t->run->n_arms; at++) {
		char *settings = timeline_settings(t, at);

		doc_open(d, false, t->run->arms[at].name);
		doc_para(d, "%s", settings);
		doc_close(d);
		free(settings);
	}
}

static void add_changes(const struct timeline *t, struct doc *d)
{
	struct changes rows = {t, table_new(NULL, "Changes in the order of the kernels")};

	doc_section(d, "changes", "Changes");
	table_columns(rows.table, false, "kernel", "after", "what", "standing", NULL);
	for (size_t at = 1; at < t->run->n_arms; at++)
		for (size_t before = 0; before < at; before++)
			timeline_changes(t, before, at, change_row, &rows);
	if (!doc_table(d, rows.table))
		doc_para(d, "None.");
}

/* --- one cell --- */

/* Each stretch without a change is a line of its own, long enough to be seen where it is one
 * release. */
static void add_levels(const struct timeline *t, const struct timeline_series *s, struct plot *p)
{
	size_t next = 0;

	for (size_t from = 0, to; from < t->run->n_arms; from = to) {
		struct plot_series *line;
		double level = s->points[from].level;

		for (; next < s->n_changes && s->changes[next].at <= from; next++)
			;
		to = next < s->n_changes ? s->changes[next].at : t->run->n_arms;
		line = plot_add(p, from ? "" : "level", PLOT_NEW, PLOT_LINE);
		for (size_t i = from; i < to && isnan(level); i++)
			level = s->points[i].level;
		plot_add_point(line, (double)from - 0.35, level, NAN, NAN);
		plot_add_point(line, (double)to - 0.65, level, NAN, NAN);
	}
}

static void add_marks(const struct timeline_series *s, struct plot *p)
{
	struct plot_series *marks = NULL;

	for (size_t i = 0; i < s->n_changes; i++) {
		size_t at = s->changes[i].at;

		if (!marks)
			marks = plot_add(p, "change", PLOT_CHANGE, PLOT_MARK);
		plot_add_point(marks, (double)at, s->points[at].value, NAN, NAN);
	}
}

/* Where one release dwarfs the others, their own steps are only seen on a log axis. */
static bool spans_much(const struct timeline *t, const struct timeline_series *s)
{
	double least = INFINITY, most = -INFINITY;

	for (size_t i = 0; i < t->run->n_arms; i++) {
		least = fmin(least, s->points[i].value);
		most = fmax(most, s->points[i].value);
	}
	return least > 0 && most / least > 5;
}

static struct plot *picture(const struct timeline *t, const struct timeline_series *s,
			    size_t number)
{
	char *cell = timeline_cell(s), *unit = verdict_unit(s->metric);
	char *name = xasprintf("timeline-%zu", number);
	char *title = xasprintf("%s%s", cell, s->cell->is_control ? " (control)" : "");
	char *label = xasprintf("%s (%s)", unit, t->run->target.kind);
	struct plot *p = plot_new(name, title);
	struct plot_series *values;

	p->height = 320;
	p->x.from = -0.6;
	p->x.to = (double)t->run->n_arms - 0.4;
	plot_label(&p->y, label);
	for (size_t i = 0; i < t->run->n_arms; i++)
		plot_add_tick(&p->x, (double)i, t->run->arms[i].name);
	add_levels(t, s, p);
	values = plot_add(p, "median of the boots and its interval", PLOT_OLD,
			  PLOT_MARK | PLOT_YBAR);
	for (size_t i = 0; i < t->run->n_arms; i++)
		plot_add_point(values, (double)i, s->points[i].value, s->points[i].low,
			       s->points[i].high);
	add_marks(s, p);
	if (spans_much(t, s))
		plot_try_log(p, false, true);
	free(label);
	free(title);
	free(name);
	free(unit);
	free(cell);
	return p;
}

static void add_interval(struct table *to, double low, double high)
{
	char a[32], b[32], text[80] = "";

	verdict_figure(a, low);
	verdict_figure(b, high);
	if (isfinite(low) && isfinite(high))
		snprintf(text, sizeof(text), "%s..%s", a, b);
	table_text(to, text);
}

/* The step that leads to an arm, in three columns. */
static void add_step(struct table *to, const struct timeline_series *s, size_t arm)
{
	const struct step *step = s->points[arm].step;

	if (!step || !step->result.k) {
		for (int i = 0; i < 3; i++)
			table_text(to, "");
		return;
	}
	table_number(to, step->result.ratio);
	if (step->result.difference || step->result.low > 0)
		add_interval(to, step->result.low, step->result.high);
	else
		table_text(to, "");
	table_tone(to, verdict_name(step->result.verdict),
		   step_is_change(step) ? TONE_UNSURE : TONE_PLAIN);
}

static struct table *figures(const struct timeline *t, const struct timeline_series *s)
{
	char *unit = verdict_unit(s->metric), *caption = xasprintf("%s, %s", s->metric->name, unit);
	struct table *to = table_new(NULL, caption);

	table_columns(to, false, "kernel", NULL);
	table_columns(to, true, "boots", "value", "95 % interval",
		      s->difference ? "change from the anchor" : "ratio to the anchor",
		      "step from the one before", "its interval", NULL);
	table_columns(to, false, "verdict", NULL);
	for (size_t i = 0; i < t->run->n_arms; i++) {
		const struct timeline_point *p = &s->points[i];

		table_text(to, t->run->arms[i].name);
		table_number(to, (double)p->boots);
		table_number(to, p->value);
		add_interval(to, p->low, p->high);
		table_number(to, p->ratio);
		add_step(to, s, i);
	}
	free(caption);
	free(unit);
	return to;
}

/* --- the page --- */

static void add_cells(const struct timeline *t, struct doc *d)
{
	const char *workload = "";

	for (size_t i = 0; i < t->n; i++) {
		const struct timeline_series *s = &t->series[i];

		if (strcmp(workload, s->cell->workload)) {
			workload = s->cell->workload;
			doc_section(d, workload, workload);
		}
		doc_figure(d, picture(t, s, i + 1));
		doc_open(d, false, "The figures");
		doc_table(d, figures(t, s));
		doc_close(d);
	}
}

static void add_kernels(const struct timeline *t, struct doc *d)
{
	struct table *to = table_new(NULL, "The kernels");

	doc_section(d, "kernels", "Kernels");
	table_columns(to, false, "arm", "release", "version", "SHA-256 of the image", NULL);
	for (size_t i = 0; i < t->run->n_arms; i++) {
		const struct run_arm *a = &t->run->arms[i];

		table_text(to, a->name);
		table_text(to, a->release);
		table_text(to, a->version);
		table_text(to, a->sha256);
	}
	doc_table(d, to);
	for (size_t i = 0; i < t->run->notes.n; i++)
		doc_para(d, "%s", t->run->notes.v[i]);
}

static void fill(const struct timeline *t, struct doc *d)
{
	char *method = timeline_method(t), *tally = timeline_tally(t);

	doc_para(d, "%zu kernels in %zu interleaved round%s, target %s.", t->run->n_arms,
		 t->judged.rounds, t->judged.rounds == 1 ? "" : "s", t->run->target.kind);
	doc_para(d, "%s", method);
	doc_para(d, "%s.", tally);
	add_changes(t, d);
	add_cells(t, d);
	add_settings(t, d);
	add_kernels(t, d);
	free(tally);
	free(method);
}

/* Draws in a directory of its own: the pictures stand in the page, and no file of theirs is left.
 */
static int draw(struct doc *d, char **note, struct err *err)
{
	char *dir;
	int ret;

	if (!plot_gnuplot_found()) {
		*note = xstrdup("the page has no pictures: " PLOT_GNUPLOT_MISSING);
		return 0;
	}
	dir = scratch_make("timeline", err);
	if (!dir)
		return -1;
	ret = report_draw(d, dir, err);
	scratch_remove(dir);
	return ret;
}

int timeline_html(const struct timeline *t, const char *path, char **note, struct err *err)
{
	char *title = xasprintf("%s: %s to %s (%s)", t->run->name, t->run->arms[0].name,
				t->run->arms[t->run->n_arms - 1].name, t->run->target.kind);
	struct str page = STR_INIT;
	struct doc d;
	int ret;

	doc_init(&d, title);
	d.whole = true;
	fill(t, &d);
	ret = draw(&d, note, err);
	if (ret == 0) {
		html_write(&d, &page);
		ret = fs_write_atomic(path, page.buf, page.len, err);
	}
	str_release(&page);
	doc_release(&d);
	free(title);
	return ret;
}
