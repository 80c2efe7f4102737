#include "workloads/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/str.h"
#include "lib/text.h"

#define WIDTH 80
#define COLUMN 22 /* where the help of a parameter begins */

static const char *const kinds[] = {"int", "size", "enum", "text"};
static const char *const betters[] = {"lower", "higher", "neither"};

static json_t *choices_json(const char *choices)
{
	struct strv v = STRV_INIT;
	json_t *a = json_array();

	strv_split(&v, choices, "|");
	for (size_t i = 0; i < v.n; i++)
		json_array_append_new(a, json_string(v.v[i]));
	strv_release(&v);
	return a;
}

static json_t *param_json(const struct param *p)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "name", p->name, "help", p->help, "kind",
			      kinds[p->kind], "default", p->def);

	if (p->kind == PARAM_INT || p->kind == PARAM_SIZE) {
		json_object_set_new(o, "min", json_integer((json_int_t)p->min));
		json_object_set_new(o, "max", json_integer((json_int_t)p->max));
	}
	if (p->kind == PARAM_ENUM)
		json_object_set_new(o, "choices", choices_json(p->choices));
	return o;
}

static json_t *metric_json(const struct metric *m)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "name", m->name, "unit", m->unit, "help",
			 m->help, "better", betters[m->better], "time", m->time);
}

static json_t *changes_json(const struct workload *w)
{
	json_t *a = json_array();

	for (const char *const *c = w->changes; c && *c; c++)
		json_array_append_new(a, json_string(*c));
	return a;
}

static char *line_of(json_t *o)
{
	char *line = json_line(o);

	json_decref(o);
	return line;
}

char *workload_json(const struct workload *w)
{
	json_t *params = json_array(), *metrics = json_array();
	const struct param *p;

	for (size_t i = 0; (p = workload_param(w, i)); i++)
		json_array_append_new(params, param_json(p));
	for (const struct metric *m = w->metrics; m->name; m++)
		json_array_append_new(metrics, metric_json(m));
	return line_of(json_pack("{s:s, s:s, s:s?, s:o, s:o, s:o}", "name", w->name, "help",
				 w->help, "control", w->control, "params", params, "metrics",
				 metrics, "changes", changes_json(w)));
}

char *cell_json(const struct cell *c)
{
	json_t *params = json_object();
	const struct param *p;

	for (size_t i = 0; (p = workload_param(c->w, i)); i++)
		json_object_set_new(params, p->name, json_string(c->values[i]));
	return line_of(json_pack("{s:s, s:s, s:o, s:s?}", "id", c->id, "workload", c->w->name,
				 "params", params, "control", c->control));
}

static void add_range(const struct param *p, struct str *help)
{
	char *min = p->kind == PARAM_SIZE ? size_text(p->min) : xasprintf("%" PRIu64, p->min);
	char *max = p->kind == PARAM_SIZE ? size_text(p->max) : xasprintf("%" PRIu64, p->max);

	str_addf(help, ", %s..%s", min, max);
	free(min);
	free(max);
}

/* A parameter or a metric, and its help beside it. */
static void print_entry(const char *label, const char *help, FILE *to)
{
	struct str text = STR_INIT;

	text_entry(&text, label, help, WIDTH, COLUMN);
	fputs(str_text(&text), to);
	str_release(&text);
}

static void print_param(const struct param *p, FILE *to)
{
	char *label = xasprintf("  %s=%s", p->name, p->def);
	struct strv choices = STRV_INIT;
	struct str help = STR_INIT;

	str_add(&help, p->help);
	if (p->kind == PARAM_INT || p->kind == PARAM_SIZE)
		add_range(p, &help);
	strv_split(&choices, p->kind == PARAM_ENUM ? p->choices : "", "|");
	for (size_t i = 0; i < choices.n; i++)
		str_addf(&help, "%s%s", i ? " | " : ": ", choices.v[i]);
	print_entry(label, str_text(&help), to);
	strv_release(&choices);
	str_release(&help);
	free(label);
}

static void print_metric(const struct metric *m, FILE *to)
{
	char *label = xasprintf("  %s", m->name);
	char *help = xasprintf("%s, %s%s%s", m->unit, m->help,
			       m->better == BETTER_NEITHER ? "" : "; better ",
			       m->better == BETTER_NEITHER ? "" : betters[m->better]);

	print_entry(label, help, to);
	free(label);
	free(help);
}

static void print_needs(const struct needs *n, FILE *to)
{
	if (n->cpus > 1)
		fprintf(to, "needs    %d CPUs\n", n->cpus);
	if (n->nodes > 1)
		fprintf(to, "needs    %d NUMA nodes with memory\n", n->nodes);
	if (n->root)
		fprintf(to, "needs    root\n");
	if (n->swap)
		fprintf(to, "needs    swap\n");
}

void workload_print(const struct workload *w, FILE *to)
{
	const struct param *p;

	fprintf(to, "%s: %s\n\nparameters\n", w->name, w->help);
	for (size_t i = 0; (p = workload_param(w, i)); i++)
		print_param(p, to);
	fprintf(to, "\nmetrics\n");
	for (const struct metric *m = w->metrics; m->name; m++)
		print_metric(m, to);
	fprintf(to, "\ncontrol  %s\n", w->control ? w->control : "none");
	print_needs(&w->needs, to);
	for (const char *const *c = w->changes; c && *c; c++)
		fprintf(to, "changes  %s\n", *c);
}
