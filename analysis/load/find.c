/* Looking things up in a loaded run. */
#include <stdlib.h>
#include <string.h>
#include "analysis/load/load.h"
#include "lib/json.h"

const struct run_cell *load_cell(const struct run *r, const char *id)
{
	for (size_t i = 0; i < r->n_cells; i++)
		if (!strcmp(r->cells[i].id, id))
			return &r->cells[i];
	return NULL;
}

const struct run_arm *load_arm(const struct run *r, const char *name)
{
	for (size_t i = 0; i < r->n_arms; i++)
		if (!strcmp(r->arms[i].name, name))
			return &r->arms[i];
	return NULL;
}

const struct series *load_series(const struct run_cell *c, const char *metric)
{
	for (size_t i = 0; i < c->n_series; i++)
		if (!strcmp(c->series[i].metric.name, metric))
			return &c->series[i];
	return NULL;
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
