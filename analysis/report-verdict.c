#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report-part.h"
#include "analysis/verdict.h"

#define MOST_SENTENCES 12

/* What the figures of this kind of target may be taken for. */
static const char *target_note(const char *kind)
{
	static const struct {
		const char *kind, *note;
	} notes[] = {
		{"icount", "Target icount: QEMU counts the guest's instructions and lets nothing run "
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

/* The order of telling: what got worse, what got better, what changed, what is not known. */
static int weight(const struct result *r)
{
	static const int weights[] = {
		[VERDICT_WORSE] = 5,	    [VERDICT_BETTER] = 4,     [VERDICT_CHANGED] = 3,
		[VERDICT_INCONCLUSIVE] = 2, [VERDICT_EQUIVALENT] = 1, [VERDICT_CHANGED_SMALL] = 1,
	};

	return weights[r->verdict];
}

static double size(const struct result *r)
{
	return r->difference ? fabs(r->ratio) : fabs(log(r->ratio));
}

static int by_weight(const void *a, const void *b)
{
	const struct result *x = *(const struct result *const *)a;
	const struct result *y = *(const struct result *const *)b;

	if (weight(x) != weight(y))
		return weight(y) - weight(x);
	if (x->difference == y->difference && size(x) != size(y))
		return size(x) < size(y) ? 1 : -1;
	return (x > y) - (x < y);
}

static void sentences(struct report *r)
{
	const struct comparison *c = r->cmp;
	const struct result **rows = xcalloc(c->n_results, sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; i < c->n_results; i++)
		if (c->results[i].metric->kind == METRIC_PRIMARY && !c->results[i].cell->is_control)
			rows[n++] = &c->results[i];
	qsort(rows, n, sizeof(*rows), by_weight);
	for (size_t i = 0; i < n && i < MOST_SENTENCES; i++) {
		char *text = verdict_sentence(c, rows[i]);

		doc_toned(&r->doc, report_tone(rows[i]->verdict), text);
		free(text);
	}
	if (n > MOST_SENTENCES)
		doc_para(&r->doc, "%zu more cells are in the table of ratios.", n - MOST_SENTENCES);
	free(rows);
}

static void notes(struct report *r, const struct strv *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		doc_toned(&r->doc, TONE_UNSURE, notes->v[i]);
}

void report_verdict(struct report *r)
{
	const struct comparison *c = r->cmp;
	char *text;

	if (c) {
		text = verdict_summary(c);
		doc_toned(&r->doc, report_tone(c->verdict), text);
		free(text);
		notes(r, &c->notes);
	} else {
		doc_para(&r->doc, "One kernel, %s: nothing to compare it with.", r->sides[0].label);
		notes(r, &r->run->notes);
	}
	doc_para(&r->doc, "%s", target_note(r->run->target.kind));
	if (c)
		sentences(r);
}
