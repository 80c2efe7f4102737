#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "analysis/write/verdict.h"

#define MOST_SENTENCES 12
#define MOST_OF_A_WORKLOAD 3

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

static size_t same_workload(const struct run_cell **cells, size_t n, const char *workload)
{
	size_t same = 0;

	for (size_t i = 0; i < n; i++)
		same += !strcmp(cells[i]->workload, workload);
	return same;
}

/* What matters first, but not all of it about one workload. */
static void sentences(struct report *r)
{
	size_t n, shown = 0, left = 0;
	const struct run_cell **cells = report_ranked(r, &n);

	for (size_t i = 0; i < n; i++) {
		const struct result *x = compare_find(r->cmp, cells[i]->id, NULL);
		char *text;

		if (!x || x->cell->is_control)
			continue;
		if (shown == MOST_SENTENCES ||
		    same_workload(cells, shown, x->cell->workload) == MOST_OF_A_WORKLOAD) {
			left++;
			continue;
		}
		text = verdict_sentence(r->cmp, x);
		doc_toned(&r->doc, report_tone(x->verdict), text);
		free(text);
		cells[shown++] = cells[i];
	}
	if (left)
		doc_para(&r->doc, "%zu more cells are in the tables below.", left);
	free(cells);
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
