#include "analysis/judge/timeline-proof.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/catalogue/catalogue.h"
#include "analysis/judge/alike.h"
#include "lib/fs.h"
#include "lib/verb.h"

/* --- proof --- */

static bool up(double ratio, bool difference)
{
	return ratio > (difference ? 0 : 1);
}

/* An A/B of just the two, with more pairs, says better how large the change is. */
static void judge(struct timeline_change *c, const struct result *r, const char *run)
{
	bool changed = r->verdict == VERDICT_BETTER || r->verdict == VERDICT_WORSE ||
		       r->verdict == VERDICT_CHANGED;

	c->proof = changed && up(r->ratio, r->difference) == up(c->ratio, r->difference)
			   ? PROOF_CONFIRMED
			   : PROOF_REFUTED;
	c->run = xstrdup(run);
	c->proof_ratio = r->ratio;
	c->proof_low = r->low;
	c->proof_high = r->high;
	c->proof_verdict = r->verdict;
	if (c->proof == PROOF_REFUTED)
		return;
	c->old = r->old;
	c->new = r->new;
	c->ratio = r->ratio;
	c->low = r->low;
	c->high = r->high;
	c->p_adjusted = r->p_adjusted;
	c->pairs = r->k;
}

/* Whether the A/B was measured as the timeline was; if not, it speaks of something else. */
static bool same_way(const struct timeline *t, const struct run *ab)
{
	struct str what = STR_INIT;
	bool same;

	alike_machines(t->run, ab, &what);
	alike_plans(t->run, ab, &what);
	/* Boots of the same layouts measure the same under icount: chance would confirm itself. */
	same = !what.len && (t->run->target.ns_per_insn <= 0 || ab->seed != t->run->seed) &&
	       alike_injected(ab, &ab->arms[0]) == 0 && alike_injected(ab, &ab->arms[1]) == 0;
	str_release(&what);
	return same;
}

static void take_results(struct timeline *t, const struct comparison *cmp, const char *run,
			 size_t before, size_t at)
{
	for (size_t i = 0; i < t->n; i++) {
		struct timeline_series *s = &t->series[i];
		const struct result *r = compare_find(cmp, s->cell->id, NULL);

		for (size_t j = 0; r && j < s->n_changes; j++)
			if (s->changes[j].before == before && s->changes[j].at == at &&
			    s->changes[j].difference == r->difference &&
			    s->changes[j].proof == PROOF_NONE)
				judge(&s->changes[j], r, run);
	}
}

/* Puts the result of one A/B beside every change between those two arms. */
static int take_run(struct timeline *t, const char *results, const char *name, size_t before,
		    size_t at, struct err *err)
{
	const struct compare_opts opts = {.margin = t->margin};
	char *path = xasprintf("%s/%s", results, name);
	struct comparison cmp;
	struct run run;
	int ret = load_run(&run, path, err);

	free(path);
	if (ret < 0)
		return -1;
	if (same_way(t, &run)) {
		if (t->copied)
			copying_take_same(&run, t->run, t->copied);
		ret = compare_runs(&cmp, &run, &run, &opts, err);
		if (ret == 0) {
			take_results(t, &cmp, name, before, at);
			compare_release(&cmp);
		}
	}
	load_release(&run);
	return ret;
}

/* Whether some change between the two arms has no proof yet. */
static bool is_open(const struct timeline *t, size_t before, size_t at)
{
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < t->series[i].n_changes; j++) {
			const struct timeline_change *c = &t->series[i].changes[j];

			if (c->before == before && c->at == at && c->proof == PROOF_NONE)
				return true;
		}
	return false;
}

static int prove_step(struct timeline *t, struct catalogue *c, const char *results, size_t before,
		      size_t at, struct err *err)
{
	const struct run_arm *a = &t->run->arms[before], *b = &t->run->arms[at];
	struct strv names = STRV_INIT;
	int ret = 0;

	if (*a->sha256 && *b->sha256)
		ret = catalogue_pairs(c, a->sha256, b->sha256, t->run->target.kind, &names, err);
	for (size_t i = 0; ret == 0 && i < names.n && is_open(t, before, at); i++)
		ret = take_run(t, results, names.v[i], before, at, err);
	strv_release(&names);
	return ret;
}

int timeline_prove(struct timeline *t, const char *results, struct strv *notes, struct err *err)
{
	struct catalogue *c = catalogue_open(results, notes, err);
	int ret = c ? 0 : -1;

	for (size_t before = 0; before < t->run->n_arms; before++)
		for (size_t at = before + 1; ret == 0 && at < t->run->n_arms; at++)
			if (is_open(t, before, at))
				ret = prove_step(t, c, results, before, at, err);
	catalogue_close(c);
	return ret;
}

/* --- measuring --- */

void timeline_confirm_args(const struct timeline *t, size_t before, size_t at, int pairs,
			   const char *out, struct strv *argv)
{
	const size_t arms[] = {before, at};

	strv_push(argv, t->run->path);
	for (size_t i = 0; i < 2; i++) {
		strv_push(argv, "--kernel");
		strv_pushf(argv, "%s=%s", t->run->arms[arms[i]].name, t->run->arms[arms[i]].spec);
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct timeline_series *s = &t->series[i];

		for (size_t j = 0; j < s->n_changes; j++) {
			if (s->changes[j].before != before || s->changes[j].at != at)
				continue;
			strv_push(argv, "--cell");
			strv_push(argv, s->cell->id);
		}
	}
	/* Other layouts than those the change was found with, or chance would confirm itself. */
	strv_push(argv, "--seed");
	strv_pushf(argv, "%llu", (unsigned long long)t->run->seed + 1);
	strv_push(argv, "--pairs");
	strv_pushf(argv, "%d", pairs);
	strv_push(argv, "--name");
	strv_push(argv, "confirm");
	strv_push(argv, "--out");
	strv_push(argv, out);
}

/* RESULTS/confirm-6.1-6.12, with a number where that is taken. */
static char *choose_dir(const struct timeline *t, const char *results, size_t before, size_t at)
{
	char *path = xasprintf("%s/confirm-%s-%s", results, t->run->arms[before].name,
			       t->run->arms[at].name);

	for (int i = 2; fs_exists(path); i++) {
		free(path);
		path = xasprintf("%s/confirm-%s-%s-%d", results, t->run->arms[before].name,
				 t->run->arms[at].name, i);
	}
	return path;
}

static int measure(const struct timeline *t, const char *results, size_t before, size_t at,
		   int pairs, struct err *err)
{
	char *out = choose_dir(t, results, before, at);
	struct str said = STR_INIT; /* the run's directory, which is no part of the timeline */
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "repeat");
	timeline_confirm_args(t, before, at, pairs, out, &argv);
	code = verb_run(&argv, &said, err);
	if (code > 0)
		err_set(err, "it could not be measured whole, see '%s'", out);
	strv_release(&argv);
	str_release(&said);
	free(out);
	return code ? -1 : 0;
}

int timeline_confirm(struct timeline *t, const char *results, int pairs, struct strv *notes,
		     struct err *err)
{
	struct strv again = STRV_INIT;
	struct err why;
	int ret = timeline_prove(t, results, notes, err);

	for (size_t before = 0; before < t->run->n_arms; before++)
		for (size_t at = before + 1; ret == 0 && at < t->run->n_arms; at++)
			if (is_open(t, before, at) &&
			    measure(t, results, before, at, pairs, &why) < 0)
				strv_pushf(notes, "the A/B of %s and %s: %s",
					   t->run->arms[before].name, t->run->arms[at].name,
					   why.text);
	if (ret == 0)
		ret = timeline_prove(t, results, &again, err);
	strv_release(&again);
	return ret;
}
