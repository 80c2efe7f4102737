/*
 * KTAP version 1 (Documentation/dev-tools/ktap.rst): a test a cell, which fails where the cell got
 * worse or fails on the new arm, with the figures in diagnostic lines before it.
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/write/export.h"
#include "analysis/write/table.h"
#include "lib/text.h"
#include "analysis/write/verdict.h"

/* A test's description may hold no '#', which starts a directive. */
static void add_description(struct str *out, const char *id)
{
	struct str plain = STR_INIT;

	text_escape(&plain, id);
	for (const char *p = str_text(&plain); *p; p++)
		str_addf(out, "%c", *p == '#' ? '_' : *p);
	str_release(&plain);
}

static void add_test(const struct comparison *c, const struct result *r, size_t number, bool failed,
		     struct str *out)
{
	char *sentence = verdict_sentence(c, r);
	char ratio[32], interval[72];

	table_ratio(ratio, r, r->ratio);
	table_interval(interval, r);
	str_addf(out, "# %s\n# %s old=%.10g new=%.10g ratio=%s interval=%s p=%.3g verdict=%s\n",
		 sentence, r->metric->unit, r->old, r->new, ratio, interval, r->p_adjusted,
		 verdict_name(r->verdict));
	str_addf(out, "%s %zu ", failed ? "not ok" : "ok", number);
	add_description(out, r->cell->id);
	str_add(out, "\n");
	free(sentence);
}

static const struct outcome_row *outcome_of(const struct comparison *c, const struct run_cell *cell)
{
	for (size_t i = 0; i < c->n_outcomes; i++)
		if (c->outcomes[i].cell == cell)
			return &c->outcomes[i];
	return NULL;
}

int export_ktap(const struct comparison *c, const struct export_opts *o, struct str *out,
		struct err *err)
{
	const struct run *r = c->run_old;

	(void)o;
	(void)err;
	str_addf(out, "KTAP version 1\n1..%zu\n", r->n_cells);
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct result *result = compare_find(c, r->cells[i].id, NULL);
		const struct outcome_row *row = outcome_of(c, &r->cells[i]);
		bool failed = row && outcome_got_worse(c, row);

		if (result) {
			add_test(c, result, i + 1, failed || result->verdict == VERDICT_WORSE, out);
			continue;
		}
		str_addf(out, "%s %zu ", failed ? "not ok" : "ok", i + 1);
		add_description(out, r->cells[i].id);
		str_addf(out, "%s\n", failed ? "" : " # SKIP no figures to compare");
	}
	return 0;
}
