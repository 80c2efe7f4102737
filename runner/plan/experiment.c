#include "runner/plan/experiment.h"

#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/ini.h"
#include "lib/json.h"
#include "runner/plan/background.h"
#include "runner/plan/catalogue.h"
#include "runner/plan/settings.h"
#include "runner/plan/sweep.h"

#define MAX_CELLS 10000

/* --- sections --- */

static int load_global(struct experiment *e, const struct ini_section *s, struct err *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (experiment_set(e, s->entries[i].key, s->entries[i].value, err) < 0)
			return err_prefix(err, "%s:%d", e->path, s->entries[i].line);
	return 0;
}

void experiment_set_arm(struct experiment *e, const char *name, const char *spec)
{
	for (size_t i = 0; i < e->narms; i++) {
		if (strcmp(e->arms[i].name, name) == 0) {
			free(e->arms[i].spec);
			e->arms[i].spec = xstrdup(spec);
			return;
		}
	}
	e->arms = xrealloc(e->arms, (e->narms + 1) * sizeof(*e->arms));
	e->arms[e->narms++] = (struct arm){xstrdup(name), xstrdup(spec), xstrdup(""), 0};
}

int experiment_set_inject(struct experiment *e, const char *arm, const char *percent,
			  struct err *err)
{
	char *end;
	double v = strtod(percent, &end);

	if (end == percent || strcmp(end, *end == '%' ? "%" : "") != 0 || !(v >= 0 && v <= 1000))
		return err_set(err, "inject=%s: not a percentage from 0 to 1000, such as 0.5",
			       percent);
	for (size_t i = 0; i < e->narms; i++) {
		if (strcmp(e->arms[i].name, arm) == 0) {
			e->arms[i].inject = v;
			return 0;
		}
	}
	return err_set(err, "inject: no arm '%s'", arm);
}

static int load_arm(struct experiment *e, const struct ini_section *s, struct err *err)
{
	const char *name = s->name + strlen("arm:"), *cmdline = ini_get(s, "cmdline");
	const char *inject = ini_get(s, "inject");

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->entries[i].key, "kernel") && strcmp(s->entries[i].key, "cmdline") &&
		    strcmp(s->entries[i].key, "inject"))
			return err_set(err,
				       "%s:%d: unknown key '%s' in [%s]: kernel, cmdline or inject",
				       e->path, s->entries[i].line, s->entries[i].key, s->name);
	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != strlen(name))
		return err_set(err, "%s:%d: [%s]: an arm's name is of a-z, 0-9, '.', '-' and '_'",
			       e->path, s->line, s->name);
	if (!ini_get(s, "kernel"))
		return err_set(err, "%s:%d: [%s] has no kernel=", e->path, s->line, s->name);
	experiment_set_arm(e, name, ini_get(s, "kernel"));
	if (cmdline) {
		struct arm *a = &e->arms[e->narms - 1];

		free(a->cmdline);
		a->cmdline = xstrdup(cmdline);
	}
	if (inject && experiment_set_inject(e, name, inject, err) < 0)
		return err_prefix(err, "%s:%d", e->path, s->line);
	return 0;
}

/* --- jobs --- */

struct job {
	struct experiment *e;
	const char *bench, *workload;
	int iterations, warmup;
	const char **keys;
	struct strv *values; /* of each key */
	size_t n;
};

/* The command line of a cell, from its entry in run.json: a run that is resumed must give its
 * guests the same plan to the byte. */
static void cell_from_json(struct cell *c, json_t *o)
{
	json_t *value;
	const char *key;

	*c = (struct cell){.id = xstrdup(json_get_str(o, "id", "")), .json = o};
	strv_push(&c->args, json_get_str(o, "workload", ""));
	json_object_foreach(json_object_get(o, "params"), key, value)
		strv_pushf(&c->args, "%s=%s", key, json_string_value(value));
	strv_push(&c->args, "--iterations");
	strv_pushf(&c->args, "%lld", json_get_int(o, "iterations", 1));
	strv_push(&c->args, "--warmup");
	strv_pushf(&c->args, "%lld", json_get_int(o, "warmup", 0));
}

/* Takes over o. */
static struct cell *append_cell(struct experiment *e, json_t *o)
{
	e->cells = xrealloc(e->cells, (e->ncells + 1) * sizeof(*e->cells));
	cell_from_json(&e->cells[e->ncells], o);
	return &e->cells[e->ncells++];
}

static int add_combination(struct job *j, const size_t *pick, struct err *err)
{
	struct experiment *e = j->e;
	struct strv args = STRV_INIT;
	const char *id;
	json_t *o;

	strv_push(&args, j->workload);
	for (size_t i = 0; i < j->n; i++)
		strv_pushf(&args, "%s=%s", j->keys[i], j->values[i].v[pick[i]]);
	o = bench_cell(j->bench, &args, err);
	strv_release(&args);
	if (!o)
		return -1;
	if (background_read(e->files, json_object_get(o, "params"), e->path, err) < 0) {
		json_decref(o);
		return -1;
	}
	json_object_set_new(o, "iterations", json_integer(j->iterations));
	json_object_set_new(o, "warmup", json_integer(j->warmup));
	id = append_cell(e, o)->id;
	for (size_t i = 0; i + 1 < e->ncells; i++)
		if (strcmp(e->cells[i].id, id) == 0)
			return err_set(err, "the cell '%s' stands twice", id);
	return e->ncells > MAX_CELLS ? err_set(err, "more than %d cells", MAX_CELLS) : 0;
}

/* Every combination of the values, the last key varying fastest. */
static int add_cells(struct job *j, struct err *err)
{
	size_t *pick = xcalloc(j->n + 1, sizeof(*pick)), k;
	int ret;

	do {
		ret = add_combination(j, pick, err);
		for (k = j->n; k-- > 0;) {
			if (++pick[k] < j->values[k].n)
				break;
			pick[k] = 0;
		}
	} while (ret == 0 && k != (size_t)-1);
	free(pick);
	return ret;
}

static int add_workload(struct experiment *e, const char *bench, const char *name, struct err *err)
{
	json_t *w;
	size_t i;

	json_array_foreach(e->workloads, i, w)
		if (strcmp(json_string_value(json_object_get(w, "name")), name) == 0)
			return 0;
	w = bench_describe(bench, name, err);
	return w ? json_array_append_new(e->workloads, w) : -1;
}

static int job_count(const struct ini_entry *kv, int min, int *out, struct err *err)
{
	char *end;
	long v = strtol(kv->value, &end, 10);

	if (end == kv->value || *end || v < min || v > 1000000)
		return err_set(err, "%s=%s: out of range, %d..1000000", kv->key, kv->value, min);
	*out = (int)v;
	return 0;
}

static int load_job(struct experiment *e, const struct ini_section *s, const char *bench,
		    struct err *err)
{
	struct job j = {.e = e,
			.bench = bench,
			.workload = ini_get(s, "workload"),
			.iterations = e->iterations,
			.warmup = e->warmup};
	int ret = 0, line = s->line;

	j.keys = xcalloc(s->n, sizeof(*j.keys));
	j.values = xcalloc(s->n, sizeof(*j.values));
	if (!j.workload)
		ret = err_set(err, "[%s] has no workload=", s->name);
	for (size_t i = 0; ret == 0 && i < s->n; i++) {
		const struct ini_entry *kv = &s->entries[i];

		line = kv->line;
		if (strcmp(kv->key, "workload") == 0)
			continue;
		if (strcmp(kv->key, "iterations") == 0) {
			ret = job_count(kv, 1, &j.iterations, err);
		} else if (strcmp(kv->key, "warmup") == 0) {
			ret = job_count(kv, 0, &j.warmup, err);
		} else {
			j.keys[j.n] = kv->key;
			ret = sweep_expand(kv->value, &j.values[j.n++], err);
			if (ret < 0)
				err_prefix(err, "%s=%s", kv->key, kv->value);
		}
	}
	if (ret == 0) {
		line = s->line;
		ret = add_workload(e, bench, j.workload, err);
	}
	if (ret == 0)
		ret = add_cells(&j, err);
	if (ret < 0)
		err_prefix(err, "%s:%d", e->path, line);
	for (size_t i = 0; i < j.n; i++)
		strv_release(&j.values[i]);
	free(j.values);
	free(j.keys);
	return ret;
}

/* --- the file --- */

static void set_defaults(struct experiment *e, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	*e = (struct experiment){
		.path = xstrdup(path),
		.name = xstrndup(base, strcspn(base, ".")),
		.target = xstrdup("auto"),
		.cmdline = xstrdup(""),
		.pairs = 10,
		.iterations = 3,
		.warmup = 1,
		.seed = 1,
		.settle = 60,
		.timeout = 600,
		.margin = 0.01,
		.layouts = xstrdup("paired"),
		.lock_boots = 1,
		.locks = xstrdup("auto"),
		.on = xstrdup("here"),
		.host_cpus = xstrdup(""),
		.host_nodes = xstrdup(""),
		.hugepages = xstrdup(""),
		.workloads = json_array(),
		.files = json_object(),
	};
}

static int load_sections(struct experiment *e, const struct ini_file *f, const char *bench,
			 struct err *err)
{
	const struct ini_section *global = ini_find(f, "global");

	/* [global] first, wherever it stands: jobs start from its defaults */
	if (global && load_global(e, global, err) < 0)
		return -1;
	for (size_t i = 0; i < f->n; i++) {
		const struct ini_section *s = &f->sections[i];
		int ret = 0;

		if (strncmp(s->name, "arm:", 4) == 0)
			ret = load_arm(e, s, err);
		else if (s != global)
			ret = load_job(e, s, bench, err);
		if (ret < 0)
			return -1;
	}
	return e->ncells ? 0 : err_set(err, "%s: no section with a workload=", e->path);
}

/* run.json holds the file as text. */
static int read_text(const char *path, struct str *text, struct err *err)
{
	if (fs_read(path, text, err) < 0)
		return -1;
	if (strlen(str_text(text)) == text->len)
		return 0;
	return err_set(err, "%s holds a NUL byte: an experiment is text", path);
}

/* Seconds that a guest may take, after a cell's time is over, to end it and to say so. */
#define MAX_FAREWELL 60

int experiment_load(struct experiment *e, const char *path, const char *bench, struct err *err)
{
	struct str text = STR_INIT;
	struct ini_file f;
	int ret;

	/* what is no such file, or a huge one, is found by reading it line by line */
	if (ini_load(&f, path, err) < 0)
		return -1;
	if (read_text(path, &text, err) < 0) {
		str_release(&text);
		ini_release(&f);
		return -1;
	}
	set_defaults(e, path);
	e->text = xstrdup(str_text(&text));
	str_release(&text);
	ret = load_sections(e, &f, bench, err);
	ini_release(&f);
	/* the guest gets to end a cell that takes too long before we end the guest */
	if (!e->watchdog)
		e->watchdog = e->timeout + MAX_FAREWELL;
	if (ret < 0)
		experiment_release(e);
	return ret;
}

/* --- run.json --- */

json_t *experiment_json(const struct experiment *e)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < e->ncells; i++)
		json_array_append(cells, e->cells[i].json);
	return json_pack("{s:{s:s, s:s, s:o, s:O}, s:O, s:o}", "experiment", "file", e->path,
			 "text", e->text, "settings", settings_json(e), "files", e->files,
			 "workloads", e->workloads, "cells", cells);
}

int experiment_from_json(struct experiment *e, const json_t *run, struct err *err)
{
	const json_t *x = json_object_get(run, "experiment");
	json_t *o;
	size_t i;

	set_defaults(e, json_get_str(x, "file", "run.json"));
	e->text = xstrdup(json_get_str(x, "text", ""));
	if (background_restore(e->files, json_object_get(x, "files"), err) < 0) {
		experiment_release(e);
		return -1;
	}
	json_decref(e->workloads);
	e->workloads = json_incref(json_object_get(run, "workloads"));
	json_array_foreach(json_object_get(run, "arms"), i, o) {
		experiment_set_arm(e, json_get_str(o, "name", ""), json_get_str(o, "spec", ""));
		if (e->narms != i + 1) {
			err_set(err, "run.json has the arm '%s' twice",
				json_get_str(o, "name", ""));
			experiment_release(e);
			return -1;
		}
		free(e->arms[i].cmdline);
		e->arms[i].cmdline = xstrdup(json_get_str(o, "cmdline", ""));
		e->arms[i].inject = json_get_num(o, "inject", 0);
	}
	json_array_foreach(json_object_get(run, "cells"), i, o)
		append_cell(e, json_incref(o));
	if (!e->narms || !e->ncells || !e->workloads)
		err_set(err, "run.json has no arms, cells or workloads");
	else if (settings_from_json(e, json_object_get(x, "settings"), err) == 0)
		return 0;
	experiment_release(e);
	return -1;
}

void experiment_release(struct experiment *e)
{
	for (size_t i = 0; i < e->narms; i++) {
		free(e->arms[i].name);
		free(e->arms[i].spec);
		free(e->arms[i].cmdline);
	}
	for (size_t i = 0; i < e->ncells; i++) {
		free(e->cells[i].id);
		strv_release(&e->cells[i].args);
		json_decref(e->cells[i].json);
	}
	free(e->arms);
	free(e->cells);
	free(e->path);
	free(e->text);
	free(e->name);
	free(e->target);
	free(e->cmdline);
	free(e->locks);
	free(e->on);
	free(e->host_cpus);
	free(e->host_nodes);
	free(e->hugepages);
	free(e->layouts);
	json_decref(e->workloads);
	json_decref(e->files);
	*e = (struct experiment){0};
}
