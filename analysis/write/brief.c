#include "analysis/write/brief.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/family.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"
#include "lib/json.h"
#include "lib/text.h"

#define LABEL_WIDTH 29
#define MOST_PAIRS 1000

/* --- which rows --- */

struct group {
	const char *title, *of_controls;
	enum verdict verdict;
	const struct result **r;
	size_t n, shown;
};

static double size_of(const struct result *r)
{
	double unit = fmax(fabs(r->old), fabs(r->new));

	if (!r->difference)
		return fabs(log(r->ratio));
	return unit > 0 ? fabs(r->ratio) / unit : 0;
}

static int larger_first(const void *a, const void *b)
{
	double x = size_of(*(const struct result *const *)a);
	double y = size_of(*(const struct result *const *)b);

	return (x < y) - (x > y);
}

/* Cells of that verdict; where there are none, controls. */
static void gather(const struct comparison *c, struct group *g)
{
	g->r = xcalloc(c->n_results + 1, sizeof(struct result *));
	for (int controls = 0; controls < 2 && !g->n; controls++) {
		if (controls)
			g->title = g->of_controls;
		for (size_t i = 0; i < c->n_results; i++) {
			const struct result *r = &c->results[i];

			if (result_counts(r) && r->verdict == g->verdict &&
			    r->cell->is_control == controls)
				g->r[g->n++] = r;
		}
	}
	qsort(g->r, g->n, sizeof(struct result *), larger_first);
}

/* Costs and gains get half each, or what the other leaves; the rest gets what is left. */
static void share_rows(struct group *g, size_t groups)
{
	size_t left = BRIEF_ROWS;

	for (size_t i = 0; i < 2; i++) {
		size_t other = g[1 - i].n < BRIEF_ROWS / 2 ? g[1 - i].n : BRIEF_ROWS / 2;

		g[i].shown = g[i].n < BRIEF_ROWS - other ? g[i].n : BRIEF_ROWS - other;
	}
	for (size_t i = 0; i < groups; i++) {
		if (i > 1)
			g[i].shown = g[i].n < left ? g[i].n : left;
		left -= g[i].shown;
	}
}

/* --- what they are called --- */

/* Whether all cells of the workload that are no controls are labelled with "key=value". */
static bool is_shared(const struct comparison *c, const char *workload, const char *word)
{
	for (size_t i = 0; i < c->run_old->n_cells; i++) {
		const struct run_cell *cell = &c->run_old->cells[i];
		struct strv words = STRV_INIT;
		bool has = false;

		if (cell->is_control || strcmp(cell->workload, workload))
			continue;
		strv_split(&words, cell->label, ",");
		for (size_t k = 0; k < words.n; k++)
			has |= !strcmp(words.v[k], word);
		strv_release(&words);
		if (!has)
			return false;
	}
	return true;
}

/* Whether a parameter's values are words of their own, which say what they are: its kind is enum.
 */
static bool is_enum(const struct run *r, const char *workload, const char *name, size_t len)
{
	json_t *all = json_object_get(r->json, "workloads"), *w, *p;
	size_t i, k;

	json_array_foreach(all, i, w) {
		if (strcmp(json_get_str(w, "name", ""), workload))
			continue;
		json_array_foreach(json_object_get(w, "params"), k, p)
			if (!strncmp(json_get_str(p, "name", ""), name, len) &&
			    !json_get_str(p, "name", "")[len])
				return !strcmp(json_get_str(p, "kind", ""), "enum");
	}
	return false;
}

/* "migrate-mlocked shmem,procs=4" */
static char *label_of(const struct comparison *c, const struct run_cell *cell)
{
	struct strv words = STRV_INIT;
	struct str out = STR_INIT;
	const char *separator = " ";

	text_escape(&out, cell->workload);
	strv_split(&words, cell->label, ",");
	for (size_t i = 0; i < words.n; i++) {
		size_t name = strcspn(words.v[i], "=");
		bool bare =
			words.v[i][name] && is_enum(c->run_old, cell->workload, words.v[i], name);

		if (!cell->is_control && is_shared(c, cell->workload, words.v[i]))
			continue;
		str_add(&out, separator);
		text_escape(&out, bare ? words.v[i] + name + 1 : words.v[i]);
		separator = ",";
	}
	strv_release(&words);
	return out.buf;
}

/* "exit-mlocked: exit, insn/page, size=2M,lock=mlock": what all rows of the workload share. */
static void add_shared(const struct comparison *c, const struct result *r, struct str *out)
{
	struct strv words = STRV_INIT;
	struct str line = STR_INIT;
	const char *separator = "; ";

	text_escape(&line, r->cell->workload);
	str_add(&line, ": ");
	text_escape(&line, r->metric->name);
	str_add(&line, ", ");
	text_escape(&line, r->metric->unit);
	if (r->metric->better == HIGHER_IS_BETTER)
		str_add(&line, ", higher is better");
	strv_split(&words, r->cell->is_control ? "" : r->cell->label, ",");
	for (size_t i = 0; i < words.n; i++) {
		if (!is_shared(c, r->cell->workload, words.v[i]))
			continue;
		str_add(&line, separator);
		text_escape(&line, words.v[i]);
		separator = ",";
	}
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	strv_release(&words);
	str_release(&line);
}

static void add_all_shared(const struct comparison *c, const struct group *g, size_t groups,
			   struct str *out)
{
	struct strv seen = STRV_INIT;

	for (size_t i = 0; i < groups; i++)
		for (size_t j = 0; j < g[i].shown; j++) {
			const char *workload = g[i].r[j]->cell->workload;
			size_t k = 0;

			while (k < seen.n && strcmp(seen.v[k], workload))
				k++;
			if (k < seen.n)
				continue;
			strv_push(&seen, workload);
			add_shared(c, g[i].r[j], out);
		}
	strv_release(&seen);
}

/* --- one row --- */

/* "+17.2 %", "+0.4 %", "x12.3", "1/1791": of a ratio; else the difference. */
static void change_text(char out[32], const struct result *r, double v, bool unit)
{
	char ratio[32];

	if (r->difference || r->ratio >= 10 || r->ratio <= 0.1) {
		table_ratio(ratio, r, v);
		snprintf(out, 32, "%s%.30s", r->difference || !strncmp(ratio, "1/", 2) ? "" : "x",
			 ratio);
		return;
	}
	snprintf(out, 32, fabs(v - 1) >= 0.995 ? "%+.0f%s" : "%+.1f%s", 100 * (v - 1),
		 unit ? " %" : "");
}

static void interval_text(char out[72], const struct result *r)
{
	char low[32], high[32];

	if (!isfinite(r->low) || !isfinite(r->high) || (!r->difference && r->low <= 0)) {
		strcpy(out, "-");
		return;
	}
	change_text(low, r, r->low, false);
	change_text(high, r, r->high, false);
	snprintf(out, 72, "%s..%s", low, high);
}

static void control_text(char out[32], const struct comparison *c, const struct result *r)
{
	const struct result *control =
		r->cell->control ? compare_find(c, r->cell->control, r->metric->name) : NULL;

	if (!control)
		strcpy(out, "-");
	else if (control->verdict == VERDICT_EQUIVALENT)
		strcpy(out, "same");
	else if (control->verdict == VERDICT_INCONCLUSIVE)
		strcpy(out, "?");
	else
		change_text(out, control, control->ratio, true);
}

/* How many pairs would decide it. */
static void needed_text(char out[32], const struct comparison *c, const struct result *r)
{
	unsigned n = family_needed(r, c->paired, c->alpha, c->margin, MOST_PAIRS);

	if (c->paired && r->k < COMPARE_MIN_PAIRS)
		snprintf(out, 32, "%d", COMPARE_MIN_PAIRS);
	else if (!c->paired && r->k < COMPARE_MIN_BOOTS)
		snprintf(out, 32, "%d", COMPARE_MIN_BOOTS);
	else if (!n)
		strcpy(out, "?");
	else
		snprintf(out, 32, n >= MOST_PAIRS ? ">%u" : "%u", n);
}

static void add_brief_row(const struct comparison *c, const struct result *r, struct str *out)
{
	char old[32], new[32], change[32], interval[72], last[32];
	char *label = label_of(c, r->cell);
	struct str line = STR_INIT;

	verdict_figure(old, r->old);
	verdict_figure(new, r->new);
	change_text(change, r, r->ratio, true);
	interval_text(interval, r);
	(r->verdict == VERDICT_INCONCLUSIVE ? needed_text : control_text)(last, c, r);
	str_addf(&line, " %6s %6s %7s %14s %7s", old, new, change, interval, last);
	if (strlen(label) > LABEL_WIDTH || LABEL_WIDTH + line.len > TABLE_WIDTH)
		str_addf(out, "%.*s\n%*s", TABLE_WIDTH, label, LABEL_WIDTH, "");
	else
		str_addf(out, "%-*s", LABEL_WIDTH, label);
	str_addf(out, "%s\n", str_text(&line));
	str_release(&line);
	free(label);
}

static void add_group(const struct comparison *c, const struct group *g, struct str *out)
{
	if (!g->shown)
		return;
	str_addf(out, "\n%-*s %6s %6s %7s %14s %7s\n", LABEL_WIDTH, g->title, "old", "new",
		 "change", "interval",
		 g->verdict == VERDICT_INCONCLUSIVE ? c->paired ? "pairs" : "boots" : "control");
	for (size_t i = 0; i < g->shown; i++)
		add_brief_row(c, g->r[i], out);
	if (g->n > g->shown)
		str_addf(out, "%zu more\n", g->n - g->shown);
}

void brief_rows(const struct comparison *c, struct str *out)
{
	struct group g[] = {
		{.title = "worse", .of_controls = "worse controls", .verdict = VERDICT_WORSE},
		{.title = "better", .of_controls = "better controls", .verdict = VERDICT_BETTER},
		{.title = "changed", .of_controls = "changed controls", .verdict = VERDICT_CHANGED},
		{.title = "undecided; would take",
		 .of_controls = "undecided controls would take",
		 .verdict = VERDICT_INCONCLUSIVE},
	};
	size_t groups = sizeof(g) / sizeof(*g);

	for (size_t i = 0; i < groups; i++)
		gather(c, &g[i]);
	share_rows(g, groups);
	add_all_shared(c, g, groups, out);
	for (size_t i = 0; i < groups; i++) {
		add_group(c, &g[i], out);
		free(g[i].r);
	}
}

/* --- again --- */

void brief_command(const struct comparison *c, bool elsewhere, struct str *out)
{
	const struct run *r = c->run_new;
	struct str line = STR_INIT;

	if (!elsewhere && c->run_old == r) {
		str_add(&line, "again: mlocklab repeat ");
		text_escape(&line, r->path);
	} else if (!elsewhere) {
		str_add(&line, "again: mlocklab repeat ");
		text_escape(&line, c->run_old->path);
		str_add(&line, "; mlocklab repeat ");
		text_escape(&line, r->path);
	} else {
		str_add(&line, "again: mlocklab ab --old ");
		text_escape(&line, c->arm_old->spec);
		str_add(&line, " --new ");
		text_escape(&line, c->arm_new->spec);
		str_add(&line, " --suite ");
		text_escape(&line, r->name);
		str_addf(&line, " --target %s --pairs %d --seed %llu", r->target.kind, r->pairs,
			 (unsigned long long)r->seed);
	}
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	str_release(&line);
}
