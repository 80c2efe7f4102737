#include "analysis/load/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/samples.h"
#include "lib/text.h"
#include "lib/fs.h"
#include "lib/json.h"

static char *dup_member(const json_t *o, const char *key)
{
	return xstrdup(json_get_str(o, key, ""));
}

static json_t *object_member(const json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	return json_is_object(v) ? json_incref(v) : json_object();
}

/* A member of run.json that must be a list of objects; NULL with err set otherwise. */
static json_t *list_member(const struct run *r, const char *key, struct err *err)
{
	json_t *a = json_object_get(r->json, key), *v;
	size_t i;

	if (!json_is_array(a)) {
		err_set(err, "%s/run.json: '%s' is not a list", r->path, key);
		return NULL;
	}
	json_array_foreach(a, i, v) {
		if (!json_is_object(v)) {
			err_set(err, "%s/run.json: '%s[%zu]' is not an object", r->path, key, i);
			return NULL;
		}
	}
	return a;
}

static int load_target(struct run *r, struct err *err)
{
	const json_t *t = json_object_get(r->json, "target"), *qemu = json_object_get(t, "qemu");
	struct run_target *to = &r->target;

	to->kind = dup_member(t, "kind");
	to->ns_per_insn = json_get_num(t, "ns_per_insn", 0);
	to->cpus = (int)json_get_int(t, "cpus", 0);
	to->nodes = (int)json_get_int(t, "nodes", 0);
	to->memory_mib = json_get_int(t, "memory_mib", 0);
	to->qemu_version = dup_member(qemu, "version");
	to->qemu_sha256 = dup_member(qemu, "sha256");
	if (!*to->kind)
		return err_set(err, "%s/run.json: 'target' lacks its 'kind'", r->path);
	if (!strcmp(to->kind, "icount") && !(to->ns_per_insn > 0))
		return err_set(err, "%s/run.json: target icount needs 'ns_per_insn' above 0",
			       r->path);
	return 0;
}

static int load_arms(struct run *r, struct err *err)
{
	json_t *a = list_member(r, "arms", err), *v;
	size_t i;

	if (!a)
		return -1;
	r->arms = xcalloc(json_array_size(a) + 1, sizeof(*r->arms));
	json_array_foreach(a, i, v) {
		struct run_arm *arm = &r->arms[r->n_arms++];

		arm->name = dup_member(v, "name");
		arm->spec = dup_member(v, "spec");
		arm->release = dup_member(v, "release");
		arm->package = dup_member(v, "package");
		arm->version = dup_member(v, "version");
		arm->sha256 = dup_member(v, "sha256");
		arm->config = object_member(v, "config");
		if (!*arm->name)
			return err_set(err, "%s/run.json: 'arms[%zu]' lacks its 'name'", r->path,
				       i);
	}
	return r->n_arms ? 0 : err_set(err, "%s/run.json: 'arms' is empty", r->path);
}

static const json_t *find_workload(const struct run *r, const char *name)
{
	json_t *a = json_object_get(r->json, "workloads"), *v;
	size_t i;

	json_array_foreach(a, i, v) {
		if (!strcmp(json_get_str(v, "name", ""), name))
			return v;
	}
	return NULL;
}

static enum direction parse_direction(const char *better)
{
	if (!strcmp(better, "lower"))
		return LOWER_IS_BETTER;
	return strcmp(better, "higher") ? NO_DIRECTION : HIGHER_IS_BETTER;
}

/* "ns/page" becomes "insn/page" where a ns of the guest's clock is an instruction. */
static char *metric_unit(const struct run *r, const char *unit, bool time)
{
	if (time && r->target.ns_per_insn > 0 && !strncmp(unit, "ns", 2))
		return xasprintf("insn%s", unit + 2);
	return xstrdup(unit);
}

struct series *load_add_series(const struct run *r, struct run_cell *c, const char *name,
			       const char *unit, bool time)
{
	struct series *s;

	c->series = xrealloc(c->series, (c->n_series + 1) * sizeof(*c->series));
	s = &c->series[c->n_series++];
	s->metric = (struct run_metric){
		.name = xstrdup(name), .unit = metric_unit(r, unit, time), .help = xstrdup(""),
		.better = NO_DIRECTION, .kind = METRIC_COUNTER, .time = time,
	};
	s->boot = xcalloc(r->n_boots + 1, sizeof(*s->boot));
	for (size_t i = 0; i < r->n_boots; i++)
		s->boot[i] = (struct boot_value){NAN, NAN, 0};
	return s;
}

static void add_declared(const struct run *r, struct run_cell *c, const json_t *metrics)
{
	json_t *m;
	size_t i;

	json_array_foreach(metrics, i, m) {
		struct series *s = load_add_series(r, c, json_get_str(m, "name", "?"),
						   json_get_str(m, "unit", ""),
						   json_get_bool(m, "time", 0));

		free(s->metric.help);
		s->metric.help = dup_member(m, "help");
		s->metric.better = parse_direction(json_get_str(m, "better", ""));
		s->metric.kind = i ? METRIC_SECONDARY : METRIC_PRIMARY;
	}
}

static int load_one_cell(struct run *r, const json_t *v, size_t i, struct err *err)
{
	struct run_cell *c = &r->cells[r->n_cells];
	const char *control = json_get_str(v, "control", NULL);
	const json_t *w = find_workload(r, json_get_str(v, "workload", ""));
	const char *slash;

	if (load_cell(r, json_get_str(v, "id", "")))
		return err_set(err, "%s/run.json: 'cells[%zu]' repeats the id '%s'", r->path, i,
			       json_get_str(v, "id", ""));
	r->n_cells++;
	c->id = dup_member(v, "id");
	c->workload = dup_member(v, "workload");
	slash = strchr(c->id, '/');
	c->label = xstrdup(slash ? slash + 1 : "");
	c->params = object_member(v, "params");
	c->control = control ? xstrdup(control) : NULL;
	c->iterations = (int)json_get_int(v, "iterations", 0);
	c->warmup = (int)json_get_int(v, "warmup", 0);
	c->outcome = xcalloc(r->n_boots + 1, sizeof(*c->outcome));
	if (!*c->id)
		return err_set(err, "%s/run.json: 'cells[%zu]' lacks its 'id'", r->path, i);
	if (!w || !json_array_size(json_object_get(w, "metrics")))
		return err_set(err, "%s/run.json: workload '%s' of 'cells[%zu]' is not described "
			       "under 'workloads'", r->path, c->workload, i);
	add_declared(r, c, json_object_get(w, "metrics"));
	return 0;
}

static int load_cells(struct run *r, struct err *err)
{
	json_t *a = list_member(r, "cells", err), *v;
	size_t i;

	if (!a)
		return -1;
	r->cells = xcalloc(json_array_size(a) + 1, sizeof(*r->cells));
	json_array_foreach(a, i, v) {
		if (load_one_cell(r, v, i, err) < 0)
			return -1;
	}
	for (i = 0; i < r->n_cells; i++) {
		for (size_t j = 0; j < r->n_cells; j++) {
			const char *control = r->cells[j].control;

			if (control && !strcmp(control, r->cells[i].id))
				r->cells[i].is_control = true;
		}
	}
	return 0;
}

static int load_plan(struct run *r, const char *kind, struct err *err)
{
	json_t *a = list_member(r, "boots", err), *v;
	size_t i;

	if (!a)
		return -1;
	r->boots = xcalloc(json_array_size(a) + 1, sizeof(*r->boots));
	json_array_foreach(a, i, v) {
		const struct run_arm *arm = load_arm(r, json_get_str(v, "arm", ""));
		struct run_boot *b;

		if (strcmp(json_get_str(v, "kind", "timed"), kind) != 0)
			continue;
		b = &r->boots[r->n_boots++];
		b->n = (int)json_get_int(v, "n", -1);
		b->pair = (int)json_get_int(v, "pair", (long long)i);
		b->seed = (uint64_t)json_get_int(v, "seed", 0);
		b->wall_seconds = b->ready_seconds = NAN;
		b->outcome = xstrdup("missing");
		b->detail = xstrdup("");
		if (b->n < 0)
			return err_set(err, "%s/run.json: 'boots[%zu]' lacks its 'n'", r->path, i);
		if (!arm)
			return err_set(err,
				       "%s/run.json: arm '%s' of 'boots[%zu]' is not under 'arms'",
				       r->path, json_get_str(v, "arm", ""), i);
		b->arm = (size_t)(arm - r->arms);
	}
	return 0;
}

static int load_boot(struct run *r, struct run_boot *b, struct err *err)
{
	char *path = xasprintf("%s/boots/%03d/boot.json", r->path, b->n);
	json_t *o = fs_exists(path) ? json_read(path, err) : NULL;
	int ret = 0;

	if (o) {
		free(b->outcome);
		free(b->detail);
		b->outcome = xstrdup(json_get_str(o, "outcome", "missing"));
		b->detail = dup_member(o, "detail");
		b->attempts = (int)json_get_int(o, "attempts", 1);
		b->faults = (int)json_get_int(o, "faults", 0);
		b->wall_seconds = json_get_num(o, "wall_seconds", NAN);
		b->ready_seconds = json_get_num(o, "ready_seconds", NAN);
		if (json_is_object(json_object_get(o, "guest")))
			b->guest = json_incref(json_object_get(o, "guest"));
		ret = load_samples(r, b, err);
	} else if (fs_exists(path)) {
		ret = -1;
	}
	json_decref(o);
	free(path);
	return ret;
}

/* Says once, in words, what of the plan is not there. */
static void note_gaps(struct run *r)
{
	size_t missing = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];
		struct str outcome = STR_INIT, detail = STR_INIT;

		if (!strcmp(b->outcome, "missing")) {
			missing++;
		} else if (strcmp(b->outcome, "ok")) {
			text_escape(&outcome, b->outcome);
			text_escape(&detail, b->detail);
			strv_pushf(&r->notes, "%s: boot %03d of arm %s ended with '%s'%s%.120s",
				   r->path, b->n, r->arms[b->arm].name, str_text(&outcome),
				   detail.len ? ": " : "", str_text(&detail));
			str_release(&outcome);
			str_release(&detail);
		}
	}
	if (missing && strcmp(r->status, "stopped"))
		strv_pushf(&r->notes, "%s: the run is %s: %zu of its %zu boots have no result",
			   r->path, strcmp(r->status, "running") ? "incomplete" : "still going on",
			   missing, r->n_boots);
}

static int load_all(struct run *r, const char *kind, struct err *err)
{
	char *path = xasprintf("%s/run.json", r->path);
	long long format;

	r->json = json_read(path, err);
	free(path);
	if (!r->json)
		return -1;
	if (!json_is_printable(r->json))
		return err_set(err, "%s/run.json: a text in it holds a control character", r->path);
	format = json_get_int(r->json, "format", 0);
	if (format != 1)
		return err_set(err, "%s/run.json: 'format' is %lld, and this mlocklab reads 1",
			       r->path, format);
	r->name = dup_member(r->json, "name");
	r->created = dup_member(r->json, "created");
	r->status = dup_member(r->json, "status");
	r->tool = dup_member(r->json, "tool");
	r->seed = (uint64_t)json_get_int(r->json, "seed", 0);
	r->pairs = (int)json_get_int(r->json, "pairs", 0);
	r->margin = json_get_num(r->json, "margin", 0);
	r->host = object_member(r->json, "host");
	if (load_target(r, err) < 0 || load_arms(r, err) < 0 || load_plan(r, kind, err) < 0 ||
	    load_cells(r, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_boots; i++)
		if (load_boot(r, &r->boots[i], err) < 0)
			return -1;
	note_gaps(r);
	return 0;
}

int load_run_kind(struct run *r, const char *path, const char *kind, struct err *err)
{
	size_t len = strlen(path);

	*r = (struct run){0};
	while (len > 1 && path[len - 1] == '/')
		len--;
	r->path = xstrndup(path, len);
	if (load_all(r, kind, err) == 0)
		return 0;
	load_release(r);
	return -1;
}

static void release_cell(struct run_cell *c, size_t n_boots)
{
	for (size_t i = 0; i < c->n_series; i++) {
		free(c->series[i].metric.name);
		free(c->series[i].metric.unit);
		free(c->series[i].metric.help);
		free(c->series[i].boot);
	}
	for (size_t i = 0; c->outcome && i < n_boots; i++)
		free(c->outcome[i].reason);
	free(c->series);
	free(c->outcome);
	free(c->id);
	free(c->workload);
	free(c->label);
	free(c->control);
	json_decref(c->params);
}

static void release_arm(struct run_arm *a)
{
	free(a->name);
	free(a->spec);
	free(a->release);
	free(a->package);
	free(a->version);
	free(a->sha256);
	json_decref(a->config);
}

void load_release(struct run *r)
{
	for (size_t i = 0; i < r->n_cells; i++)
		release_cell(&r->cells[i], r->n_boots);
	for (size_t i = 0; i < r->n_arms; i++)
		release_arm(&r->arms[i]);
	for (size_t i = 0; i < r->n_boots; i++) {
		free(r->boots[i].outcome);
		free(r->boots[i].detail);
		json_decref(r->boots[i].guest);
	}
	free(r->cells);
	free(r->arms);
	free(r->boots);
	free(r->path);
	free(r->name);
	free(r->created);
	free(r->status);
	free(r->tool);
	free(r->target.kind);
	free(r->target.qemu_version);
	free(r->target.qemu_sha256);
	json_decref(r->host);
	json_decref(r->json);
	strv_release(&r->notes);
	*r = (struct run){0};
}

int load_run(struct run *r, const char *path, struct err *err)
{
	return load_run_kind(r, path, "timed", err);
}
