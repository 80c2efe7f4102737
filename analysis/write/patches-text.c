#include "analysis/write/patches-text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/csv.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"
#include "lib/json.h"
#include "lib/text.h"

#define SUBJECT 26
#define COLUMN 9
#define COLUMNS ((TABLE_WIDTH - SUBJECT - 4) / COLUMN) /* beside each other */

const char patches_marks[] =
	"* better, ! worse, # changed, ~ certain but below the margin, ? inconclusive; empty: "
	"equivalent; each step is from the row before that has figures";

/* --- words --- */

static char mark_of(enum verdict v)
{
	switch (v) {
	case VERDICT_BETTER:
		return '*';
	case VERDICT_WORSE:
		return '!';
	case VERDICT_CHANGED:
		return '#';
	case VERDICT_CHANGED_SMALL:
		return '~';
	case VERDICT_INCONCLUSIVE:
		return '?';
	default:
		return ' ';
	}
}

static void result_cell(char out[32], const struct result *r)
{
	char mark = mark_of(r->verdict);

	if (r->verdict == VERDICT_EQUIVALENT)
		*out = '\0';
	else if (r->difference)
		snprintf(out, 32, "%+.3g%c", r->ratio, mark);
	else if (r->ratio >= 2)
		snprintf(out, 32, "x%.3g%c", r->ratio, mark);
	else
		snprintf(out, 32, "%+.1f%%%c", (r->ratio - 1) * 100, mark);
}

void patches_cell(char out[32], const struct step *s)
{
	if (!s || !s->result.k)
		snprintf(out, 32, "- ");
	else
		result_cell(out, &s->result);
}

char *patches_label(const struct run_cell *c)
{
	struct str out = STR_INIT;

	text_escape(&out, c->workload);
	if (*c->label) {
		str_add(&out, " ");
		text_escape(&out, c->label);
	}
	return out.buf;
}

char *patches_sentence(const struct result *r)
{
	char *cell = patches_label(r->cell), ratio[32], interval[72], *text;
	/* what is equivalent is no change, whatever its estimate is */
	char *change = r->verdict == VERDICT_EQUIVALENT ? xstrdup("equivalent") : verdict_change(r);

	table_ratio(ratio, r, r->ratio);
	table_interval(interval, r);
	text = strcmp(interval, "-") != 0
		       ? xasprintf("%s%s: %s (%s, %.3g %% interval %s)", cell,
				   r->cell->is_control ? " (control)" : "", change, ratio,
				   100 * r->level, interval)
		       : xasprintf("%s%s: %s (%s, no interval)", cell,
				   r->cell->is_control ? " (control)" : "", change, ratio);
	free(change);
	free(cell);
	return text;
}

char *patches_whole(const struct patches *p)
{
	const struct patch_row *from, *to;

	patches_ends(p, &from, &to);
	if (from != p->rows || to != p->rows + p->n_rows - 1)
		return xasprintf("from %d to %d", from->n, to->n);
	return xstrdup(p->commits ? "the whole series" : "from first to last");
}

char *patches_config(const struct patch_row *row)
{
	struct str out = STR_INIT;
	size_t shown = row->config.n < 4 ? row->config.n : 3;

	str_addf(&out, "its configuration %s: ", row->n ? "differs" : "does not take");
	for (size_t i = 0; i < shown; i++)
		str_addf(&out, "%s%s", i ? "; " : "", row->config.v[i]);
	if (row->config.n > shown)
		str_addf(&out, "; and %zu more lines", row->config.n - shown);
	return out.buf;
}

char *patches_note(const struct patches *p, const struct patch_row *row)
{
	const struct patch_row *before = row->n ? patches_before(p, row) : NULL;

	if (row->same >= 0)
		return xasprintf("its image is that of %d, byte for byte: not measured again",
				 row->same);
	if (row->trouble)
		return xstrdup(row->trouble);
	if (before && row->arm != SIZE_MAX && before->n + 1 < row->n &&
	    p->rows[row->n - 1].same < 0)
		return xasprintf("its step is from %d", before->n);
	if (!row->n && row->config.n)
		return patches_config(row);
	return xstrdup("");
}

char *patches_summary(const struct patches *p)
{
	const char *none = p->n_columns ? "" : "no step moved a figure by the margin";
	size_t steps = 0, unsure = 0;

	for (size_t i = 0; i < p->steps.n; i++) {
		const struct result *r = &p->steps.v[i].result;

		if (!r->k || !result_counts(r))
			continue;
		steps++;
		unsure += r->verdict == VERDICT_INCONCLUSIVE;
	}
	if (!steps)
		return xstrdup("no patch has figures to set against those of one before");
	if (!unsure)
		return xstrdup(none);
	return xasprintf("%s%zu of %zu steps of all figures are inconclusive",
			 p->n_columns ? "" : "no step is seen to move a figure by the margin, but ",
			 unsure, steps);
}

/* --- the table --- */

static void add_head(const struct patches *p, struct str *out)
{
	const struct run *r = p->run;
	struct str line = STR_INIT;

	str_addf(&line, "%s: %zu %s%s, %zu rounds, target %s, %d CPU%s, %d nodes, %lld MiB",
		 p->range, p->n_rows - 1, p->commits ? "patch" : "step",
		 p->n_rows == 2 ? ""
		 : p->commits	? "es"
				: "s",
		 p->steps.rounds, r->target.kind, r->target.cpus, r->target.cpus > 1 ? "s" : "",
		 r->target.nodes, r->target.memory_mib);
	if (*r->target.qemu_version)
		str_addf(&line, ", QEMU %s", r->target.qemu_version);
	str_addf(&line, "; figures are %s; margin %g %%", load_what(r), p->steps.margin * 100);
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}

/* No line of a mail ends in blanks. */
static void end_line(struct str *out)
{
	while (out->len && out->buf[out->len - 1] == ' ')
		out->buf[--out->len] = '\0';
	str_add(out, "\n");
}

static bool has_step(const struct patches *p, const struct patch_row *row)
{
	for (size_t i = 0; i < p->n_columns; i++) {
		const struct step *s = patches_step(p, row, &p->columns[i]);

		if (s && s->result.k)
			return true;
	}
	return false;
}

static void add_patch_line(const struct patches *p, const struct patch_row *row, size_t from,
			   size_t to, struct str *out)
{
	bool without = row->arm == SIZE_MAX || (row->trouble && !has_step(p, row));

	str_addf(out, "%3d %-*.*s", row->n, SUBJECT, SUBJECT, row->subject);
	if (without) {
		char note[TABLE_WIDTH];

		if (row->same >= 0)
			snprintf(note, sizeof(note), "the image of %d", row->same);
		else
			snprintf(note, sizeof(note), "%s",
				 row->trouble ? row->trouble : "no figures");
		str_addf(out, "  %.*s", TABLE_WIDTH - SUBJECT - 6, note);
	}
	for (size_t i = from; i < to && row->n && !without; i++) {
		char text[32];

		patches_cell(text, patches_step(p, row, &p->columns[i]));
		str_addf(out, "%*s", COLUMN, text);
	}
	end_line(out);
}

static void add_whole(const struct patches *p, size_t from, size_t to, struct str *out)
{
	char *what = patches_whole(p);

	str_addf(out, "    %-*s", SUBJECT, what);
	free(what);
	for (size_t i = from; i < to; i++) {
		const struct result *r =
			compare_find(&p->whole, p->columns[i].cell->id, p->columns[i].metric->name);
		char text[32] = "-";

		if (r)
			result_cell(text, r);
		str_addf(out, "%*s", COLUMN, text);
	}
	end_line(out);
}

static void add_columns(const struct patches *p, size_t from, size_t to, struct str *out)
{
	static const char *const better[] = {", lower is better", ", higher is better", ""};

	str_add(out, "\n");
	if (to == from)
		return;
	for (size_t i = from; i < to; i++) {
		const struct patch_column *c = &p->columns[i];
		char *label = patches_label(c->cell);
		char *line = xasprintf("(%zu) %s%s: %s, %s%s", i + 1, label,
				       c->cell->is_control ? " (control)" : "", c->metric->name,
				       c->metric->unit, better[c->metric->better]);

		text_wrap(out, line, TABLE_WIDTH, 0);
		free(line);
		free(label);
	}
	str_addf(out, "\n%*s", SUBJECT + 4, "");
	for (size_t i = from; i < to; i++)
		str_addf(out, "%*s(%zu) ", i < 9 ? COLUMN - 4 : COLUMN - 5, "", i + 1);
	end_line(out);
}

static void add_block(const struct patches *p, size_t from, struct str *out)
{
	size_t to = from + COLUMNS < p->n_columns ? from + COLUMNS : p->n_columns;

	add_columns(p, from, to, out);
	for (size_t i = 0; i < p->n_rows; i++)
		add_patch_line(p, &p->rows[i], from, to, out);
	if (to > from && (p->commits || p->n_rows > 2))
		add_whole(p, from, to, out);
}

/* --- the patches that matter --- */

static void add_sentences(const struct patches *p, const struct patch_row *row, struct str *out)
{
	const struct step *v[PATCHES_SHOWN];
	size_t all, n = patches_largest(p, row, v, PATCHES_SHOWN, &all);

	str_add(out, "\n");
	text_wrap(out, row->subject, TABLE_WIDTH, 0);
	str_addf(out, "  %d of %zu, %s\n", row->n, p->n_rows - 1, row->commit);
	for (size_t i = 0; i < n; i++) {
		char *text = patches_sentence(&v[i]->result);

		text_wrap(out, text, TABLE_WIDTH, 2);
		free(text);
	}
	if (all > n)
		str_addf(out, "  and %zu more figure%s\n", all - n, all - n == 1 ? "" : "s");
	for (size_t i = 0; i < row->where.n; i++)
		text_wrap(out, row->where.v[i], TABLE_WIDTH, 4);
	if (row->config.n) {
		char *text = patches_config(row);

		text_wrap(out, text, TABLE_WIDTH, 2);
		free(text);
	}
}

static void add_notes(const struct patches *p, struct str *out)
{
	const char *before = "\n";

	for (size_t i = 0; i < p->n_rows; i++) {
		char *note = patches_note(p, &p->rows[i]), *line;

		if (*note) {
			line = xasprintf("note: %d: %s", p->rows[i].n, note);
			str_add(out, before);
			text_wrap(out, line, TABLE_WIDTH, 0);
			free(line);
			before = "";
		}
		free(note);
	}
}

void patches_text(const struct patches *p, struct str *out)
{
	char *summary = patches_summary(p);
	size_t from = 0;

	add_head(p, out);
	do {
		add_block(p, from, out);
		from += COLUMNS;
	} while (from < p->n_columns);
	str_add(out, "\n");
	if (p->n_columns)
		text_wrap(out, patches_marks, TABLE_WIDTH, 0);
	if (*summary)
		text_wrap(out, summary, TABLE_WIDTH, 0);
	for (size_t i = 0; i < p->n_rows; i++)
		if (patches_moves(p, &p->rows[i]))
			add_sentences(p, &p->rows[i], out);
	add_notes(p, out);
	free(summary);
}

/* --- data --- */

static json_t *result_json(const struct result *r)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:b, s:o, s:s, s:i}", "cell",
			 r->cell->id, "metric", r->metric->name, "unit", r->metric->unit, "primary",
			 r->metric->kind == METRIC_PRIMARY, "control", r->cell->is_control, "ratio",
			 json_finite(r->ratio), "low", json_finite(r->low), "high",
			 json_finite(r->high), "difference", r->difference, "p_adjusted",
			 json_finite(r->p_adjusted), "verdict", verdict_name(r->verdict), "pairs",
			 (int)r->k);
}

json_t *patches_json(const struct patches *p)
{
	json_t *rows = json_array(), *whole = json_array();

	for (size_t i = 0; i < p->n_rows; i++) {
		const struct patch_row *row = &p->rows[i];
		json_t *steps = json_array();

		for (size_t k = 0; k < p->steps.n; k++) {
			const struct step *s = &p->steps.v[k];
			json_t *o;

			if (s->at != row->arm || !s->result.k)
				continue;
			o = result_json(&s->result);
			json_object_set_new(o, "before", json_string(p->run->arms[s->before].name));
			json_array_append_new(steps, o);
		}
		json_array_append_new(
			rows,
			json_pack("{s:i, s:s, s:s, s:s?, s:o, s:s?, s:o}", "n", row->n, "commit",
				  row->commit, "subject", row->subject, "arm",
				  row->arm == SIZE_MAX ? NULL : p->run->arms[row->arm].name, "same",
				  row->same < 0 ? json_null() : json_integer(row->same), "trouble",
				  row->trouble, "steps", steps));
	}
	for (size_t i = 0; i < p->n_columns; i++) {
		const struct result *r =
			compare_find(&p->whole, p->columns[i].cell->id, p->columns[i].metric->name);

		if (r)
			json_array_append_new(whole, result_json(r));
	}
	return json_pack("{s:s, s:s, s:s, s:i, s:f, s:o, s:o}", "range", p->range, "run",
			 p->run->path, "target", p->run->target.kind, "rounds",
			 (int)p->steps.rounds, "margin", p->steps.margin, "patches", rows, "whole",
			 whole);
}

static void csv_figure(struct str *out, double v)
{
	if (isfinite(v))
		str_addf(out, ",%.6g", v);
	else
		str_add(out, ",");
}

void patches_csv(const struct patches *p, struct str *out)
{
	str_add(out, "n,commit,subject,cell,metric,unit,ratio,low,high,p_adjusted,verdict,note\n");
	for (size_t i = 0; i < p->n_rows; i++) {
		const struct patch_row *row = &p->rows[i];
		char *note = patches_note(p, row);
		bool any = false;

		for (size_t k = 0; k <= p->steps.n; k++) {
			const struct step *s = k < p->steps.n ? &p->steps.v[k] : NULL;

			/* a row without a step stands there once */
			if (s ? s->at != row->arm || !s->result.k : any)
				continue;
			any = true;
			str_addf(out, "%d,%s,", row->n, row->commit);
			csv_text(out, row->subject);
			str_add(out, ",");
			if (s) {
				csv_text(out, s->result.cell->id);
				str_addf(out, ",%s,%s", s->result.metric->name,
					 s->result.metric->unit);
				csv_figure(out, s->result.ratio);
				csv_figure(out, s->result.low);
				csv_figure(out, s->result.high);
				csv_figure(out, s->result.p_adjusted);
				str_addf(out, ",%s,", verdict_name(s->result.verdict));
			} else {
				str_add(out, ",,,,,,,,");
			}
			csv_text(out, note);
			str_add(out, "\n");
		}
		free(note);
	}
}
