#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/compare.h"
#include "analysis/write/verdict.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/str.h"

/* JSON has no infinities: an interval without a bound has null there. */
static json_t *result_json(const struct comparison *c, const struct result *r)
{
	const struct run_metric *m = r->metric;
	json_t *o = json_object();

	json_object_set_new(o, "cell", json_string(r->cell->id));
	json_object_set_new(o, "metric", json_string(m->name));
	json_object_set_new(o, "unit", json_string(m->unit));
	json_object_set_new(o, "primary", json_boolean(m->kind == METRIC_PRIMARY));
	json_object_set_new(o, "counter", json_boolean(m->kind == METRIC_COUNTER));
	json_object_set_new(o, "control", json_boolean(r->cell->is_control));
	json_object_set_new(o, "old", json_finite(r->old));
	json_object_set_new(o, "new", json_finite(r->new));
	json_object_set_new(o, "difference", json_boolean(r->difference));
	json_object_set_new(o, "ratio", json_finite(r->ratio));
	json_object_set_new(o, "low", json_finite(r->low));
	json_object_set_new(o, "high", json_finite(r->high));
	json_object_set_new(o, "level", json_finite(r->level));
	json_object_set_new(o, "p", json_finite(r->p));
	json_object_set_new(o, "p_adjusted", json_finite(r->p_adjusted));
	json_object_set_new(o, "verdict", json_string(verdict_name(r->verdict)));
	json_object_set_new(o, "detectable", json_finite(r->detectable));
	json_object_set_new(o, "pairs", json_integer((json_int_t)r->k));
	json_object_set_new(o, "outliers", json_integer((json_int_t)r->outliers));
	json_object_set_new(o, "without_outliers", json_string(verdict_name(r->without)));
	if (m->kind == METRIC_PRIMARY) {
		char *sentence = verdict_sentence(c, r);

		json_object_set_new(o, "sentence", json_string(sentence));
		free(sentence);
	}
	return o;
}

static json_t *count_json(const struct outcome_count *o)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s*}", "boots", (int)o->boots, "bad",
			 (int)o->bad, "fail", (int)o->fail, "skip", (int)o->skip, "broken",
			 (int)o->broken, "cut", (int)o->cut, "reason", o->reason);
}

static json_t *outcomes_json(const struct comparison *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome_row *row = &c->outcomes[i];
		json_t *o = json_object();

		json_object_set_new(o, "cell",
				    row->cell ? json_string(row->cell->id) : json_null());
		json_object_set_new(o, "old", count_json(&row->old));
		json_object_set_new(o, "new", count_json(&row->new));
		json_object_set_new(o, "p", json_finite(row->p));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *findings_json(const struct comparison *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n_findings; i++) {
		const struct finding_row *f = &c->findings[i];

		json_array_append_new(a, json_pack("{s:s, s:i, s:i, s:i, s:i, s:s}", "kind",
						   f->kind, "old", (int)f->old, "new", (int)f->new,
						   "boots_old", (int)f->boots_old, "boots_new",
						   (int)f->boots_new, "text", f->text));
	}
	return a;
}

static json_t *settings_json(const struct comparison *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n_settings; i++) {
		const struct setting *s = &c->settings[i];

		json_array_append_new(a, json_pack("{s:s, s:s, s:s, s:b}", "name", s->name, "old",
						   s->old, "new", s->new, "of_note", s->of_note));
	}
	return a;
}

json_t *compare_json(const struct comparison *c)
{
	json_t *o = json_object(), *cells = json_array(), *notes = json_array();

	for (size_t i = 0; i < c->n_results; i++)
		json_array_append_new(cells, result_json(c, &c->results[i]));
	for (size_t i = 0; i < c->notes.n; i++)
		json_array_append_new(notes, json_string(c->notes.v[i]));
	json_object_set_new(o, "run", json_string(c->run_new->path));
	if (c->run_old != c->run_new)
		json_object_set_new(o, "old_run", json_string(c->run_old->path));
	json_object_set_new(o, "old", json_string(c->arm_old->name));
	json_object_set_new(o, "new", json_string(c->arm_new->name));
	json_object_set_new(o, "old_kernel", json_string(c->arm_old->release));
	json_object_set_new(o, "new_kernel", json_string(c->arm_new->release));
	json_object_set_new(o, "target", json_string(c->run_new->target.kind));
	json_object_set_new(o, "paired", json_boolean(c->paired));
	json_object_set_new(o, "pairs", json_integer((json_int_t)c->pairs));
	json_object_set_new(o, "margin", json_real(c->margin));
	json_object_set_new(o, "alpha", json_real(c->alpha));
	if (c->calibration)
		json_object_set_new(o, "calibration", json_deep_copy(c->calibration));
	json_object_set_new(o, "cells", cells);
	json_object_set_new(o, "failures", outcomes_json(c));
	json_object_set_new(o, "findings", findings_json(c));
	json_object_set_new(o, "settings", settings_json(c));
	json_object_set_new(o, "notes", notes);
	json_object_set_new(o, "verdict", json_string(verdict_name(c->verdict)));
	return o;
}

int compare_write(const struct comparison *c, const char *dir, struct err *err)
{
	char *path = xasprintf("%s/compare.json", dir);
	json_t *o = compare_json(c);
	int ret = fs_mkdirs(dir, err);

	if (ret == 0)
		ret = json_write(path, o, err);
	json_decref(o);
	free(path);
	return ret;
}

char *compare_dir(const struct comparison *c)
{
	char *old, *dir;
	size_t n;

	if (c->run_old == c->run_new)
		return xasprintf("%s/report", c->run_new->path);
	old = xstrdup(c->run_old->path);
	for (n = strlen(old); n && old[n - 1] == '/'; n--)
		old[n - 1] = '\0';
	dir = xasprintf("%s/report-against-%s", c->run_new->path, basename(old));
	free(old);
	return dir;
}
