#include "workloads/params.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"
#include "lib/suggest.h"

#define PAGE 4096

static const char units[] = "KMG";

/* Parameters that every workload has, after its own: what the harness does around it. */
static const struct param common[] = {
	{"background",
	 "a stream beside it: fio:FILE, a job file of fio's below this directory, or none",
	 PARAM_TEXT, "none", 0, 0, NULL},
	{0},
};

const struct param *workload_param(const struct workload *w, size_t i)
{
	size_t own = 0;

	while (w->params && own <= i && w->params[own].name)
		own++;
	if (i < own)
		return &w->params[i];
	return common[i - own].name ? &common[i - own] : NULL;
}

char *size_text(uint64_t bytes)
{
	int unit = 0;

	while (bytes && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	return unit ? xasprintf("%" PRIu64 "%c", bytes, units[unit - 1])
		    : xasprintf("%" PRIu64, bytes);
}

/* A number, with a unit where one may stand. -1: it is none, or does not fit. */
static int number(const char *s, bool size, uint64_t *out)
{
	const char *unit;
	char *end;
	int shift = 0;

	if (!isdigit((unsigned char)*s))
		return -1;
	errno = 0;
	*out = strtoull(s, &end, 10);
	if (errno)
		return -1;
	if (size && *end && (unit = strchr(units, toupper((unsigned char)*end)))) {
		shift = 10 * (int)(unit - units + 1);
		end++;
	}
	if (*end || *out > UINT64_MAX >> shift)
		return -1;
	*out <<= shift;
	return 0;
}

static char *canonical_number(const struct param *p, const char *value, struct err *err)
{
	bool size = p->kind == PARAM_SIZE;
	uint64_t v;

	if (number(value, size, &v) < 0) {
		err_set(err, "%s=%.40s: not a %s", p->name, value,
			size ? "size such as 64K, 8M or 1G" : "whole number");
		return NULL;
	}
	if (v < p->min || v > p->max) {
		char *min = size ? size_text(p->min) : xasprintf("%" PRIu64, p->min);
		char *max = size ? size_text(p->max) : xasprintf("%" PRIu64, p->max);

		err_set(err, "%s=%.40s: out of range, %s..%s", p->name, value, min, max);
		free(min);
		free(max);
		return NULL;
	}
	if (size && v % PAGE) {
		err_set(err, "%s=%.40s: not a multiple of %d", p->name, value, PAGE);
		return NULL;
	}
	return size ? size_text(v) : xasprintf("%" PRIu64, v);
}

static char *canonical_enum(const struct param *p, const char *value, struct err *err)
{
	size_t len = strlen(value);

	for (const char *c = p->choices; *c;) {
		size_t n = strcspn(c, "|");

		if (n == len && strncmp(c, value, n) == 0)
			return xstrdup(value);
		c += n + (c[n] == '|');
	}
	err_set(err, "%s=%.40s: not one of %s", p->name, value, p->choices);
	return NULL;
}

char *param_canonical(const struct param *p, const char *value, struct err *err)
{
	switch (p->kind) {
	case PARAM_INT:
	case PARAM_SIZE:
		return canonical_number(p, value, err);
	case PARAM_ENUM:
		return canonical_enum(p, value, err);
	case PARAM_TEXT:
		break;
	}
	for (const char *c = value; *c; c++) {
		if (!isgraph((unsigned char)*c) || *c == ',') {
			err_set(err, "%s: a value holds no space, comma or control character",
				p->name);
			return NULL;
		}
	}
	if (!*value) {
		err_set(err, "%s=: empty", p->name);
		return NULL;
	}
	return xstrdup(value);
}

static const struct param *find(const struct workload *w, const char *name, size_t len, size_t *at)
{
	const struct param *p;

	for (size_t i = 0; (p = workload_param(w, i)); i++) {
		if (strlen(p->name) == len && !strncmp(p->name, name, len)) {
			*at = i;
			return p;
		}
	}
	return NULL;
}

static int unknown(const struct workload *w, const char *word, struct err *err)
{
	size_t len = strcspn(word, "=");
	char *typed = xstrndup(word, len > 40 ? 40 : len);
	struct strv all = STRV_INIT;
	struct str names = STR_INIT;
	const struct param *p;

	for (size_t i = 0; (p = workload_param(w, i)); i++) {
		str_addf(&names, "%s%s", i ? ", " : "", p->name);
		strv_push(&all, p->name);
	}
	err_set(err, "%s: %s has no such parameter, it has %s", typed, w->name, names.buf);
	err_suggest(err, typed, (const char *const *)all.v, all.n);
	strv_release(&all);
	str_release(&names);
	free(typed);
	return -1;
}

static int take_word(struct cell *c, const char *word, struct err *err)
{
	const char *eq = strchr(word, '=');
	const struct param *p;
	size_t i;

	if (!eq)
		return err_set(err, "%.40s: not of the form parameter=value", word);
	p = find(c->w, word, (size_t)(eq - word), &i);
	if (!p)
		return unknown(c->w, word, err);
	if (c->values[i])
		return err_set(err, "%s: given twice", p->name);
	c->values[i] = param_canonical(p, eq + 1, err);
	return c->values[i] ? 0 : -1;
}

/* Whether the control assigns to this parameter; its value is in *value then. */
static bool in_control(const struct workload *w, const struct param *p, const char **value)
{
	size_t len = strlen(p->name);

	if (!w->control || strncmp(w->control, p->name, len) != 0 || w->control[len] != '=')
		return false;
	*value = w->control + len + 1;
	return true;
}

/*
 * The cell's name, or that of its control. Counts are always in it: they are what is swept, and one
 * value of a sweep may be the default.
 */
static char *make_id(const struct cell *c, bool control)
{
	struct str id = STR_INIT;
	const struct param *p;
	char sep = '/';

	str_add(&id, c->w->name);
	for (size_t i = 0; (p = workload_param(c->w, i)); i++) {
		const char *value = c->values[i], *theirs;
		bool named = in_control(c->w, p, &theirs);

		if (!named && p->kind != PARAM_INT && strcmp(value, p->def) == 0)
			continue;
		str_addf(&id, "%c%s=%s", sep, p->name, named && control ? theirs : value);
		sep = ',';
	}
	return id.buf;
}

int cell_parse(struct cell *c, const struct workload *w, char *const words[], size_t n,
	       struct err *err)
{
	const struct param *p;

	*c = (struct cell){.w = w};
	for (size_t i = 0; i < n; i++) {
		if (take_word(c, words[i], err) < 0) {
			cell_release(c);
			return -1;
		}
	}
	for (size_t i = 0; (p = workload_param(w, i)); i++)
		if (!c->values[i])
			c->values[i] = xstrdup(p->def);
	c->id = make_id(c, false);
	if (w->control) {
		c->control = make_id(c, true);
		if (strcmp(c->control, c->id) == 0) {
			free(c->control);
			c->control = NULL;
		}
	}
	return 0;
}

void cell_release(struct cell *c)
{
	for (size_t i = 0; i < MAX_PARAMS; i++)
		free(c->values[i]);
	free(c->id);
	free(c->control);
	*c = (struct cell){0};
}

const char *cell_text(const struct cell *c, const char *param)
{
	size_t i;

	if (!find(c->w, param, strlen(param), &i))
		abort();
	return c->values[i];
}

uint64_t cell_int(const struct cell *c, const char *param)
{
	uint64_t v;

	if (number(cell_text(c, param), true, &v) < 0)
		abort();
	return v;
}
