/* A loaded run: how its lists grow, looking things up, and its end. */
#include <stdlib.h>
#include <string.h>
#include "analysis/load/parts.h"
#include "lib/json.h"
#include "lib/suggest.h"

#define NAMES_MAX 240 /* bytes of names in a message */

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
		.name = xstrdup(name),
		.unit = metric_unit(r, unit, time),
		.help = xstrdup(""),
		.better = NO_DIRECTION,
		.kind = METRIC_COUNTER,
		.time = time,
	};
	s->boot = r->no_values;
	if (index_find(&c->by_metric, name, strlen(name)) == INDEX_NONE)
		index_put(&c->by_metric, name, c->n_series - 1);
	return s;
}

int load_hold(struct run *r, size_t size, struct err *err)
{
	if (r->held + size > r->may_hold)
		return err_set(err,
			       "%s: what is scattered over %zu cells and %zu boots takes over %zu "
			       "MiB, which is "
			       "more than a run of its size may",
			       r->path, r->n_cells, r->n_boots, r->may_hold >> 20);
	r->held += size;
	return 0;
}

int load_own_values(struct run *r, struct series *s, struct err *err)
{
	size_t size = (r->n_boots + 1) * sizeof(*s->boot);

	if (s->boot != r->no_values)
		return 0;
	if (load_hold(r, size, err) < 0)
		return -1;
	s->boot = xmalloc(size);
	memcpy(s->boot, r->no_values, size);
	return 0;
}

int load_own_outcomes(struct run *r, struct run_cell *c, struct err *err)
{
	size_t size = (r->n_boots + 1) * sizeof(*c->outcome);

	if (c->outcome != r->no_outcomes)
		return 0;
	if (load_hold(r, size, err) < 0)
		return -1;
	c->outcome = xcalloc(1, size);
	return 0;
}

const struct run_cell *load_cell(const struct run *r, const char *id)
{
	size_t at = index_find(&r->by_id, id, strlen(id));

	return at == INDEX_NONE ? NULL : &r->cells[at];
}

const struct run_arm *load_arm(const struct run *r, const char *name)
{
	size_t at = index_find(&r->by_arm, name, strlen(name));

	return at == INDEX_NONE ? NULL : &r->arms[at];
}

/* Sets err: "WHAT", and the name that was meant or else those there are, as far as they fit. */
static void tell_names(const char *what, const char *typed, const char *const *names, size_t n,
		       struct err *err)
{
	struct str all = STR_INIT;
	size_t i;

	err_set(err, "%s", what);
	err_suggest(err, typed, names, n);
	if (suggest(typed, names, n))
		return;
	for (i = 0; i < n && all.len + strlen(names[i]) < NAMES_MAX; i++)
		str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	if (i < n)
		str_addf(&all, " and %zu more", n - i);
	err_set(err, "%s: there %s %s", what, n == 1 ? "is" : "are", str_text(&all));
	str_release(&all);
}

const struct run_cell *load_cell_named(const struct run *r, const char *id, struct err *err)
{
	const struct run_cell *cell = load_cell(r, id);
	const char **names;
	char *what;

	if (cell)
		return cell;
	names = xcalloc(r->n_cells + 1, sizeof(*names));
	for (size_t i = 0; i < r->n_cells; i++)
		names[i] = r->cells[i].id;
	what = xasprintf("run '%s' has no cell '%s'", r->path, id);
	tell_names(what, id, names, r->n_cells, err);
	free(what);
	free(names);
	return NULL;
}

const struct run_arm *load_arm_named(const struct run *r, const char *name, struct err *err)
{
	const struct run_arm *arm = load_arm(r, name);
	const char **names;
	char *what;

	if (arm)
		return arm;
	names = xcalloc(r->n_arms + 1, sizeof(*names));
	for (size_t i = 0; i < r->n_arms; i++)
		names[i] = r->arms[i].name;
	what = xasprintf("run '%s' has no arm '%s'", r->path, name);
	tell_names(what, name, names, r->n_arms, err);
	free(what);
	free(names);
	return NULL;
}

const struct series *load_series(const struct run_cell *c, const char *metric)
{
	size_t at = index_find(&c->by_metric, metric, strlen(metric));

	return at == INDEX_NONE ? NULL : &c->series[at];
}

const struct series *load_figure(const struct run *r, const char *cell, const char *metric)
{
	const struct run_cell *c = load_cell(r, cell);

	if (c && metric)
		return load_series(c, metric);
	return c && c->n_series ? &c->series[0] : NULL;
}

int load_give(struct run *r, const char *cell, const char *metric, const char *unit, size_t boot,
	      double value, struct err *err)
{
	size_t at = index_find(&r->by_id, cell, strlen(cell));
	struct run_cell *c = &r->cells[at];
	size_t known = index_find(&c->by_metric, metric, strlen(metric));
	struct series *s = known == INDEX_NONE ? load_add_series(r, c, metric, unit, false)
					       : &c->series[known];

	/* Unlike a counter's, a value of 0 in all boots says something. */
	s->metric.kind = METRIC_SECONDARY;
	if (load_own_values(r, s, err) < 0)
		return -1;
	s->boot[boot] = (struct boot_value){.median = value, .sd = NAN, .n = 1};
	return 0;
}

static bool has_value(const struct run *r, const struct series *s, size_t arm, size_t boot)
{
	return r->boots[boot].arm == arm && isfinite(s->boot[boot].median);
}

/* Whether two passes share a boot of the machine, its memory and its luck. */
static bool same_boot(const struct run_boot *a, const struct run_boot *b)
{
	return !strcmp(a->boot_id ? a->boot_id : "", b->boot_id ? b->boot_id : "");
}

/* The median over the passes of the machine's boot that pass `first` is of; NAN where an earlier
 * one of them has a value. */
static double machine_value(const struct run *r, const struct series *s, size_t first)
{
	size_t arm = r->boots[first].arm, n = 0;
	double *v = xcalloc(r->n_boots + 1, sizeof(*v)), median = NAN;

	for (size_t i = 0; i < r->n_boots; i++) {
		if (!has_value(r, s, arm, i) || !same_boot(&r->boots[i], &r->boots[first]))
			continue;
		if (i < first)
			break;
		v[n++] = s->boot[i].median;
	}
	if (n)
		median = stats_median(v, n);
	free(v);
	return median;
}

struct values load_values(const struct run *r, size_t arm, const struct series *s)
{
	struct values out = {xcalloc(r->n_boots + 1, sizeof(*out.v)), 0};
	bool host = !strcmp(r->target.kind, "host");

	for (size_t i = 0; s && i < r->n_boots; i++) {
		double v = !has_value(r, s, arm, i) ? NAN
			   : host		    ? machine_value(r, s, i)
						    : s->boot[i].median;

		if (!isnan(v))
			out.v[out.n++] = v;
	}
	return out;
}

const char *load_kernel(const struct run_arm *a)
{
	return *a->release ? a->release : *a->spec ? a->spec : a->name;
}

double load_param(const struct run_cell *c, const char *param)
{
	static const char suffixes[] = "KMGT";
	const char *text = json_get_str(c->params, param, "");
	const char *at;
	char *end;
	double v = strtod(text, &end);

	if (end == text)
		return NAN;
	if (!*end)
		return v;
	at = strchr(suffixes, *end);
	if (!at || end[1])
		return NAN;
	for (; at >= suffixes; at--)
		v *= 1024;
	return v;
}

const char *load_what(const struct run *r)
{
	return r->target.ns_per_insn > 0 ? "instructions" : "time";
}

static void release_cell(const struct run *r, struct run_cell *c)
{
	for (size_t i = 0; i < c->n_series; i++) {
		free(c->series[i].metric.name);
		free(c->series[i].metric.unit);
		free(c->series[i].metric.help);
		if (c->series[i].boot != r->no_values)
			free(c->series[i].boot);
	}
	if (c->outcome != r->no_outcomes) {
		for (size_t i = 0; i < r->n_boots; i++)
			free(c->outcome[i].reason);
		free(c->outcome);
	}
	free(c->series);
	index_release(&c->by_metric);
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
		release_cell(r, &r->cells[i]);
	for (size_t i = 0; i < r->n_arms; i++)
		release_arm(&r->arms[i]);
	for (size_t i = 0; i < r->n_boots; i++) {
		free(r->boots[i].outcome);
		free(r->boots[i].detail);
		free(r->boots[i].boot_id);
		json_decref(r->boots[i].guest);
		json_decref(r->boots[i].disturbing);
		json_decref(r->boots[i].node);
		json_decref(r->boots[i].findings);
		json_decref(r->boots[i].files);
	}
	free(r->no_values);
	free(r->no_outcomes);
	index_release(&r->by_id);
	index_release(&r->by_arm);
	attempts_release(&r->attempts);
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
