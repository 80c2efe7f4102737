#include "analysis/write/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/calibration.h"
#include "lib/text.h"
#include "analysis/write/verdict.h"
#include "lib/json.h"

static void take_once(const struct result *r, const struct result **out, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		if (out[i] == r)
			return;
	out[(*n)++] = r;
}

size_t table_order(const struct comparison *c, enum metric_kind kind, const struct result ***out)
{
	size_t n = 0;

	*out = xcalloc(c->n_results + 1, sizeof(**out));
	for (int controls = 0; controls < 2; controls++) {
		for (size_t i = 0; i < c->n_results; i++) {
			const struct result *r = &c->results[i], *with = NULL;

			if (r->metric->kind != kind || r->cell->is_control != controls)
				continue;
			take_once(r, *out, &n);
			if (r->cell->control)
				with = compare_find(c, r->cell->control, r->metric->name);
			if (with)
				take_once(with, *out, &n);
		}
	}
	return n;
}

void table_ratio(char out[32], const struct result *r, double v)
{
	if (r->difference)
		verdict_difference(out, v);
	else
		verdict_ratio(out, v, r->ratio);
}

void table_interval(char out[72], const struct result *r)
{
	char low[32], high[32];

	if (!isfinite(r->low) || !isfinite(r->high) || (!r->difference && r->low <= 0)) {
		strcpy(out, "-");
		return;
	}
	table_ratio(low, r, r->low);
	table_ratio(high, r, r->high);
	snprintf(out, 72, "%s..%s", low, high);
}

char *table_levels(const struct comparison *c)
{
	return xasprintf(
		"intervals of %.3g %%, all cells together; of what is equivalent the %.3g %% "
		"of the cell alone",
		100 * c->level, 100 * (1 - 2 * c->alpha));
}

static void add_kernel(struct str *out, const char *which, const struct run_arm *a)
{
	struct str line = STR_INIT;

	str_addf(&line, "%s ", which);
	text_escape(&line, a->spec);
	if (*a->release) {
		str_add(&line, ", ");
		text_escape(&line, a->release);
	}
	if (*a->version) {
		str_add(&line, strncmp(a->spec, "git:", 4) ? ", package " : ", commit ");
		text_escape(&line, a->version);
	}
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}

static void add_target(struct str *out, const struct run *r)
{
	const struct run_target *t = &r->target;
	struct str line = STR_INIT;

	str_addf(&line, "target %s: %d CPU%s, %d node%s, %lld MiB", t->kind, t->cpus,
		 t->cpus == 1 ? "" : "s", t->nodes, t->nodes == 1 ? "" : "s", t->memory_mib);
	if (*t->qemu_version) {
		str_add(&line, ", QEMU ");
		text_escape(&line, t->qemu_version);
	}
	if (t->ns_per_insn > 0) {
		str_add(&line, "; figures are guest instructions, not time");
	} else {
		str_add(&line, "; on ");
		text_escape(&line, json_get_str(r->host, "cpu", "an unknown CPU"));
		if (!strcmp(t->kind, "tcg"))
			str_add(&line,
				"; emulated, so contention is real and time is not the hardware's");
	}
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}

/* "10 boots an arm, not paired", "8 boots of old and 6 of new, not paired": the most that a cell
 * has. */
static void add_boots(struct str *line, const struct comparison *c)
{
	size_t old = 0, new = 0;

	for (size_t i = 0; i < c->n_results; i++) {
		old = c->results[i].n_old > old ? c->results[i].n_old : old;
		new = c->results[i].n_new > new ? c->results[i].n_new : new;
	}
	if (old == new)
		str_addf(line, "%zu boot%s an arm, not paired", old, old == 1 ? "" : "s");
	else
		str_addf(line, "%zu boot%s of old and %zu of new, not paired", old,
			 old == 1 ? "" : "s", new);
}

/* "12 interleaved pairs of boots, stopped at a look (at most 30, level 0.0013), margin 1 %" */
static void add_pairs(struct str *out, const struct comparison *c)
{
	bool within = c->run_old == c->run_new;
	struct str line = STR_INIT;

	if (c->paired)
		str_addf(&line, "%zu %spair%s of boots%s", c->pairs, within ? "interleaved " : "",
			 c->pairs == 1 ? "" : "s", within ? "" : " with equal seeds");
	else
		add_boots(&line, c);
	if (c->looked)
		str_addf(&line, ", %s %zu of at most %d (%slevel %.2g)",
			 strcmp(c->run_new->status, "stopped") ? "looked at after"
							       : "stopped at the look after",
			 c->looked, c->run_new->pairs,
			 c->level < 1 - c->alpha ? "O'Brien-Fleming " : "", c->alpha);
	str_addf(&line, ", margin %.3g %%", c->margin * 100);
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}

static void add_calibration(struct str *out, const struct comparison *c)
{
	char *words = calibration_words(c->calibration);

	text_wrap(out, words, TABLE_WIDTH, 0);
	free(words);
}

void table_heading(const struct comparison *c, struct str *out)
{
	add_kernel(out, "old", c->arm_old);
	add_kernel(out, "new", c->arm_new);
	add_target(out, c->run_new);
	add_pairs(out, c);
	add_calibration(out, c);
}

static const char *direction_words(const struct run_metric *m)
{
	return m->better == LOWER_IS_BETTER    ? ", lower is better"
	       : m->better == HIGHER_IS_BETTER ? ", higher is better"
					       : "";
}

static void add_group(struct str *out, const struct result *r)
{
	str_add(out, "\n");
	text_escape(out, r->cell->workload);
	str_add(out, ": ");
	text_escape(out, r->metric->name);
	str_add(out, ", ");
	text_escape(out, r->metric->unit);
	str_addf(out, "%s\n", direction_words(r->metric));
	str_addf(out, "%-24s %8s %8s %6s %12s %s\n", "  cell", "old", "new", "ratio", "interval",
		 "verdict");
}

static void add_table_row(struct str *out, const struct result *r)
{
	char old[32], new[32], ratio[32], interval[72];
	struct str label = STR_INIT, line = STR_INIT;

	text_escape(&label, *r->cell->label ? r->cell->label : r->cell->workload);
	if (r->cell->is_control)
		str_add(&label, " *");
	verdict_figure(old, r->old);
	verdict_figure(new, r->new);
	table_ratio(ratio, r, r->ratio);
	table_interval(interval, r);
	if (label.len > 22)
		str_addf(out, "  %.*s\n", TABLE_WIDTH - 2, str_text(&label));
	str_addf(&line, "  %-22s %8s %8s %6s %12s", label.len > 22 ? "" : str_text(&label), old,
		 new, ratio, interval);
	str_add(out, line.buf);
	/* Figures that no column was made for push the verdict to a line of its own. */
	if (line.len + 1 + strlen(verdict_name(r->verdict)) > TABLE_WIDTH)
		str_addf(out, "\n%*s", TABLE_WIDTH - 13, "");
	str_addf(out, " %s\n", verdict_name(r->verdict));
	str_release(&label);
	str_release(&line);
}

static bool same_group(const struct result *a, const struct result *b)
{
	return !strcmp(a->cell->workload, b->cell->workload) &&
	       !strcmp(a->metric->name, b->metric->name);
}

/* Counters that did not change for certain are left out; the others keep their order. */
static size_t drop_unmoved(const struct comparison *c, const struct result **r, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (r[i]->p_adjusted <= c->alpha)
			r[kept++] = r[i];
	return kept;
}

/* The rows of one kind, those of one workload and metric together; whether a control is among them.
 */
static bool add_kind(const struct comparison *c, enum metric_kind kind, struct str *out)
{
	const struct result **r;
	size_t all = table_order(c, kind, &r);
	size_t n = kind == METRIC_COUNTER ? drop_unmoved(c, r, all) : all;
	bool *done = xcalloc(n + 1, sizeof(*done)), controls = false;

	for (size_t i = 0; i < n; i++) {
		if (done[i])
			continue;
		add_group(out, r[i]);
		for (size_t j = i; j < n; j++) {
			if (done[j] || !same_group(r[i], r[j]))
				continue;
			add_table_row(out, r[j]);
			controls |= r[j]->cell->is_control;
			done[j] = true;
		}
	}
	if (n < all)
		str_addf(out,
			 "\n%zu counter%s did not change for certain (--format csv --all lists "
			 "them)\n",
			 all - n, all - n == 1 ? "" : "s");
	free(done);
	free(r);
	return controls;
}

void table_rows(const struct comparison *c, bool all, struct str *out)
{
	bool controls = add_kind(c, METRIC_PRIMARY, out);
	size_t changed = 0, rest = 0;
	char *levels;

	if (all) {
		controls |= add_kind(c, METRIC_SECONDARY, out);
		controls |= add_kind(c, METRIC_COUNTER, out);
	}
	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];

		rest += r->metric->kind != METRIC_PRIMARY;
		changed += r->metric->kind != METRIC_PRIMARY && r->p_adjusted <= c->alpha;
	}
	str_add(out, "\n");
	levels = table_levels(c);
	text_wrap(out, levels, TABLE_WIDTH, 0);
	free(levels);
	if (controls)
		str_add(out, "* control: the same work unlocked\n");
	if (rest && !all)
		str_addf(out, "%zu of %zu other metrics and counters changed; --all shows them\n",
			 changed, rest);
}

void table_sentences(const struct comparison *c, struct str *out)
{
	const struct result **r;
	size_t n = table_order(c, METRIC_PRIMARY, &r);

	for (size_t i = 0; i < n; i++) {
		char *text = r[i]->cell->is_control ? NULL : verdict_sentence(c, r[i]);

		if (text)
			text_wrap(out, text, TABLE_WIDTH, 0);
		free(text);
	}
	free(r);
}

/* "old 0 of 10", "new 4 of 8 (Segmentation fault), 2 skipped" */
static void add_count(struct str *line, const char *arm, const struct outcome_count *o)
{
	str_addf(line, "%s %u of %u", arm, o->bad, o->boots);
	if (o->skip)
		str_addf(line, ", %u skipped", o->skip);
	if (o->reason) {
		str_add(line, " (");
		text_escape(line, o->reason);
		str_add(line, ")");
	}
}

static void add_outcome(const struct comparison *c, const struct outcome_row *row, struct str *out)
{
	struct str line = STR_INIT;

	text_escape(&line, row->cell ? row->cell->id : "boots");
	str_add(&line, ": failed in ");
	add_count(&line, "old", &row->old);
	str_add(&line, "; ");
	add_count(&line, "new", &row->new);
	if (outcome_got_worse(c, row))
		str_addf(&line, ": worse, p = %.2g", row->p);
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}

static void add_found(const struct finding_row *f, struct str *out)
{
	struct str line = STR_INIT;

	text_escape(&line, f->kind);
	str_addf(&line, ": in old %u of %u boots, new %u of %u%s: ", f->old, f->boots_old, f->new,
		 f->boots_new, finding_is_new(f) ? ", the new kernel alone" : "");
	text_escape(&line, f->text);
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}

/* "PREEMPT_DYNAMIC n -> y"; of a mitigation's long text only that it differs. */
static void add_setting(struct str *line, const struct setting *s)
{
	bool mitigation = !strncmp(s->name, "mitigation ", 11);

	text_escape(line, strncmp(s->name, "CONFIG_", 7) ? s->name : s->name + 7);
	if (mitigation)
		return;
	str_add(line, " ");
	text_escape(line, s->old);
	str_add(line, " -> ");
	text_escape(line, s->new);
}

#define SETTINGS_SHOWN 8

static void add_settings(const struct comparison *c, struct str *out)
{
	struct str line = STR_INIT;
	size_t shown = 0;

	for (; shown < c->n_settings && shown < SETTINGS_SHOWN; shown++) {
		if (!c->settings[shown].of_note)
			break;
		str_add(&line, shown ? "; " : "settings that differ: ");
		add_setting(&line, &c->settings[shown]);
	}
	if (c->n_settings > shown)
		str_addf(&line, "%s%zu %s (--format json lists them)",
			 shown ? "; and " : "settings that differ: ", c->n_settings - shown,
			 shown ? "more" : "of no note");
	if (line.len)
		text_wrap(out, line.buf, TABLE_WIDTH, 0);
	str_release(&line);
}

void table_findings(const struct comparison *c, struct str *out)
{
	for (size_t i = 0; i < c->n_findings; i++)
		add_found(&c->findings[i], out);
}

void table_remarks(const struct comparison *c, struct str *out)
{
	for (size_t i = 0; i < c->n_outcomes; i++)
		add_outcome(c, &c->outcomes[i], out);
	add_settings(c, out);
	for (size_t i = 0; i < c->notes.n; i++) {
		char *note = xasprintf("note: %s", c->notes.v[i]);

		text_wrap(out, note, TABLE_WIDTH, 0);
		free(note);
	}
}
