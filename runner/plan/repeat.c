#include "runner/plan/repeat.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/suggest.h"

/* Settings that are not those of what is measured again, or that stand elsewhere in run.json. */
static bool is_left_out(const char *key)
{
	static const char *const keys[] = {"target",	"cpus",	      "nodes",	    "memory",
					   "profile",	"locks",      "lock_boots", "stop_early",
					   "host_cpus", "host_nodes", "hugepages"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(keys[i], key))
			return true;
	return false;
}

static void add_line(struct str *out, const char *key, const json_t *v)
{
	if (json_is_string(v) && *json_string_value(v))
		str_addf(out, "%s=%s\n", key, json_string_value(v));
	else if (json_is_integer(v))
		str_addf(out, "%s=%lld\n", key, (long long)json_integer_value(v));
	else if (json_is_real(v))
		str_addf(out, "%s=%.17g\n", key, json_real_value(v));
}

static void add_global(const json_t *run, struct str *out)
{
	const json_t *target = json_object_get(run, "target");
	const char *key;
	json_t *v;

	str_add(out, "[global]\n");
	json_object_foreach(json_object_get(json_object_get(run, "experiment"), "settings"), key,
			    v) {
		if (!is_left_out(key))
			add_line(out, key, v);
	}
	/* What the settings left to the target was decided when the run began. */
	add_line(out, "target", json_object_get(target, "kind"));
	if (!strcmp(json_get_str(target, "kind", ""), "host"))
		return; /* whose size is its own */
	add_line(out, "cpus", json_object_get(target, "cpus"));
	add_line(out, "nodes", json_object_get(target, "nodes"));
	add_line(out, "memory", json_object_get(target, "memory_mib"));
}

static const json_t *member_of(const json_t *list, const char *key, const char *value)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		if (!strcmp(json_get_str(o, key, ""), value))
			return o;
	}
	return NULL;
}

static void add_arm(struct str *out, const char *name, const char *spec, const json_t *like)
{
	str_addf(out, "[arm:%s]\nkernel=%s\n", name, spec);
	if (*json_get_str(like, "cmdline", ""))
		str_addf(out, "cmdline=%s\n", json_get_str(like, "cmdline", ""));
	add_line(out, "inject", json_object_get(like, "inject"));
}

static void add_kernel(const json_t *run, const char *text, struct str *out)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
	char *name = text[n] == '=' ? xstrndup(text, n) : xstrdup("kernel");

	add_arm(out, name, text[n] == '=' ? text + n + 1 : text,
		member_of(json_object_get(run, "arms"), "name", name));
	free(name);
}

static void add_arms(const json_t *run, const struct strv *kernels, struct str *out)
{
	json_t *arm;
	size_t i;

	for (i = 0; kernels && i < kernels->n; i++)
		add_kernel(run, kernels->v[i], out);
	if (kernels && kernels->n)
		return;
	json_array_foreach(json_object_get(run, "arms"), i, arm) {
		add_arm(out, json_get_str(arm, "name", ""), json_get_str(arm, "spec", ""), arm);
	}
}

/* Whether a cell is asked for, or is the control of one that is. */
static bool is_wanted(const json_t *run, const char *id, const struct strv *cells)
{
	for (size_t i = 0; cells && i < cells->n; i++) {
		const json_t *cell = member_of(json_object_get(run, "cells"), "id", cells->v[i]);

		if (!strcmp(cells->v[i], id) || !strcmp(json_get_str(cell, "control", ""), id))
			return true;
	}
	return !cells || !cells->n;
}

static void add_cell_section(struct str *out, size_t n, const json_t *cell)
{
	const char *key;
	json_t *v;

	str_addf(out, "[cell %zu]\nworkload=%s\n", n, json_get_str(cell, "workload", ""));
	json_object_foreach(json_object_get(cell, "params"), key, v) {
		add_line(out, key, v);
	}
	add_line(out, "iterations", json_object_get(cell, "iterations"));
	add_line(out, "warmup", json_object_get(cell, "warmup"));
}

static int no_cell(const json_t *all, const char *id, struct err *err)
{
	const char **ids = xcalloc(json_array_size(all) + 1, sizeof(*ids));
	json_t *cell;
	size_t i;

	json_array_foreach(all, i, cell)
		ids[i] = json_get_str(cell, "id", "");
	err_set(err, "the run has no cell '%s'", id);
	err_suggest(err, id, ids, json_array_size(all));
	free(ids);
	return -1;
}

int repeat_experiment(const json_t *run, const struct strv *kernels, const struct strv *cells,
		      struct str *out, struct err *err)
{
	const json_t *all = json_object_get(run, "cells");
	json_t *cell;
	size_t i;

	for (i = 0; cells && i < cells->n; i++)
		if (!member_of(all, "id", cells->v[i]))
			return no_cell(all, cells->v[i], err);
	if (!json_array_size(all) || !json_array_size(json_object_get(run, "arms")))
		return err_set(err, "run.json has no cells or arms");
	add_global(run, out);
	add_arms(run, kernels, out);
	json_array_foreach(all, i, cell) {
		if (is_wanted(run, json_get_str(cell, "id", ""), cells))
			add_cell_section(out, i + 1, cell);
	}
	return 0;
}
