/*
 * The JSON of `hyperfine --export-json`: seconds, one result a cell and arm. `times` are the boots'
 * medians of the primary metric, hyperfine's user and system those of its counters.
 */
#include <stdlib.h>
#include <string.h>
#include "analysis/write/export.h"
#include "analysis/stats/stats.h"
#include "lib/str.h"

static double median_seconds(const struct comparison *c, const char *cell, const char *metric,
			     bool new)
{
	const struct result *r = compare_find(c, cell, metric);

	return r ? (new ? r->new : r->old) / 1e9 : 0;
}

static json_t *arm_json(const struct comparison *c, const struct result *r, bool new)
{
	const struct run_arm *arm = new ? c->arm_new : c->arm_old;
	size_t n = new ? r->n_new : r->n_old;
	double *v = xcalloc(n + 1, sizeof(*v)), sd;
	json_t *o = json_object(), *times = json_array();

	for (size_t i = 0; i < n; i++) {
		v[i] = (new ? r->new_v : r->old_v)[i] / 1e9;
		json_array_append_new(times, json_real(v[i]));
	}
	sd = stats_sd(v, n);
	json_object_set_new(o, "command", json_sprintf("%s on %s", r->cell->id,
						       *arm->release ? arm->release : arm->spec));
	json_object_set_new(o, "mean", json_real(stats_mean(v, n)));
	json_object_set_new(o, "stddev", isnan(sd) ? json_null() : json_real(sd));
	stats_sort(v, n);
	json_object_set_new(o, "median", json_real(stats_quantile_sorted(v, n, 0.5)));
	json_object_set_new(o, "user", json_real(median_seconds(c, r->cell->id, "utime", new)));
	json_object_set_new(o, "system", json_real(median_seconds(c, r->cell->id, "stime", new)));
	json_object_set_new(o, "min", json_real(v[0]));
	json_object_set_new(o, "max", json_real(v[n - 1]));
	json_object_set_new(o, "times", times);
	json_object_set_new(o, "exit_codes", json_array());
	for (size_t i = 0; i < n; i++)
		json_array_append_new(json_object_get(o, "exit_codes"), json_integer(0));
	free(v);
	return o;
}

int export_hyperfine(const struct comparison *c, const struct export_opts *o, struct str *out,
		     struct err *err)
{
	json_t *all = json_object(), *results = json_array();
	char *text;

	(void)o;
	json_object_set_new(all, "results", results);
	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];

		if (r->metric->kind != METRIC_PRIMARY || strncmp(r->metric->unit, "ns", 2))
			continue;
		json_array_append_new(results, arm_json(c, r, false));
		json_array_append_new(results, arm_json(c, r, true));
	}
	text = json_array_size(results) ? json_dumps(all, JSON_INDENT(2) | JSON_ENSURE_ASCII) : NULL;
	json_decref(all);
	if (!text)
		return err_set(
			err,
			"hyperfine's format holds seconds, and target %s gave no times here: "
			"use csv or json",
			c->run_new->target.kind);
	str_addf(out, "%s\n", text);
	free(text);
	return 0;
}
