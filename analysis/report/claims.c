#include <stdlib.h>
#include <string.h>

#include "analysis/cause/profile.h"
#include "analysis/judge/claims.h"
#include "analysis/report/part.h"
#include "lib/paths.h"

static enum tone claim_tone(enum claim_verdict v)
{
	switch (v) {
	case CLAIM_SUPPORTED:
		return TONE_BETTER;
	case CLAIM_REFUTED:
		return TONE_WORSE;
	case CLAIM_NO_DIFFERENCE:
		return TONE_EVEN;
	default:
		return TONE_UNSURE;
	}
}

static struct table *ledger_table(const struct ledger *l, const struct claim_file *f)
{
	char *name = xasprintf("claims-%s", f->name), *caption = xasprintf("%s", f->about);
	struct table *t = table_new(name, caption);
	static const char *const heads[] = {"claim", "verdict", "old to new", "mechanism",
					    "source"};

	free(name);
	free(caption);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		table_columns(t, false, heads[i], NULL);
	for (size_t i = 0; i < l->n; i++) {
		const struct ledger_row *r = &l->rows[i];
		char *evidence, *mechanism, *verdict;

		if (r->file != f || r->verdict == CLAIM_NOT_TESTABLE)
			continue;
		evidence = ledger_evidence(r);
		mechanism = ledger_mechanism(r);
		table_text(t, r->claim->text);
		verdict = xasprintf("%s%s", claim_verdict_name(r->verdict), ledger_whose(r));
		table_tone(t, verdict, claim_tone(r->verdict));
		table_text(t, evidence);
		table_text(t, mechanism);
		table_text(t, r->claim->source);
		free(evidence);
		free(mechanism);
		free(verdict);
	}
	return t;
}

static void add_ledger(struct report *r, const struct claims *c, const struct ledger *l)
{
	size_t count[CLAIM_NOT_TESTABLE + 1] = {0};

	for (size_t i = 0; i < l->n; i++)
		count[l->rows[i].verdict]++;
	doc_section(&r->doc, "claims", "Claims");
	doc_para(&r->doc,
		 "What was claimed of the munlock rework and of older changes in its field, and "
		 "what this "
		 "run says to each: %zu hold, %zu do not hold, %zu show no difference, %zu "
		 "inconclusive, %zu "
		 "not testable here ('mlocklab claims' says what each of those would take).",
		 count[CLAIM_SUPPORTED], count[CLAIM_REFUTED], count[CLAIM_NO_DIFFERENCE],
		 count[CLAIM_INCONCLUSIVE], count[CLAIM_NOT_TESTABLE]);
	for (size_t i = 0; i < c->n; i++)
		doc_table(&r->doc, ledger_table(l, &c->files[i]));
}

/* By the run's own profiles, where it has any; that they cannot be read their own section says. */
static void attribute(const struct report *r, struct ledger *l)
{
	char *families = paths_config("kernel/families.ini");
	struct profiles from;
	struct err err;

	if (r->cmp->run_old == r->cmp->run_new &&
	    profiles_load(&from, r->run->path, families, &err) == 0) {
		ledger_attribute(l, &from, 1, &err);
		profiles_release(&from);
	}
	free(families);
}

/* Nothing at all where the run measured no claim: an A/B of something else is about something else.
 */
void report_claims(struct report *r)
{
	char *dir = paths_config("claims");
	struct claims claims;
	struct ledger ledger;
	struct err err = {""};

	if (r->cmp && claims_load(&claims, dir, &err) == 0) {
		ledger_make(&ledger, &claims, &r->cmp, 1);
		if (ledger.testable) {
			attribute(r, &ledger);
			add_ledger(r, &claims, &ledger);
		}
		ledger_release(&ledger);
		claims_release(&claims);
	}
	free(dir);
}
