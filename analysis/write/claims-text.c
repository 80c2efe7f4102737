/* The ledger for people and for other programs. */
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/claims.h"
#include "analysis/write/markdown.h"
#include "analysis/write/table.h"
#include "lib/text.h"
#include "analysis/write/verdict.h"
#include "lib/json.h"

#define WIDTH 79

/* What is allowed for, where it is not the comparison's margin, and of what it is a share. */
static char *within(const struct claim *c, const char *fmt)
{
	char *share = c->within > 0 ? xasprintf("%g %%", 100 * c->within) : xstrdup("the margin");
	struct str out = STR_INIT;

	str_addf(&out, fmt, share, c->net ? " of the whole cell" : "");
	free(share);
	return out.buf;
}

char *ledger_expected(const struct claim *c)
{
	switch (c->expect) {
	case EXPECT_LOWER:
		return c->by > 0 ? xasprintf("lower by %g %% at least", 100 * c->by / (1 + c->by))
				 : xstrdup("lower");
	case EXPECT_HIGHER:
		return c->by > 0 ? xasprintf("higher by %g %% at least", 100 * c->by)
				 : xstrdup("higher");
	case EXPECT_EQUAL:
		return within(c, "equal within %s%s");
	case EXPECT_NO_HIGHER:
		return within(c, "higher by %s%s at most");
	case EXPECT_AT_MOST:
		break;
	}
	return xasprintf("at most %g", c->bound);
}

static void add_figure(struct str *out, double v)
{
	char text[32];

	if (isnan(v)) {
		str_add(out, "none");
		return;
	}
	verdict_figure(text, v);
	str_add(out, text);
}

static void add_signed(struct str *out, double v)
{
	char number[32];

	verdict_figure(number, v);
	str_addf(out, "%s%s", v > 0 ? "+" : "", number);
}

/* "; without copying and modules, which take +1038, ratio 1.031 (1.029..1.033), by profiles of 6
 * layouts" */
static void add_without(struct str *out, const struct ledger_row *r)
{
	char ratio[32], interval[72];

	str_add(out, "; without copying and modules, which take ");
	add_signed(out, r->others);
	if (r->idles) {
		str_add(out, ", and the time in which nobody ran, ");
		add_signed(out, r->idle);
	}
	table_ratio(ratio, &r->functions, r->functions.ratio);
	str_addf(out, ", %s %s", r->functions.difference ? "difference" : "ratio", ratio);
	table_interval(interval, &r->functions);
	if (strcmp(interval, "-"))
		str_addf(out, " (%s)", interval);
}

/* "; of that munlock and LRU, rmap -540.2 (-545..-532), other changes of these kernels +120, by
 * profiles of 6 layouts" */
static void add_touched(struct str *out, const struct ledger_row *r)
{
	str_add(out, "; of that ");
	text_escape(out, r->claim->families);
	str_add(out, " ");
	add_signed(out, r->touched);
	if (r->by_family) {
		str_add(out, " (");
		add_signed(out, r->touched_low);
		str_add(out, "..");
		add_signed(out, r->touched_high);
		str_add(out, ")");
	}
	str_add(out, ", other changes of these kernels ");
	add_signed(out, r->others);
}

static void add_families(struct str *out, const struct ledger_row *r)
{
	(r->claim->copying_apart ? add_without : add_touched)(out, r);
	str_addf(out, ", by profiles of %zu layout%s", r->functions.k,
		 r->functions.k == 1 ? "" : "s");
}

char *ledger_evidence(const struct ledger_row *r)
{
	const struct series *s = r->cell ? load_series(r->cell, r->claim->metric) : NULL;
	char ratio[32], interval[72];
	struct str out = STR_INIT;

	if (r->verdict == CLAIM_NOT_TESTABLE)
		return xstrdup(r->need);
	if (!isnan(r->old)) {
		add_figure(&out, r->old);
		str_add(&out, " to ");
	}
	add_figure(&out, r->new);
	str_add(&out, " ");
	text_escape(&out, s ? s->metric.unit : "");
	if (r->result) {
		table_ratio(ratio, r->result, r->result->ratio);
		table_interval(interval, r->result);
		str_addf(&out, ", %s %s", r->result->difference ? "difference" : "ratio", ratio);
		if (strcmp(interval, "-"))
			str_addf(&out, " (%s)", interval);
	}
	if (r->control && !r->control->difference) {
		table_ratio(ratio, r->control, r->control->ratio);
		str_addf(&out, "%s %s",
			 !r->claim->net			     ? ", control"
			 : !strcmp(r->claim->net, "control") ? " net of the control, which is"
							     : " net of another cell, which is",
			 ratio);
	}
	if (r->functions.k)
		add_families(&out, r);
	return out.buf;
}

char *ledger_mechanism(const struct ledger_row *r)
{
	struct str out = STR_INIT;

	if (!r->claim->counter || r->verdict == CLAIM_NOT_TESTABLE)
		return xstrdup("");
	str_addf(&out, "%s ", r->claim->counter);
	add_figure(&out, r->counter_old);
	str_add(&out, " to ");
	add_figure(&out, r->counter_new);
	return out.buf;
}

const char *ledger_whose(const struct ledger_row *r)
{
	if (r->verdict == CLAIM_NOT_TESTABLE)
		return "";
	if (r->claim->copying_apart)
		return !r->by_family ? " (copying in it)"
		       : r->idles    ? " (without copying and idle time)"
				     : " (without copying)";
	if (!r->claim->subject)
		return "";
	if (r->by_family)
		return " (by its functions)";
	return r->comparison->subject ? " (the patch alone)" : " (whole kernels)";
}

/* --- text --- */

static void add_tally(const struct ledger *l, struct str *out)
{
	size_t n[CLAIM_NOT_TESTABLE + 1] = {0};
	const char *separator = ": ";

	for (size_t i = 0; i < l->n; i++)
		n[l->rows[i].verdict]++;
	str_addf(out, "%zu claim%s", l->n, l->n == 1 ? "" : "s");
	for (int v = CLAIM_SUPPORTED; v <= CLAIM_NOT_TESTABLE; v++) {
		if (!n[v])
			continue;
		str_addf(out, "%s%zu %s", separator, n[v],
			 claim_verdict_name((enum claim_verdict)v));
		separator = ", ";
	}
	str_add(out, ".\n");
}

static void add_wrapped(struct str *out, const char *text)
{
	struct str clean = STR_INIT;

	text_escape(&clean, text);
	text_wrap(out, str_text(&clean), WIDTH, 4);
	str_release(&clean);
}

static void add_entry(const struct ledger_row *r, struct str *out)
{
	char *evidence = ledger_evidence(r), *mechanism = ledger_mechanism(r);
	char *expected = ledger_expected(r->claim);
	struct str line = STR_INIT;

	str_addf(out, "\n%s: %s\n", r->claim->id, claim_verdict_name(r->verdict));
	add_wrapped(out, r->claim->text);
	str_addf(&line, "%s%s%s", evidence, *mechanism ? "; " : "", mechanism);
	add_wrapped(out, str_text(&line));
	str_clear(&line);
	str_addf(&line, "%s of %s, expected %s", r->claim->metric, r->claim->workload, expected);
	if (r->comparison)
		str_addf(&line, ", target %s", r->comparison->run_new->target.kind);
	if (r->comparison && r->comparison->run_new->target.cpus > 1)
		str_addf(&line, ", %d CPUs", r->comparison->run_new->target.cpus);
	add_wrapped(out, str_text(&line));
	str_clear(&line);
	if (r->claim->subject && r->comparison) {
		if (r->by_family)
			str_add(&line, "these kernels differ in more than its patch: judged by the "
				       "functions that it touches");
		else if (!r->comparison->subject)
			str_add(&line, "these kernels differ in more than its patch");
		else
			str_addf(&line, "judged by what it speaks of alone: %s%s%s",
				 r->claim->since ? r->claim->since : "",
				 r->claim->since ? " to " : "", r->comparison->subject);
		add_wrapped(out, str_text(&line));
		str_clear(&line);
	}
	if (r->claim->refuted) {
		str_addf(&line, "what would refute it: %s", r->claim->refuted);
		add_wrapped(out, str_text(&line));
		str_clear(&line);
	}
	str_addf(&line, "source: %s", r->claim->source);
	add_wrapped(out, str_text(&line));
	str_release(&line);
	free(evidence);
	free(mechanism);
	free(expected);
}

void ledger_text(const struct ledger *l, bool all, struct str *out)
{
	const struct claim_file *file = NULL;
	size_t folded = 0;

	add_tally(l, out);
	for (size_t i = 0; i < l->n; i++) {
		const struct ledger_row *r = &l->rows[i];

		if (r->verdict == CLAIM_NOT_TESTABLE && !all) {
			folded++;
			continue;
		}
		if (r->file != file) {
			str_addf(out, "\n--- %s ---\n", r->file->name);
			text_wrap(out, r->file->about, WIDTH, 0);
			file = r->file;
		}
		add_entry(r, out);
	}
	if (folded)
		str_addf(out,
			 "\n%zu not testable here; --all prints them, and what each would take\n",
			 folded);
}

/* --- Markdown --- */

static void add_ledger_cell(struct str *out, const char *text)
{
	markdown_escape(out, text);
	str_add(out, " | ");
}

static void add_ledger_row(const struct ledger_row *r, struct str *out)
{
	char *evidence = ledger_evidence(r), *mechanism = ledger_mechanism(r);
	char *expected = ledger_expected(r->claim);
	char *measured =
		xasprintf("%s: %s, expected %s", r->claim->workload, r->claim->metric, expected);
	char *claim = r->claim->refuted
			      ? xasprintf("%s (refuted by: %s)", r->claim->text, r->claim->refuted)
			      : xstrdup(r->claim->text);

	str_add(out, "| ");
	add_ledger_cell(out, claim);
	add_ledger_cell(out, r->claim->source);
	str_addf(out, "**%s**%s | ", claim_verdict_name(r->verdict), ledger_whose(r));
	add_ledger_cell(out, measured);
	add_ledger_cell(out, evidence);
	add_ledger_cell(out, mechanism);
	str_add(out, "\n");
	free(measured);
	free(expected);
	free(claim);
	free(evidence);
	free(mechanism);
}

void ledger_markdown(const struct ledger *l, struct str *out)
{
	for (size_t i = 0; i < l->n; i++) {
		if (i == 0 || l->rows[i].file != l->rows[i - 1].file)
			str_addf(out,
				 "%s%s\n\n| claim | source | verdict | measured by | old to new "
				 "kernel | mechanism |\n|---|---|---|---|---|---|\n",
				 i ? "\n" : "", l->rows[i].file->about);
		add_ledger_row(&l->rows[i], out);
	}
	str_add(out, "\n");
	add_tally(l, out);
}

/* --- Markdown, a line a claim --- */

/* Every cell ends with " | ", the last one of a line without the blank. */
static void end_line(struct str *out)
{
	out->buf[--out->len] = '\0';
	str_add(out, "\n");
}

static void add_verdict(const struct ledger_row *r, struct str *out)
{
	char ratio[32];

	str_addf(out, "%s%s%s", r->verdict == CLAIM_REFUTED ? "**" : "",
		 claim_verdict_name(r->verdict), r->verdict == CLAIM_REFUTED ? "**" : "");
	if (r->verdict == CLAIM_NOT_TESTABLE) {
		str_add(out, ": ");
		add_ledger_cell(out, r->need);
		return;
	}
	str_add(out, ledger_whose(r));
	if (r->by_family && r->claim->copying_apart) {
		table_ratio(ratio, &r->functions, r->functions.ratio);
		str_addf(out, ", %s", ratio);
	} else if (r->by_family) {
		str_add(out, ", ");
		add_signed(out, r->touched);
		str_add(out, " and ");
		add_signed(out, r->others);
	} else if (r->result && !r->result->difference) {
		table_ratio(ratio, r->result, r->result->ratio);
		str_addf(out, ", %s", ratio);
	} else if (!isnan(r->old)) {
		str_add(out, ", ");
		add_figure(out, r->old);
		str_add(out, " to ");
		add_figure(out, r->new);
	}
	str_add(out, " | ");
}

void ledger_summary(const struct ledger *const *ledgers, const char *const *kernels, size_t n,
		    struct str *out)
{
	const struct ledger *l = ledgers[0];

	for (size_t i = 0; i < l->n; i++) {
		char *expected, *text;

		if (i == 0 || l->rows[i].file != l->rows[i - 1].file) {
			str_addf(out, "%s%s\n\n| claim | ", i ? "\n" : "", l->rows[i].file->about);
			for (size_t k = 0; k < n; k++)
				add_ledger_cell(out, kernels[k]);
			end_line(out);
			str_add(out, "|---|");
			for (size_t k = 0; k < n; k++)
				str_add(out, "---|");
			str_add(out, "\n");
		}
		expected = ledger_expected(l->rows[i].claim);
		text = xasprintf("%s (%s: %s)", l->rows[i].claim->text, l->rows[i].claim->metric,
				 expected);
		str_add(out, "| ");
		add_ledger_cell(out, text);
		free(text);
		free(expected);
		for (size_t k = 0; k < n; k++)
			add_verdict(&ledgers[k]->rows[i], out);
		end_line(out);
	}
	str_add(out, "\n");
	for (size_t k = 0; k < n; k++) {
		str_add(out, "- ");
		text_escape(out, kernels[k]);
		str_add(out, ": ");
		add_tally(ledgers[k], out);
	}
}

/* --- JSON --- */

static json_t *row_json(const struct ledger_row *r)
{
	const struct claim *c = r->claim;
	char *expected = ledger_expected(c);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, "
			      "s:o, s:s?, s:o, s:o, "
			      "s:s?, s:s?, s:b}",
			      "file", r->file->name, "id", c->id, "claim", c->text, "source",
			      c->source, "workload", c->workload, "metric", c->metric, "expected",
			      expected, "verdict", claim_verdict_name(r->verdict), "target",
			      r->comparison ? r->comparison->run_new->target.kind : c->target,
			      "old", json_finite(r->old), "new", json_finite(r->new), "ratio",
			      json_finite(r->result ? r->result->ratio : NAN), "low",
			      json_finite(r->result ? r->result->low : NAN), "high",
			      json_finite(r->result ? r->result->high : NAN), "counter", c->counter,
			      "counter_old", json_finite(r->counter_old), "counter_new",
			      json_finite(r->counter_new), "need", r->need, "refuted", c->refuted,
			      "alone", r->comparison && r->comparison->subject);

	if (r->functions.k) {
		json_object_set_new(o, "idle", json_finite(r->idles ? r->idle : 0));
		json_object_set_new(o, c->copying_apart ? "apart" : "families",
				    json_string(c->families));
		json_object_set_new(o, "touched", json_finite(r->touched));
		json_object_set_new(o, "touched_low", json_finite(r->touched_low));
		json_object_set_new(o, "touched_high", json_finite(r->touched_high));
		json_object_set_new(o, "others", json_finite(r->others));
		json_object_set_new(o, "layouts", json_integer((json_int_t)r->functions.k));
		json_object_set_new(o, "by_functions", json_boolean(r->by_family));
	}
	if (r->result)
		json_object_set_new(o, "difference", json_boolean(r->result->difference));
	free(expected);
	return o;
}

void ledger_json(const struct ledger *l, struct str *out)
{
	json_t *o = json_object(), *rows = json_array();
	char *text;

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(rows, row_json(&l->rows[i]));
	json_object_set_new(o, "claims", rows);
	text = json_dumps(o, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	str_add(out, text);
	str_add(out, "\n");
	free(text);
	json_decref(o);
}
