#include "analysis/report/part.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/write/table.h"
#include "analysis/write/verdict.h"

static void add_side(struct report *r, const struct run *run, const struct run_arm *arm)
{
	r->sides[r->n_sides++] = (struct side){
		.run = run,
		.arm = arm,
		.arm_index = (size_t)(arm - run->arms),
	};
}

/* Length of the "6.1" that a release starts with; 0 where it starts otherwise. */
static size_t version_length(const char *release)
{
	size_t major = strspn(release, "0123456789"), minor;

	if (!major || release[major] != '.')
		return 0;
	minor = strspn(release + major + 1, "0123456789");
	return minor ? major + 1 + minor : 0;
}

static void name_sides(struct report *r)
{
	for (size_t i = 0; i < r->n_sides; i++) {
		const char *release = load_kernel(r->sides[i].arm);
		const char *other = load_kernel(r->sides[r->n_sides - 1 - i].arm);
		size_t n = version_length(release);

		if (!n ||
		    (r->n_sides == 2 && n == version_length(other) && !strncmp(release, other, n)))
			n = strlen(release);
		r->sides[i].kernel = xstrndup(release, n);
		r->sides[i].label = xasprintf("%s %s", r->sides[i].arm->name, r->sides[i].kernel);
	}
}

void report_part_init(struct report *r, const struct run *run, const struct comparison *c)
{
	*r = (struct report){.run = run, .cmp = c};
	if (c) {
		r->run = c->run_new;
		add_side(r, c->run_old, c->arm_old);
		add_side(r, c->run_new, c->arm_new);
	} else {
		add_side(r, run, &run->arms[0]);
	}
	name_sides(r);
	doc_init(&r->doc, r->run->name);
}

void report_part_release(struct report *r)
{
	for (size_t i = 0; i < r->n_sides; i++) {
		free(r->sides[i].kernel);
		free(r->sides[i].label);
	}
	strv_release(&r->names);
	str_release(&r->locks);
	doc_release(&r->doc);
}

enum plot_look report_look(size_t side, bool control)
{
	return side ? (control ? PLOT_NEW_CONTROL : PLOT_NEW)
		    : (control ? PLOT_OLD_CONTROL : PLOT_OLD);
}

char *report_key(const struct report *r, size_t side, bool control)
{
	return xasprintf("%s%s", r->sides[side].label, control ? ", control" : "");
}

enum tone report_tone(enum verdict v)
{
	static const enum tone tones[] = {
		[VERDICT_BETTER] = TONE_BETTER,	  [VERDICT_WORSE] = TONE_WORSE,
		[VERDICT_CHANGED] = TONE_UNSURE,  [VERDICT_CHANGED_SMALL] = TONE_EVEN,
		[VERDICT_EQUIVALENT] = TONE_EVEN, [VERDICT_INCONCLUSIVE] = TONE_UNSURE,
	};

	return tones[v];
}

static bool is_taken(const struct strv *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

char *report_file(struct report *r, const char *prefix, const char *text)
{
	struct str name = STR_INIT;
	size_t stem;

	str_add(&name, prefix);
	str_add(&name, *text ? "-" : "");
	for (; *text && name.len < 100; text++) {
		bool plain = isalnum((unsigned char)*text);
		char c = plain ? (char)tolower((unsigned char)*text) : '-';

		if (plain || name.buf[name.len - 1] != '-')
			str_addn(&name, &c, 1);
	}
	stem = name.len;
	for (int i = 2; is_taken(&r->names, name.buf); i++) {
		name.len = stem;
		str_addf(&name, "-%d", i);
	}
	strv_push(&r->names, name.buf);
	return name.buf;
}

static bool param_varies(const struct report *r, const char *workload, const char *param)
{
	const json_t *first = NULL;

	for (size_t i = 0; i < r->run->n_cells; i++) {
		const struct run_cell *c = &r->run->cells[i];
		const json_t *value = json_object_get(c->params, param);

		if (strcmp(c->workload, workload) || !value)
			continue;
		if (first && !json_equal(first, value))
			return true;
		first = value;
	}
	return false;
}

/* Whether the cell's id names the parameter: it is not at its default, or tells the control. */
static bool param_named(const struct run_cell *c, const char *param)
{
	char *first = xasprintf("%s=", param), *later = xasprintf(",%s=", param);
	bool named = !strncmp(c->label, first, strlen(first)) || strstr(c->label, later);

	free(first);
	free(later);
	return named;
}

static void add_param(struct str *out, const char *key, const json_t *value)
{
	if (json_is_string(value))
		str_addf(out, "%s%s=%s", out->len ? "," : "", key, json_string_value(value));
}

char *report_label(const struct report *r, const struct run_cell *c)
{
	struct str out = STR_INIT;
	const char *key;
	json_t *value;

	json_object_foreach(c->params, key, value)
		if (param_varies(r, c->workload, key))
			add_param(&out, key, value);
	if (!out.len)
		str_add(&out, c->workload);
	return out.buf;
}

void report_change(struct table *t, const struct result *x)
{
	char text[72];

	table_number(t, x->old);
	table_number(t, x->new);
	table_ratio(text, x, x->ratio);
	table_figure(t, text, x->ratio);
	table_interval(text, x);
	table_text(t, text);
	snprintf(text, sizeof(text), "%.2g", x->p_adjusted);
	table_figure(t, text, x->p_adjusted);
}

void report_name_cell(const struct report *r, struct table *t, const struct run_cell *c)
{
	char *label = report_label(r, c);
	char *text = xasprintf("%s%s", label, c->is_control ? " (control)" : "");

	table_text(t, text);
	free(text);
	free(label);
}

void report_to_head(struct report *r)
{
	doc_move_last(&r->doc, r->head++);
}

char *report_common(const struct report *r, const struct run_cell *c)
{
	struct str out = STR_INIT, params = STR_INIT;
	const char *key;
	json_t *value;

	json_object_foreach(c->params, key, value)
		if (param_named(c, key) && !param_varies(r, c->workload, key))
			add_param(&params, key, value);
	str_addf(&out, "%s%s%s", c->workload, params.len ? " " : "", str_text(&params));
	str_release(&params);
	return out.buf;
}

char *report_cell(const struct report *r, const struct run_cell *c, const char *but)
{
	struct str out = STR_INIT, params = STR_INIT;
	const char *key;
	json_t *value;

	json_object_foreach(c->params, key, value)
		if ((!but || strcmp(key, but)) &&
		    (param_named(c, key) || param_varies(r, c->workload, key)))
			add_param(&params, key, value);
	str_addf(&out, "%s%s%s", c->workload, params.len ? " " : "", str_text(&params));
	str_release(&params);
	return out.buf;
}

char *report_axis(const struct report *r, const struct run_metric *m)
{
	char *unit = verdict_unit(m);
	char *text = xasprintf("%s: %s (%s)", m->name, unit, r->run->target.kind);

	free(unit);
	return text;
}

struct strv report_workloads(const struct report *r)
{
	struct strv names = STRV_INIT;

	for (size_t i = 0; i < r->run->n_cells; i++) {
		size_t k = 0;

		while (k < names.n && strcmp(names.v[k], r->run->cells[i].workload))
			k++;
		if (k == names.n)
			strv_push(&names, r->run->cells[i].workload);
	}
	return names;
}

struct values report_values(const struct side *s, const char *cell, const char *metric)
{
	return load_values(s->run, s->arm_index, load_figure(s->run, cell, metric));
}
