#include "analysis/report/patches.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/report/part.h"
#include "analysis/write/locks-text.h"
#include "analysis/write/patches-text.h"
#include "analysis/write/verdict.h"

static enum tone tone_of(const struct step *s)
{
	return s && s->result.k ? report_tone(s->result.verdict) : TONE_PLAIN;
}

/* --- the table --- */

static void add_table(const struct patches *p, struct doc *d)
{
	struct table *t =
		table_new(NULL, "Patch by patch: the step in each figure that moved anywhere");

	table_columns(t, true, "", NULL);
	table_columns(t, false, "patch", NULL);
	for (size_t i = 0; i < p->n_columns; i++) {
		char *label = patches_label(p->columns[i].cell);

		table_columns(t, true, label, NULL);
		free(label);
	}
	table_columns(t, false, "note", NULL);
	for (size_t k = 0; k < p->n_rows; k++) {
		const struct patch_row *row = &p->rows[k];
		char *note = patches_note(p, row);

		table_number(t, row->n);
		table_text(t, row->subject);
		for (size_t i = 0; i < p->n_columns; i++) {
			const struct step *s = patches_step(p, row, &p->columns[i]);
			char text[32] = "";

			if (row->n && row->arm != SIZE_MAX)
				patches_cell(text, s);
			table_tone(t, text, tone_of(s));
		}
		table_text(t, note);
		free(note);
	}
	doc_table(d, t);
	if (p->n_columns)
		doc_para(d, "%s.", patches_marks);
}

static void add_whole(const struct patches *p, struct doc *d)
{
	char *what = patches_whole(p);

	*what = (char)toupper((unsigned char)*what);
	doc_section(d, "whole", what);
	free(what);
	for (size_t i = 0; i < p->n_columns; i++) {
		const struct result *r =
			compare_find(&p->whole, p->columns[i].cell->id, p->columns[i].metric->name);
		char *text = r ? patches_sentence(r) : NULL;

		if (text)
			doc_toned(d, report_tone(r->verdict), text);
		free(text);
	}
}

static void add_patches(const struct patches *p, struct doc *d)
{
	doc_section(d, "patches", "The patches that matter");
	for (size_t k = 1; k < p->n_rows; k++) {
		const struct patch_row *row = &p->rows[k];
		const struct step *v[PATCHES_SHOWN];
		size_t all, n = patches_largest(p, row, v, PATCHES_SHOWN, &all);
		char *head;

		if (!n)
			continue;
		head = xasprintf("%d: %s (%s)", row->n, row->subject, row->commit);
		doc_heading(d, head);
		free(head);
		for (size_t i = 0; i < n; i++) {
			char *text = patches_sentence(&v[i]->result);

			doc_toned(d, report_tone(v[i]->result.verdict), text);
			free(text);
		}
		if (all > n)
			doc_para(d, "And %zu more figure%s.", all - n, all - n == 1 ? "" : "s");
		for (size_t i = 0; i < row->where.n; i++)
			doc_para(d, "%s", row->where.v[i]);
		if (row->config.n) {
			char *text = patches_config(row);

			doc_para(d, "%s", text);
			free(text);
		}
	}
}

/* --- the waterfall --- */

/* The median of a row's boots, NAN where it has none. */
static double value_of(const struct patches *p, const struct patch_row *row,
		       const struct run_cell *cell, const char *metric)
{
	const struct side side = {.run = p->run,
				  .arm = row->arm == SIZE_MAX ? NULL : &p->run->arms[row->arm],
				  .arm_index = row->arm};
	struct values v;
	double mid;

	if (!side.arm)
		return NAN;
	v = report_values(&side, cell->id, metric);
	mid = v.n ? values_spread(&v).mid : NAN;
	values_release(&v);
	return mid;
}

static void add_control(const struct patches *p, const struct patch_column *c, struct plot *plot)
{
	const struct run_cell *control =
		c->cell->control ? load_cell(p->run, c->cell->control) : NULL;
	struct plot_series *s;

	if (!control)
		return;
	s = plot_add(plot, "its unlocked control", PLOT_OLD_CONTROL, PLOT_LINE | PLOT_MARK);
	for (size_t k = 0; k < p->n_rows; k++)
		plot_add_point(s, (double)k, value_of(p, &p->rows[k], control, c->metric->name),
			       NAN, NAN);
}

/* Each step a box from the level before to the level after; grey, where it is none by the margin.
 */
static struct plot *waterfall(const struct patches *p, size_t column)
{
	static const struct {
		const char *name;
		enum plot_look look;
	} kinds[] = {{"base and tip", PLOT_OLD},
		     {"better", PLOT_BETTER},
		     {"worse", PLOT_WORSE},
		     {"no step", PLOT_QUIET}};
	const struct patch_column *c = &p->columns[column];
	char *label = patches_label(c->cell), *name = xasprintf("series-%zu", column + 1);
	char *unit = verdict_unit(c->metric),
	     *axis = xasprintf("%s (%s)", unit, p->run->target.kind);
	struct plot *plot = plot_new(name, label);

	plot->height = 320;
	plot->x.from = -0.6;
	plot->x.to = (double)p->n_rows + 0.6;
	plot_label(&plot->y, axis);
	for (size_t k = 0; k < p->n_rows; k++) {
		char *tick = k ? xasprintf("%zu", k) : xstrdup("base");

		plot_add_tick(&plot->x, (double)k, tick);
		free(tick);
	}
	plot_add_tick(&plot->x, (double)p->n_rows, "tip");
	for (size_t kind = 0; kind < 4; kind++) {
		struct plot_series *s =
			plot_add(plot, kinds[kind].name, kinds[kind].look, PLOT_BOX);
		double level = NAN;

		for (size_t k = 0; k < p->n_rows; k++) {
			const struct patch_row *row = &p->rows[k];
			const struct step *step = patches_step(p, row, c);
			double v = value_of(p, row, c->cell, c->metric->name);
			size_t is = isnan(level)			     ? 0
				    : !step || !step_is_change(step)	     ? 3
				    : step->result.verdict == VERDICT_BETTER ? 1
									     : 2;

			if (isnan(v))
				continue;
			if (is == kind)
				plot_add_point(s, (double)k, v, isnan(level) ? 0 : fmin(level, v),
					       fmax(isnan(level) ? v : level, v));
			level = v;
		}
		if (kind == 0 && !isnan(level))
			plot_add_point(s, (double)p->n_rows, level, 0, level);
	}
	add_control(p, c, plot);
	free(axis);
	free(unit);
	free(name);
	free(label);
	return plot;
}

void report_patches(const struct patches *p, const struct locks *locks, bool pictures,
		    struct doc *d)
{
	const struct run *r = p->run;
	char *summary = patches_summary(p);

	doc_para(d, "%zu %s%s in %zu round%s, target %s: %s. Margin %g %%.", p->n_rows - 1,
		 p->commits ? "patch" : "step",
		 p->n_rows == 2 ? ""
		 : p->commits	? "es"
				: "s",
		 p->steps.rounds, p->steps.rounds == 1 ? "" : "s", r->target.kind, load_what(r),
		 p->steps.margin * 100);
	doc_section(d, "steps", "Patch by patch");
	add_table(p, d);
	if (*summary)
		doc_para(d, "%c%s.", toupper((unsigned char)*summary), summary + 1);
	if (p->n_columns) {
		add_whole(p, d);
		add_patches(p, d);
	}
	if (pictures && p->n_columns) {
		doc_section(d, "waterfalls", "Level by level");
		for (size_t i = 0; i < p->n_columns; i++)
			doc_figure(d, waterfall(p, i));
	}
	if (locks->n) {
		doc_section(d, "locks", "Who waits for which lock");
		locks_tables(locks, d);
	}
	for (size_t i = 0; i < r->notes.n; i++)
		doc_para(d, "%s", r->notes.v[i]);
	free(summary);
}
