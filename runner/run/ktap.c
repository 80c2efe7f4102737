#include "runner/run/ktap.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/record.h"
#include "lib/stored.h"
#include "lib/text.h"

#define TEXT_MAX 400

/* What a guest says may be anything; '#' would begin a directive. */
static void add_plain(struct str *out, const char *text)
{
	char *plain = text_clean(text, TEXT_MAX);

	for (char *p = plain; *p; p++)
		if (*p == '#')
			*p = '_';
	str_add(out, plain);
	free(plain);
}

/* --- a cell --- */

struct verdict {
	int iterations; /* that were recorded */
	bool failed;
	char *skipped; /* why, or NULL */
	struct str notes;
};

/* Whether a metric is a duration, as the workload's descriptor has it. */
static bool is_time(const struct experiment *e, const struct cell *c, const char *metric)
{
	const json_t *w, *m;
	size_t i, k;

	json_array_foreach(e->workloads, i, w) {
		if (strcmp(json_get_str(w, "name", ""), json_get_str(c->json, "workload", "?")) !=
		    0)
			continue;
		json_array_foreach(json_object_get(w, "metrics"), k, m)
			if (strcmp(json_get_str(m, "name", ""), metric) == 0)
				return json_is_true(json_object_get(m, "time"));
	}
	return true;
}

static void note_counts(const struct experiment *e, const struct cell *c, const struct sample *s,
			struct verdict *v)
{
	for (size_t i = 0; i < s->metrics.n; i++) {
		if (is_time(e, c, s->metrics.v[i].name))
			continue;
		str_addf(&v->notes, "  # iteration %d: ", s->iter);
		add_plain(&v->notes, s->metrics.v[i].name);
		str_addf(&v->notes, " %.10g\n", s->metrics.v[i].value);
	}
}

static void take_sample(const struct experiment *e, const struct cell *c, const struct sample *s,
			struct verdict *v)
{
	v->iterations++;
	if (strcmp(s->outcome, "skip") == 0) {
		free(v->skipped);
		v->skipped = xstrdup(s->reason);
		return;
	}
	note_counts(e, c, s, v);
	if (strcmp(s->outcome, "ok") == 0)
		return;
	v->failed = true;
	str_addf(&v->notes, "  # iteration %d: %s: ", s->iter,
		 strcmp(s->outcome, "fail") == 0 ? "fail" : "broken");
	add_plain(&v->notes, s->reason);
	str_add(&v->notes, "\n");
}

static void judge_cell(const struct experiment *e, const struct cell *c, FILE *samples,
		       struct verdict *v)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	rewind(samples);
	while ((n = getline(&line, &cap, samples)) > 0) {
		struct sample s;
		struct err ignored; /* the boot's outcome says that a record was damaged */

		if (sample_parse(&s, line, (size_t)n, &ignored) < 0)
			continue;
		if (strcmp(s.cell, c->id) == 0)
			take_sample(e, c, &s, v);
		sample_release(&s);
	}
	free(line);
}

/* Returns whether it failed. */
static bool add_cell_line(const struct experiment *e, size_t i, FILE *samples, struct str *out)
{
	const struct cell *c = &e->cells[i];
	long long planned =
		json_get_int(c->json, "iterations", 1) + json_get_int(c->json, "warmup", 0);
	struct verdict v = {.notes = STR_INIT};
	bool failed;

	if (samples)
		judge_cell(e, c, samples, &v);
	failed = v.failed || (!v.skipped && v.iterations < planned);
	if (failed)
		str_addf(&v.notes, "  # %d of %lld iterations are recorded\n", v.iterations,
			 planned);
	str_addf(out, "%s  %s %zu ", str_text(&v.notes), failed ? "not ok" : "ok", i + 1);
	add_plain(out, c->id);
	if (!failed && v.skipped) {
		str_add(out, " # SKIP ");
		add_plain(out, v.skipped);
	}
	str_add(out, "\n");
	str_release(&v.notes);
	free(v.skipped);
	return failed;
}

/* --- a boot --- */

static bool add_boot(const struct run *r, const struct planned_boot *p, struct str *out)
{
	struct err ignored; /* of a boot that was not made */
	FILE *samples = stored_open(r->store->dir, p->n, "samples.jsonl", &ignored);
	char *name = stored_name(p->n, "boot.json");
	json_t *boot = json_read_in(r->store->dir, name, &ignored);
	const char *outcome = json_get_str(boot, "outcome", "not made");
	bool failed = strcmp(outcome, "ok") != 0;

	str_addf(out, "  KTAP version 1\n  1..%zu\n", r->e->ncells);
	for (size_t i = 0; i < r->e->ncells; i++)
		failed |= add_cell_line(r->e, i, samples, out);
	if (strcmp(outcome, "ok") != 0) {
		str_add(out, "# ");
		add_plain(out, outcome);
		str_add(out, ": ");
		add_plain(out, json_get_str(boot, "detail", ""));
		str_add(out, "\n");
	}
	if (samples)
		fclose(samples);
	json_decref(boot);
	free(name);
	return failed;
}

size_t ktap_run(const struct run *r, struct str *out)
{
	size_t boots = 0, n = 0, all_failed = 0;

	for (size_t i = 0; i < r->plan.n; i++)
		boots += r->plan.boots[i].kind == BOOT_TIMED;
	str_addf(out, "KTAP version 1\n1..%zu\n", boots);
	for (size_t i = 0; i < r->plan.n; i++) {
		const struct planned_boot *p = &r->plan.boots[i];
		bool failed;

		if (p->kind != BOOT_TIMED)
			continue;
		failed = add_boot(r, p, out);
		all_failed += failed;
		str_addf(out, "%s %zu boot %d, %s, ", failed ? "not ok" : "ok", ++n, p->n,
			 r->e->arms[p->arm].name);
		add_plain(out, r->kernels[p->arm].spec);
		str_add(out, "\n");
	}
	str_add(out, "# ");
	add_plain(out, r->store->dir);
	str_add(out, "\n");
	return all_failed;
}
