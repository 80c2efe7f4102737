#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"

static char *count_text(const struct outcome_count *n)
{
	struct str out = STR_INIT;

	if (n->fail)
		str_addf(&out, "%u failed", n->fail);
	if (n->broken)
		str_addf(&out, "%s%u broken", out.len ? ", " : "", n->broken);
	if (n->cut)
		str_addf(&out, "%s%u ended early", out.len ? ", " : "", n->cut);
	if (n->skip)
		str_addf(&out, "%s%u skipped", out.len ? ", " : "", n->skip);
	str_addf(&out, "%s of %u", out.len ? "" : "none", n->boots);
	return out.buf;
}

static void add_count(struct table *t, const struct outcome_count *n)
{
	char *text = count_text(n);

	table_tone(t, text, n->bad ? TONE_WORSE : TONE_PLAIN);
	free(text);
}

static void cells_table(struct report *r)
{
	const struct comparison *c = r->cmp;
	struct table *t = table_new(
		"outcomes",
		"Boots in which something was not ok, of those that "
		"got there; p of the difference by Fisher's exact test, by Holm over the rows");

	table_columns(t, false, "cell", c->arm_old->name, c->arm_new->name, NULL);
	table_columns(t, true, "p", NULL);
	table_columns(t, false, "first reason", NULL);
	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome_row *x = &c->outcomes[i];
		const char *reason = x->new.reason ? x->new.reason : x->old.reason;

		table_text(t, x->cell ? x->cell->id : "the boot itself");
		add_count(t, &x->old);
		add_count(t, &x->new);
		table_number(t, x->p);
		table_text(t, reason ? reason : "");
	}
	doc_table(&r->doc, t);
}

static void add_boot(struct table *t, const struct side *s, const struct run_boot *b)
{
	char *number = xasprintf("%03d", b->n);

	table_text(t, number);
	table_text(t, s->label);
	table_tone(t, b->outcome, strcmp(b->outcome, "ok") ? TONE_WORSE : TONE_PLAIN);
	table_number(t, b->attempts);
	table_number(t, b->faults);
	table_text(t, b->detail);
	free(number);
}

static void boots_table(struct report *r)
{
	struct table *t = table_new("boots", "Boots that failed, took more than one start, or lost "
					     "messages");

	table_columns(t, false, "boot", "kernel", "outcome", NULL);
	table_columns(t, true, "starts", "faults", NULL);
	table_columns(t, false, "what happened", NULL);
	for (size_t side = 0; side < r->n_sides; side++)
		for (size_t i = 0; i < r->sides[side].run->n_boots; i++) {
			const struct run_boot *b = &r->sides[side].run->boots[i];

			if (b->arm == r->sides[side].arm_index &&
			    (strcmp(b->outcome, "ok") || b->attempts > 1 || b->faults))
				add_boot(t, &r->sides[side], b);
		}
	if (!doc_table(&r->doc, t))
		doc_para(&r->doc, "Every boot came up at its first start and lost no message.");
}

void report_outcomes(struct report *r)
{
	doc_section(&r->doc, "outcomes", "Failures and skips");
	if (r->cmp && r->cmp->n_outcomes)
		cells_table(r);
	else if (r->cmp)
		doc_para(&r->doc, "No cell failed, broke or was skipped.");
	boots_table(r);
}
