/*
 * Go benchmark format (golang.org/design/14313-benchmark-format, units by golang.org/issue/43744):
 * configuration lines, then one result line a boot. The arm is part of a result's name, for
 * benchstat makes a table of its own for each value of a configuration line: `benchstat -col /arm
 * FILE` compares.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/export.h"
#include "analysis/write/verdict.h"
#include "lib/text.h"

/* What a name may hold: no space, nothing that is not printable, and '/' parts its keys. */
static void add_word(struct str *out, const char *text, const char *part)
{
	for (; *text; text++) {
		unsigned char ch = (unsigned char)*text;

		str_addf(out, "%c", strchr(part, ch) ? '/' : ch > ' ' && ch < 0x7f ? ch : '_');
	}
}

/*
 * A number behind a minus at the end of a name is how many CPUs there were: of two arms a-1 and a-2
 * benchstat would make one of the name a. No arm of ours has a tilde.
 */
static void add_arm_name(struct str *out, const char *name)
{
	size_t digits = strlen(name), at = out->len;

	while (digits && isdigit((unsigned char)name[digits - 1]))
		digits--;
	add_word(out, name, "");
	if (name[digits] && digits && name[digits - 1] == '-')
		out->buf[at + digits - 1] = '~';
}

/* "exit-mlocked/procs=32,lock=none" becomes "BenchmarkExitMlocked/arm=old/procs=32/lock=none". */
static void add_name(struct str *out, const struct run_cell *cell, const struct run_arm *arm)
{
	bool upper = true;

	str_add(out, "Benchmark");
	for (const char *p = cell->workload; *p; p++) {
		unsigned char ch = (unsigned char)*p;

		if (isalnum(ch))
			str_addf(out, "%c", upper ? toupper(ch) : ch);
		upper = !isalnum(ch);
	}
	str_add(out, "/arm=");
	add_arm_name(out, arm->name);
	if (*cell->label)
		str_add(out, "/");
	add_word(out, cell->label, ",");
}

/*
 * Seconds: benchstat makes them of ns, but leaves a value of 0 ns as it is, and then that boot
 * stands in a table of its own.
 */
static bool in_ns(const struct run_metric *m)
{
	return !strncmp(m->unit, "ns", 2) && (!m->unit[2] || m->unit[2] == '/');
}

/* benchstat knows a metric by its unit: all but the primary one say their name in it. */
static void add_unit(struct str *out, const struct run_metric *m)
{
	const char *unit = *m->unit ? m->unit : "count";

	if (m->kind != METRIC_PRIMARY)
		str_addf(out, "%s-", m->name);
	if (in_ns(m)) {
		str_add(out, "sec");
		unit += strlen("ns");
	}
	for (; *unit; unit++)
		str_addf(out, "%c", *unit > ' ' && *unit < 0x7f ? *unit : '_');
}

static bool wanted(const struct run_metric *m, const struct export_opts *o)
{
	return o->all || m->kind != METRIC_COUNTER;
}

static void add_units(const struct comparison *c, const struct export_opts *o, struct str *out)
{
	struct strv seen = STRV_INIT;

	for (size_t i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];
		struct str unit = STR_INIT;
		size_t at = 0;

		if (!wanted(r->metric, o) || r->metric->better == NO_DIRECTION)
			continue;
		add_unit(&unit, r->metric);
		while (at < seen.n && strcmp(seen.v[at], str_text(&unit)))
			at++;
		if (at == seen.n) {
			strv_push(&seen, str_text(&unit));
			str_addf(out, "Unit %s better=%s\n", str_text(&unit),
				 r->metric->better == LOWER_IS_BETTER ? "lower" : "higher");
		}
		str_release(&unit);
	}
	strv_release(&seen);
}

static void add_config(struct str *out, const char *key, const char *value)
{
	str_addf(out, "%s: ", key);
	text_escape(out, value);
	str_add(out, "\n");
}

/* A cell's line, up to the number of its iterations, and what follows each value, or NULL. */
struct line {
	char *name;
	char **units;
};

static struct line make_line(const struct comparison *c, const struct run_cell *cell,
			     const struct run_arm *arm, const struct export_opts *o)
{
	struct line l = {.units = xcalloc(cell->n_series + 1, sizeof(*l.units))};
	struct str text = STR_INIT;

	add_name(&text, cell, arm);
	l.name = xstrdup(text.buf);
	for (size_t j = 0; j < cell->n_series; j++) {
		const struct run_metric *m = &cell->series[j].metric;

		if (!wanted(m, o) || !compare_find(c, cell->id, m->name))
			continue;
		str_clear(&text);
		add_unit(&text, m);
		l.units[j] = xstrdup(text.buf);
	}
	str_release(&text);
	return l;
}

static void add_boot(const struct line *l, const struct run_cell *cell, size_t boot,
		     struct str *out)
{
	bool started = false;

	for (size_t j = 0; j < cell->n_series; j++) {
		const struct series *s = &cell->series[j];

		if (!l->units[j] || isnan(s->boot[boot].median))
			continue;
		if (!started)
			str_addf(out, "%s %zu", l->name, s->boot[boot].n);
		started = true;
		str_addf(out, " %.10g %s", s->boot[boot].median * (in_ns(&s->metric) ? 1e-9 : 1),
			 l->units[j]);
	}
	if (started)
		str_add(out, "\n");
}

static void add_arm(const struct comparison *c, const struct run *run, const struct run_arm *arm,
		    const struct export_opts *o, struct str *out)
{
	struct line *lines = xcalloc(run->n_cells + 1, sizeof(*lines));

	for (size_t i = 0; i < run->n_cells; i++)
		lines[i] = make_line(c, &run->cells[i], arm, o);
	for (size_t b = 0; b < run->n_boots; b++)
		for (size_t i = 0; i < run->n_cells && &run->arms[run->boots[b].arm] == arm; i++)
			add_boot(&lines[i], &run->cells[i], b, out);
	for (size_t i = 0; i < run->n_cells; i++) {
		for (size_t j = 0; j < run->cells[i].n_series; j++)
			free(lines[i].units[j]);
		free(lines[i].units);
		free(lines[i].name);
	}
	free(lines);
}

int export_gobench(const struct comparison *c, const struct export_opts *o, struct str *out,
		   struct err *err)
{
	char *kernels = verdict_kernels(c);

	(void)err;
	add_config(out, "target", c->run_new->target.kind);
	str_addf(out, "kernels: %s\n", kernels);
	free(kernels);
	add_units(c, o, out);
	add_arm(c, c->run_old, c->arm_old, o, out);
	add_arm(c, c->run_new, c->arm_new, o, out);
	return 0;
}
