/* run.json and the boots of a stored run. */
#include "analysis/load/parts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "analysis/load/conditions.h"
#include "analysis/load/findings.h"
#include "analysis/load/samples.h"
#include "lib/fs.h"
#include "lib/text.h"
#include "lib/json.h"
#include "lib/stored.h"

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
	if (to->ns_per_insn && !(to->ns_per_insn >= 1e-6 && to->ns_per_insn <= 1e6))
		return err_set(err, "%s/run.json: 'ns_per_insn' is %g: it wants 1e-6 to 1e6",
			       r->path, to->ns_per_insn);
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
		if (index_find(&r->by_arm, arm->name, strlen(arm->name)) == INDEX_NONE)
			index_put(&r->by_arm, arm->name, i);
	}
	return r->n_arms ? 0 : err_set(err, "%s/run.json: 'arms' is empty", r->path);
}

/* Workloads of run.json by their names, the first of each. */
static struct index index_workloads(const struct run *r)
{
	json_t *a = json_object_get(r->json, "workloads"), *v;
	struct index by_name = {0};
	size_t i;

	json_array_foreach(a, i, v) {
		const char *name = json_get_str(v, "name", "");

		if (index_find(&by_name, name, strlen(name)) == INDEX_NONE)
			index_put(&by_name, name, i);
	}
	return by_name;
}

static enum direction parse_direction(const char *better)
{
	if (!strcmp(better, "lower"))
		return LOWER_IS_BETTER;
	return strcmp(better, "higher") ? NO_DIRECTION : HIGHER_IS_BETTER;
}

static int add_declared(struct run *r, struct run_cell *c, const json_t *metrics, struct err *err)
{
	json_t *m;
	size_t i;

	if (load_hold(r, LOAD_CELL_BYTES + LOAD_SERIES_BYTES * json_array_size(metrics), err) < 0)
		return -1;
	json_array_foreach(metrics, i, m) {
		struct series *s =
			load_add_series(r, c, json_get_str(m, "name", "?"),
					json_get_str(m, "unit", ""), json_get_bool(m, "time", 0));

		free(s->metric.help);
		s->metric.help = dup_member(m, "help");
		s->metric.better = parse_direction(json_get_str(m, "better", ""));
		s->metric.kind = i ? METRIC_SECONDARY : METRIC_PRIMARY;
	}
	return 0;
}

static int load_one_cell(struct run *r, const json_t *v, size_t i, const struct index *workloads,
			 struct err *err)
{
	struct run_cell *c = &r->cells[r->n_cells];
	const char *control = json_get_str(v, "control", NULL),
		   *name = json_get_str(v, "workload", "");
	const json_t *w = json_array_get(json_object_get(r->json, "workloads"),
					 index_find(workloads, name, strlen(name)));
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
	c->outcome = r->no_outcomes;
	index_put(&r->by_id, c->id, i);
	if (!*c->id)
		return err_set(err, "%s/run.json: 'cells[%zu]' lacks its 'id'", r->path, i);
	if (!w || !json_array_size(json_object_get(w, "metrics")))
		return err_set(err,
			       "%s/run.json: workload '%s' of 'cells[%zu]' is not described "
			       "under 'workloads'",
			       r->path, c->workload, i);
	return add_declared(r, c, json_object_get(w, "metrics"), err);
}

static int load_cells(struct run *r, struct err *err)
{
	json_t *a = list_member(r, "cells", err), *v;
	struct index workloads;
	int ret = 0;
	size_t i;

	if (!a)
		return -1;
	r->cells = xcalloc(json_array_size(a) + 1, sizeof(*r->cells));
	workloads = index_workloads(r);
	json_array_foreach(a, i, v)
		ret = ret < 0 ? ret : load_one_cell(r, v, i, &workloads, err);
	index_release(&workloads);
	if (ret < 0)
		return -1;
	for (i = 0; i < r->n_cells; i++) {
		const char *id = r->cells[i].control;
		const struct run_cell *control = id ? load_cell(r, id) : NULL;

		if (control)
			r->cells[control - r->cells].is_control = true;
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
		b->samples = -1;
		b->plan = i;
		if (b->n < 0)
			return err_set(err, "%s/run.json: 'boots[%zu]' lacks its 'n'", r->path, i);
		if (!arm)
			return err_set(err,
				       "%s/run.json: arm '%s' of 'boots[%zu]' is not under 'arms'",
				       r->path, json_get_str(v, "arm", ""), i);
		b->arm = (size_t)(arm - r->arms);
	}
	r->no_outcomes = xcalloc(r->n_boots + 1, sizeof(*r->no_outcomes));
	r->no_values = xcalloc(r->n_boots + 1, sizeof(*r->no_values));
	for (i = 0; i < r->n_boots; i++)
		r->no_values[i] = (struct boot_value){NAN, NAN, 0};
	return 0;
}

static size_t size_of(const struct run *r, const char *name)
{
	char *path = xasprintf("%s/%s", r->path, name);
	struct stat st;
	bool there = stat(path, &st) == 0 && S_ISREG(st.st_mode);

	free(path);
	return there ? (size_t)st.st_size : 0;
}

/* What is held of a run grows with what is read of it. */
static void set_limit(struct run *r)
{
	static const char *const files[] = {"boot.json", "samples.jsonl", "events.jsonl",
					    "profile.txt"};
	size_t size = size_of(r, "run.json");

	for (size_t i = 0; i < r->n_boots; i++)
		for (size_t k = 0; k < sizeof(files) / sizeof(*files); k++) {
			char *name = stored_name(r->boots[i].n, files[k]);

			size += size_of(r, name);
			free(name);
		}
	r->may_hold = LOAD_HELD_OVER + LOAD_HELD_TIMES * size;
}

/* A number of boot.json that a table may show; NAN where it has none. */
static int load_seconds(const json_t *o, const char *key, const char *path, double *v,
			struct err *err)
{
	*v = json_get_num(o, key, NAN);
	if (*v < 0 || *v > 1e9)
		return err_set(err, "%s: '%s' is %g: it wants 0 to 1e9", path, key, *v);
	return 0;
}

static int load_counts(struct run_boot *b, const json_t *o, const char *path, struct err *err)
{
	long long attempts = json_get_int(o, "attempts", 1), faults = json_get_int(o, "faults", 0);

	if (attempts < 0 || attempts > STORED_MAX_ATTEMPTS)
		return err_set(err, "%s: 'attempts' is %lld: it wants 0 to %d", path, attempts,
			       STORED_MAX_ATTEMPTS);
	if (faults < 0 || faults > INT_MAX)
		return err_set(err, "%s: 'faults' is %lld: it wants 0 to %d", path, faults,
			       INT_MAX);
	b->attempts = (int)attempts;
	b->faults = (int)faults;
	b->samples = json_get_int(o, "samples", -1);
	b->pinned = json_get_int(o, "pinned", -1);
	if (load_seconds(o, "stolen_seconds", path, &b->stolen_seconds, err) < 0)
		return -1;
	return load_seconds(o, "wall_seconds", path, &b->wall_seconds, err) < 0
		       ? -1
		       : load_seconds(o, "ready_seconds", path, &b->ready_seconds, err);
}

static int take_boot(struct run *r, struct run_boot *b, const json_t *o, const char *path,
		     struct err *err)
{
	const json_t *planned = json_array_get(json_object_get(r->json, "boots"), b->plan);
	char *dir = stored_name(b->n, "");
	int ret;

	free(b->outcome);
	free(b->detail);
	b->outcome = xstrdup(json_get_str(o, "outcome", "missing"));
	b->detail = dup_member(o, "detail");
	b->boot_id = dup_member(o, "boot_id");
	if (json_is_object(json_object_get(o, "guest")))
		b->guest = json_incref(json_object_get(o, "guest"));
	if (json_is_object(json_object_get(o, "disturbing")))
		b->disturbing = json_incref(json_object_get(o, "disturbing"));
	if (json_is_object(json_object_get(o, "node")))
		b->node = json_incref(json_object_get(o, "node"));
	if (json_is_object(json_object_get(o, "files")))
		b->files = json_incref(json_object_get(o, "files"));
	ret = load_counts(b, o, path, err);
	if (ret == 0)
		ret = load_findings(r, b, o, &b->findings, err);
	if (ret == 0)
		ret = stored_check_boot(r->json, planned, o, path, err);
	if (ret == 0)
		ret = stored_check_files(r->path, dir, o, false, NULL, NULL, err);
	free(dir);
	return ret < 0 ? ret : load_samples(r, b, err);
}

static int load_boot(struct run *r, struct run_boot *b, struct err *err)
{
	char *name = stored_name(b->n, "boot.json"), *path = xasprintf("%s/%s", r->path, name);
	bool there = fs_exists(path);
	json_t *o = there ? json_read_in(r->path, name, err) : NULL;
	int ret = there ? -1 : 0;

	if (o)
		ret = take_boot(r, b, o, path, err);
	json_decref(o);
	free(path);
	free(name);
	return ret;
}

/* Whether a cell ended before its iterations did; a boot that failed says so itself of those that
 * it did not come to. */
static bool is_cut(const struct run *r, const struct run_cell *c, size_t boot)
{
	const struct cell_outcome *o = &c->outcome[boot];
	unsigned made = o->ok + o->fail + o->broken;

	return !o->skip && (made || !strcmp(r->boots[boot].outcome, "ok")) &&
	       made < (unsigned)(c->iterations + c->warmup);
}

/* A cell that was killed, or whose records did not all come, has no figure: what is there of it is
 * of the iterations that went well. */
static int drop_cut(struct run *r, struct err *err)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		struct run_cell *c = &r->cells[i];

		/* without a record anywhere it is cut in each boot that ended well, as all such are
		 */
		if (c->outcome == r->no_outcomes && c->iterations + c->warmup > 0)
			continue;
		if (load_own_outcomes(r, c, err) < 0)
			return -1;
		for (size_t b = 0; b < r->n_boots; b++) {
			if (!is_cut(r, c, b))
				continue;
			c->outcome[b].cut = true;
			for (size_t j = 0; j < c->n_series; j++)
				if (c->series[j].boot != r->no_values)
					c->series[j].boot[b] = (struct boot_value){NAN, NAN, 0};
		}
	}
	for (size_t b = 0; b < r->n_boots; b++)
		r->no_outcomes[b].cut = !strcmp(r->boots[b].outcome, "ok");
	return 0;
}

/* Says once, in words, what of the plan is not there. */
static void note_gaps(struct run *r)
{
	bool stopped = !strcmp(r->status, "stopped");
	size_t missing = 0;
	int last = -1, gone = 0;

	/* a look ends a run after the pair it was at: what is missing before that was lost */
	for (size_t i = 0; i < r->n_boots; i++)
		if (r->boots[i].pair > last && strcmp(r->boots[i].outcome, "missing") != 0)
			last = r->boots[i].pair;

	for (size_t i = 0; i < r->n_boots; i++) {
		const struct run_boot *b = &r->boots[i];
		struct str outcome = STR_INIT, detail = STR_INIT;

		gone += load_attempts_gone(r, b);
		if (!strcmp(b->outcome, "missing")) {
			missing += !stopped || b->pair <= last;
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
	if (gone)
		strv_pushf(&r->notes,
			   "%s: %d attempt%s that failed before boots went well %s not kept: what "
			   "kernels complained of then is not counted",
			   r->path, gone, gone == 1 ? "" : "s", gone == 1 ? "is" : "are");
	if (missing)
		strv_pushf(&r->notes, "%s: the run is %s: %zu of its %zu boots have no result",
			   r->path, strcmp(r->status, "running") ? "incomplete" : "still going on",
			   missing, r->n_boots);
}

static int load_all(struct run *r, const char *kind, struct err *err)
{
	long long format;

	r->json = json_read_in(r->path, "run.json", err);
	if (!r->json)
		return -1;
	if (!json_is_printable(r->json))
		return err_set(err, "%s/run.json: a text in it holds a control character", r->path);
	format = json_get_int(r->json, "format", 0);
	if (format < 1 || format > STORED_FORMAT)
		return err_set(err,
			       "%s/run.json: 'format' is %lld, and this mlocklab reads 1 to %d",
			       r->path, format, STORED_FORMAT);
	if (stored_check_run(r->json, r->path, err) < 0)
		return -1;
	r->name = dup_member(r->json, "name");
	r->created = dup_member(r->json, "created");
	r->status = dup_member(r->json, "status");
	r->tool = dup_member(r->json, "tool");
	r->seed = (uint64_t)json_get_int(r->json, "seed", 0);
	r->pairs = (int)json_get_int(r->json, "pairs", 0);
	r->margin = json_get_num(r->json, "margin", 0);
	if (!(r->margin >= 0 && r->margin < 1))
		return err_set(
			err, "%s/run.json: 'margin' is %g: it wants a share of 0 or more, below 1",
			r->path, r->margin);
	r->host = object_member(r->json, "host");
	if (load_target(r, err) < 0 || load_arms(r, err) < 0 || load_plan(r, kind, err) < 0)
		return -1;
	set_limit(r);
	attempts_find(&r->attempts, r->path);
	if (load_cells(r, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_boots; i++)
		if (load_boot(r, &r->boots[i], err) < 0)
			return -1;
	if (!strcmp(kind, "timed") && drop_cut(r, err) < 0)
		return -1;
	note_gaps(r);
	load_conditions(r);
	if (format == 1)
		strv_pushf(&r->notes,
			   "%s: stored by an older mlocklab, without sums: nothing shows whether "
			   "its files are as they were measured",
			   r->path);
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

int load_run(struct run *r, const char *path, struct err *err)
{
	return load_run_kind(r, path, "timed", err);
}
