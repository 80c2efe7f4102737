#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"

#define MOST_ROWS 60 /* of the forest */
#define LARGEST 3    /* gains, and losses */

/* What the figures of this kind of target may be taken for. */
static const char *target_note(const char *kind)
{
	static const struct {
		const char *kind, *note;
	} notes[] = {
		{"icount",
		 "Target icount: QEMU counts the guest's instructions and lets nothing run "
		 "side by side. The figures are instructions, not time."},
		{"tcg", "Target tcg: QEMU emulates the processors in software. Contention between "
			"them is real; the durations are not those of hardware."},
		{"kvm", "Target kvm: a virtual machine on this machine's processors. Durations are "
			"the hardware's, with what virtualisation adds."},
		{"host", "Target host: the machine itself, as booted."},
	};

	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (!strcmp(kind, notes[i].kind))
			return notes[i].note;
	return "The target is not one this report knows.";
}

static bool is_shown(const struct result *x)
{
	return x && result_counts(x) && !x->cell->is_control;
}

/* --- the forest --- */

static struct forest_mark mark_of(const struct result *x)
{
	if (!x || x->difference || !(x->ratio > 0) || !isfinite(x->ratio))
		return (struct forest_mark){NAN, NAN, NAN};
	if (!(x->low > 0) || !isfinite(x->high))
		return (struct forest_mark){x->ratio, NAN, NAN};
	return (struct forest_mark){x->ratio, x->low, x->high};
}

static void forest_row(struct report *r, struct forest *f, const struct result *x)
{
	const struct run_cell *c = x->cell;
	char *label = report_label(r, c), ratio[32], interval[72];
	struct forest_row *row = forest_add(f, label);

	table_ratio(ratio, x, x->ratio);
	table_interval(interval, x);
	row->figures = xasprintf("%s (%s)", ratio, interval);
	row->word = xstrdup(verdict_name(x->verdict));
	row->tone = report_tone(x->verdict);
	row->cell = mark_of(x);
	row->control =
		mark_of(c->control ? compare_find(r->cmp, c->control, x->metric->name) : NULL);
	free(label);
}

static bool is_among(const struct run_cell **cells, size_t n, const struct run_cell *c)
{
	for (size_t i = 0; i < n; i++)
		if (cells[i] == c)
			return true;
	return false;
}

/* In the order of the plan, as a sweep is read; of very many cells the first of report_ranked(). */
static void show_forest(struct report *r)
{
	size_t n, cells = 0, most = 0;
	const struct run_cell **ranked = report_ranked(r, &n);
	struct strv workloads = report_workloads(r);
	char *title = xasprintf("%s against %s (%s), every cell by itself", r->sides[1].kernel,
				r->sides[0].kernel, r->run->target.kind);
	struct forest *f;

	for (size_t i = 0; i < n; i++)
		if (is_shown(compare_find(r->cmp, ranked[i]->id, NULL)))
			ranked[cells++] = ranked[i];
	most = cells < MOST_ROWS ? cells : MOST_ROWS;
	f = forest_new("forest", title, r->cmp->margin);
	for (size_t w = 0; w < workloads.n; w++) {
		const char *heading = NULL;

		for (size_t i = 0; i < r->run->n_cells; i++) {
			const struct run_cell *c = &r->run->cells[i];
			char *common;

			if (strcmp(c->workload, workloads.v[w]) || !is_among(ranked, most, c))
				continue;
			if (!heading) {
				common = report_common(r, c);
				forest_add(f, common);
				free(common);
				heading = c->workload;
			}
			forest_row(r, f, compare_find(r->cmp, c->id, NULL));
		}
	}
	if (cells)
		doc_forest(&r->doc, f);
	else
		forest_free(f);
	if (most < cells)
		doc_para(&r->doc,
			 "%zu cells of %zu, first what got worse, then what got better, then the "
			 "rest; "
			 "all are in the tables below.",
			 most, cells);
	free(title);
	strv_release(&workloads);
	free(ranked);
}

/* --- the largest gains and losses --- */

static void change_row(const struct report *r, struct table *t, const struct result *x)
{
	const struct result *control =
		x->cell->control ? compare_find(r->cmp, x->cell->control, x->metric->name) : NULL;
	char *cell = report_cell(r, x->cell, NULL), *change = verdict_change(x), text[72];

	table_text(t, cell);
	table_tone(t, verdict_name(x->verdict), report_tone(x->verdict));
	table_text(t, change);
	table_number(t, x->old);
	table_number(t, x->new);
	table_interval(text, x);
	table_text(t, text);
	if (control) {
		table_ratio(text, control, control->ratio);
		table_figure(t, text, control->ratio);
	} else {
		table_text(t, "");
	}
	free(change);
	free(cell);
}

static void show_largest(struct report *r)
{
	static const enum verdict sides[] = {VERDICT_BETTER, VERDICT_WORSE};
	size_t n;
	const struct run_cell **ranked = report_ranked(r, &n);
	struct table *t = table_new("largest", "The largest gains and losses, controls apart");

	table_columns(t, false, "cell", "verdict", "change", NULL);
	table_columns(t, true, r->cmp->arm_old->name, r->cmp->arm_new->name, "interval", "control",
		      NULL);
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0, shown = 0; i < n && shown < LARGEST; i++) {
			const struct result *x = compare_find(r->cmp, ranked[i]->id, NULL);

			if (!is_shown(x) || x->verdict != sides[side])
				continue;
			change_row(r, t, x);
			shown++;
		}
	}
	doc_table(&r->doc, t);
	free(ranked);
}

/* --- the head --- */

static void notes(struct report *r, const struct strv *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		doc_toned(&r->doc, TONE_UNSURE, notes->v[i]);
}

/* The word, and what a reader with five seconds takes along with it. */
static void badge(struct report *r)
{
	const char *word = verdict_word(r->cmp);
	char *summary = verdict_summary(r->cmp), *kernels = verdict_kernels(r->cmp);
	size_t n = strlen(word) + strlen(": "); /* how the summary begins */

	doc_badge(&r->doc, report_tone(r->cmp->verdict), word,
		  strlen(summary) > n ? summary + n : "");
	doc_para(&r->doc, "%s. %s", kernels, target_note(r->run->target.kind));
	free(kernels);
	free(summary);
}

void report_verdict(struct report *r)
{
	const struct comparison *c = r->cmp;

	if (c) {
		badge(r);
		notes(r, &c->notes);
	} else {
		doc_para(&r->doc, "One kernel, %s: nothing to compare it with. %s",
			 r->sides[0].label, target_note(r->run->target.kind));
		notes(r, &r->run->notes);
	}
	if (c) {
		show_forest(r);
		show_largest(r);
	}
	r->head = r->doc.n;
}
