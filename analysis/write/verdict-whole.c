/* What is said of a comparison as a whole. */
#include "analysis/write/verdict.h"

#include "lib/text.h"

char *verdict_kernels(const struct comparison *c)
{
	struct str s = STR_INIT;

	text_escape(&s, load_kernel(c->arm_new));
	str_add(&s, " against ");
	text_escape(&s, load_kernel(c->arm_old));
	return s.buf;
}

const char *verdict_word(const struct comparison *c)
{
	static const char *const words[] = {
		[VERDICT_BETTER] = "BETTER",	     [VERDICT_WORSE] = "WORSE",
		[VERDICT_CHANGED] = "CHANGED",	     [VERDICT_CHANGED_SMALL] = "EQUIVALENT",
		[VERDICT_EQUIVALENT] = "EQUIVALENT", [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
	};

	return words[c->verdict];
}

/* Cells and their controls by verdict. */
struct tally {
	size_t cells[6], controls[6], all_cells, all_controls;
};

static struct tally count(const struct comparison *c)
{
	struct tally t = {0};

	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];

		if (!result_counts(r))
			continue;
		*(r->cell->is_control ? &t.all_controls : &t.all_cells) += 1;
		*(r->cell->is_control ? &t.controls[r->verdict] : &t.cells[r->verdict]) += 1;
	}
	return t;
}

/* What alone makes a verdict worse, whatever the figures say. */
static void add_alarms(struct str *out, const struct comparison *c)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		const struct finding_row *f = &c->findings[i];

		if (!finding_is_new(f))
			continue;
		text_escape(out, f->kind);
		str_addf(out, " in %u of %u boots of the new kernel alone; ", f->new, f->boots_new);
	}
	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome_row *row = &c->outcomes[i];

		if (!outcome_got_worse(c, row))
			continue;
		str_add(out, "the new kernel fails more often in ");
		text_escape(out, row->cell ? row->cell->id : "its boots");
		str_add(out, "; ");
	}
}

/* "5 of 16 cells (9 of 13 controls)"; "no cell, 2 of 2 controls" where the word is theirs alone. */
static void add_first(struct str *out, const struct tally *t, enum verdict first)
{
	const char *cells = t->all_cells == 1 ? "" : "s",
		   *controls = t->all_controls == 1 ? "" : "s";

	if (!t->cells[first] && t->controls[first]) {
		str_addf(out, "no cell, %zu of %zu control%s", t->controls[first], t->all_controls,
			 controls);
		return;
	}
	str_addf(out, "%zu of %zu cell%s", t->cells[first], t->all_cells, cells);
	if (t->all_controls)
		str_addf(out, " (%zu of %zu control%s)", t->controls[first], t->all_controls,
			 controls);
}

/* "5 of 16 cells (9 of 13 controls); better: 11 (4)" */
static void add_tally(struct str *out, const struct comparison *c)
{
	static const enum verdict order[] = {VERDICT_WORSE,	    VERDICT_BETTER,
					     VERDICT_CHANGED,	    VERDICT_INCONCLUSIVE,
					     VERDICT_CHANGED_SMALL, VERDICT_EQUIVALENT};
	enum verdict first = c->verdict;
	struct tally t = count(c);

	if (!t.all_cells && !t.all_controls) {
		str_add(out, "nothing to compare");
		return;
	}
	/* A small change and none are one word. */
	if (first == VERDICT_CHANGED_SMALL) {
		t.cells[first] += t.cells[VERDICT_EQUIVALENT];
		t.controls[first] += t.controls[VERDICT_EQUIVALENT];
		t.cells[VERDICT_EQUIVALENT] = t.controls[VERDICT_EQUIVALENT] = 0;
	}
	add_first(out, &t, first);
	for (size_t i = 0; i < 6; i++) {
		enum verdict v = order[i];

		if (v == first || !(t.cells[v] + t.controls[v]))
			continue;
		str_addf(out, "; %s: %zu", verdict_name(v), t.cells[v]);
		if (t.all_controls)
			str_addf(out, " (%zu)", t.controls[v]);
	}
}

char *verdict_summary(const struct comparison *c)
{
	struct str s = STR_INIT;

	str_addf(&s, "%s: ", verdict_word(c));
	add_alarms(&s, c);
	add_tally(&s, c);
	return s.buf;
}
