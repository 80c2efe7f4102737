#include "analysis/write/timeline-words.h"

#include <math.h>
#include <string.h>
#include <stdlib.h>
#include "lib/text.h"
#include "analysis/write/table.h"
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

/* "0.932 (0.930..0.934)" */
static char *size(const struct timeline_change *c, double ratio, double low, double high)
{
	const struct result r = {.difference = c->difference, .low = low, .high = high};
	char text[32], interval[72];

	table_ratio(text, &r, ratio);
	table_interval(interval, &r);
	return xasprintf("%s (%s)", text, interval);
}

char *timeline_sentence(const struct timeline_series *s, const struct timeline_change *c)
{
	const struct result r = {
		.metric = s->metric, .ratio = c->ratio, .difference = c->difference};
	char *cell = timeline_cell(s), *change = verdict_change(&r), old[32], new[32], *text;
	char *ratio = size(c, c->ratio, c->low, c->high);

	verdict_figure(old, c->old);
	verdict_figure(new, c->new);
	text = xasprintf("%s%s: %s (%s to %s; %s %s)", cell,
			 s->cell->is_control ? " (control)" : "", change, old, new,
			 c->difference ? "difference" : "ratio", ratio);
	free(ratio);
	free(change);
	free(cell);
	return text;
}

char *timeline_standing(const struct timeline_change *c)
{
	char *ratio, *text;

	if (c->proof == PROOF_NONE)
		return xasprintf("p = %.2g over all steps and cells, %zu rounds; no A/B yet",
				 c->p_adjusted, c->pairs);
	if (c->proof == PROOF_CONFIRMED)
		return xasprintf("confirmed by %s, of which these figures are: %zu pairs", c->run,
				 c->pairs);
	ratio = size(c, c->proof_ratio, c->proof_low, c->proof_high);
	text = xasprintf("NOT confirmed by %s: %s, %s", c->run, ratio,
			 verdict_name(c->proof_verdict));
	free(ratio);
	return text;
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
	const struct comparison *c = &t->settings[at];
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

size_t timeline_changes(const struct timeline *t, size_t before, size_t at, timeline_tell *tell,
			void *to)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct timeline_series *s = &t->series[i];

		for (size_t j = 0; j < s->n_changes; j++) {
			const struct timeline_change *c = &s->changes[j];

			if (c->before != before || c->at != at)
				continue;
			n++;
			if (tell) {
				char *sentence = timeline_sentence(s, c);
				char *standing = timeline_standing(c);

				tell(to, s, c, sentence, standing);
				free(standing);
				free(sentence);
			}
		}
	}
	return n;
}

char *timeline_tally(const struct timeline *t)
{
	size_t changes = 0, judged = 0, all = t->n * (t->run->n_arms - 1);
	struct str s = STR_INIT;

	for (size_t i = 0; i < t->n; i++) {
		changes += t->series[i].n_changes;
		for (size_t arm = 0; arm < t->run->n_arms; arm++) {
			const struct step *step = t->series[i].points[arm].step;

			judged += step && step->result.k >= COMPARE_MIN_PAIRS;
		}
	}
	str_addf(&s, "%zu of %zu steps are changes", changes, all);
	if (judged < all)
		str_addf(&s, "; %zu could not be judged, which takes %d rounds with both kernels",
			 all - judged, COMPARE_MIN_PAIRS);
	return s.buf;
}

char *timeline_method(const struct timeline *t)
{
	struct str out = STR_INIT;

	str_addf(&out,
		 "Values are medians of the boots. A step is judged by the ratio of a kernel to "
		 "the one "
		 "before it in the same round (Hodges-Lehmann), with max-T over the same sign "
		 "flips of "
		 "whole rounds for all steps of all cells: in 95 of 100 runs where nothing changed "
		 "there "
		 "is none, and the intervals of steps hold together at 95 %%, but for those that "
		 "are "
		 "equivalent, whose interval is its own, of 90 %%. A change is a step that is "
		 "certain and not below the margin of %.3g %%; an interleaved A/B of the two "
		 "neighbours "
		 "confirms it or does not, and then its size is the one stated.",
		 t->margin * 100);
	if (t->judged.rounds < COMPARE_MIN_PAIRS)
		str_addf(&out, " No step can be judged: there %s %zu round%s, and it takes %d.",
			 t->judged.rounds == 1 ? "is" : "are", t->judged.rounds,
			 t->judged.rounds == 1 ? "" : "s", COMPARE_MIN_PAIRS);
	if (t->run->target.ns_per_insn > 0)
		str_add(&out, " Figures are guest instructions, not time.");
	return out.buf;
}
