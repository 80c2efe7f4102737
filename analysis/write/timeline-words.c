#include "analysis/write/timeline-words.h"

#include <math.h>
#include <string.h>
#include <stdlib.h>
#include "lib/text.h"
#include "analysis/write/verdict.h"

char *timeline_cell(const struct timeline_series *s)
{
	struct str out = STR_INIT;

	text_escape(&out, s->cell->workload);
	if (*s->cell->label) {
		str_add(&out, " ");
		text_escape(&out, s->cell->label);
	}
	return out.buf;
}

char *timeline_sentence(const struct timeline_series *s, const struct timeline_change *c)
{
	const struct result r = {
		.metric = s->metric, .ratio = c->ratio, .difference = s->difference};
	char *cell = timeline_cell(s), *change = verdict_change(&r), old[32], new[32], *text;

	verdict_figure(old, c->old);
	verdict_figure(new, c->new);
	text = xasprintf("%s%s: %s (%s to %s)", cell, s->cell->is_control ? " (control)" : "",
			 change, old, new);
	free(change);
	free(cell);
	return text;
}

char *timeline_standing(const struct timeline_change *c)
{
	static const char *const proofs[] = {"not yet confirmed", "confirmed by ",
					     "NOT confirmed by "};
	static const char *const opinions[] = {"E-divisive agrees", "E-divisive does not see it",
					       "too near the edge for E-divisive"};

	return xasprintf("%s%s; %s%s", proofs[c->proof], c->proof_text ? c->proof_text : "",
			 opinions[c->opinion], c->provisional ? "; provisional" : "");
}

/* --- settings --- */

static bool is_compiler(const struct setting *s)
{
	return !strcmp(s->name, "CONFIG_CC_VERSION_TEXT");
}

static void add_setting(struct str *out, const struct setting *s)
{
	/* A mitigation's text is long; that it differs is what matters. */
	bool value = strncmp(s->name, "mitigation ", strlen("mitigation ")) != 0;

	str_add(out, out->len ? "; " : "");
	text_escape(out, strncmp(s->name, "CONFIG_", 7) ? s->name : s->name + 7);
	if (!value)
		return;
	str_add(out, " ");
	text_escape(out, s->old);
	str_add(out, " -> ");
	text_escape(out, s->new);
}

char *timeline_settings(const struct timeline *t, size_t at)
{
	const struct comparison *c = &t->steps[at];
	struct str out = STR_INIT;
	char *text;

	if (t->since[at] == at)
		return xstrdup("configuration unknown: the package came without it");
	for (int compiler = 1; compiler >= 0; compiler--)
		for (size_t i = 0; i < c->n_settings; i++)
			if (is_compiler(&c->settings[i]) == compiler)
				add_setting(&out, &c->settings[i]);
	text = xasprintf("configuration since %s: %s", t->run->arms[t->since[at]].name,
			 out.len ? out.buf : "the same");
	str_release(&out);
	return text;
}

size_t timeline_count(const struct timeline *t, size_t before, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->series[i].n_changes; j++)
			n += t->series[i].changes[j].before == before &&
			     t->series[i].changes[j].at == at;
	return n;
}

char *timeline_method(const struct timeline *t)
{
	return xasprintf(
		"Values are medians of %d boots with a 95 %% interval, ratios are to the anchor %s "
		"in the "
		"same rounds. Change points by exact optimal partitioning of the ratios (penalty 4 "
		"ln n); "
		"the noise is at least a third of the margin of %.3g %%. One with fewer than two "
		"later releases "
		"is provisional; an A/B of the two neighbours confirms one or does not; E-divisive "
		"is a second "
		"opinion.%s",
		t->run->pairs, t->run->arms[0].name, t->margin * 100,
		t->run->target.ns_per_insn > 0 ? " Figures are guest instructions, not time." : "");
}
