#include "analysis/write/timeline-text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/table.h"
#include "lib/text.h"
#include "analysis/write/timeline-words.h"
#include "analysis/write/verdict.h"

/* --- head --- */

static void add_head(const struct timeline *t, struct str *out)
{
	const struct run *r = t->run;
	struct str line = STR_INIT;
	char *method = timeline_method(t);

	text_escape(&line, r->name);
	str_addf(&line,
		 ": %zu kernels, %zu interleaved round%s, target %s, %d CPU%s, %d nodes, %lld MiB",
		 r->n_arms, t->judged.rounds, t->judged.rounds == 1 ? "" : "s", r->target.kind,
		 r->target.cpus, r->target.cpus > 1 ? "s" : "", r->target.nodes,
		 r->target.memory_mib);
	if (*r->target.qemu_version)
		str_addf(&line, ", QEMU %s", r->target.qemu_version);
	text_wrap(out, str_text(&line), TABLE_WIDTH, 0);
	text_wrap(out, method, TABLE_WIDTH, 0);
	str_add(out, "\n");
	for (size_t i = 0; i < r->n_arms; i++) {
		str_clear(&line);
		text_escape(&line, r->arms[i].release);
		str_addf(out, "  %-8s %-32.32s ", r->arms[i].name, str_text(&line));
		str_clear(&line);
		text_escape(&line, r->arms[i].version);
		str_addf(out, "%.30s\n", str_text(&line));
	}
	str_release(&line);
	free(method);
}

/* --- changes --- */

static void add_change(void *to, const struct timeline_series *s, const struct timeline_change *c,
		       const char *sentence, const char *standing)
{
	(void)s;
	(void)c;
	text_wrap(to, sentence, TABLE_WIDTH, 2);
	text_wrap(to, standing, TABLE_WIDTH, 6);
}

static void add_steps(const struct timeline *t, struct str *out)
{
	char *tally = timeline_tally(t);

	str_add(out, "\nCHANGES\n\n");
	text_wrap(out, tally, TABLE_WIDTH, 0);
	free(tally);
	for (size_t at = 1; at < t->run->n_arms; at++) {
		for (size_t before = 0; before < at; before++) {
			size_t n = timeline_changes(t, before, at, NULL, NULL);
			char *settings;

			if (!n)
				continue;
			str_addf(out, "\n%s, after %s\n", t->run->arms[at].name,
				 t->run->arms[before].name);
			timeline_changes(t, before, at, add_change, out);
			settings = timeline_settings(t, at);
			text_wrap(out, settings, TABLE_WIDTH, 2);
			free(settings);
		}
	}
}

/* --- tables --- */

static void add_ratio(char out[32], const struct timeline_series *s, double v)
{
	const struct result r = {.difference = s->difference};

	if (isnan(v))
		snprintf(out, 32, "-");
	else
		table_ratio(out, &r, v);
}

static void add_point(const struct timeline *t, const struct timeline_series *s, size_t arm,
		      struct str *out)
{
	const struct timeline_point *p = &s->points[arm];
	const struct result *step = p->step && p->step->result.k ? &p->step->result : NULL;
	char value[32], ratio[32], change[32], interval[72];

	if (!p->boots) {
		str_addf(out, "  %-10.10s %8s\n", t->run->arms[arm].name, "-");
		return;
	}
	verdict_figure(value, p->value);
	add_ratio(ratio, s, p->ratio);
	if (step) {
		table_ratio(change, step, step->ratio);
		table_interval(interval, step);
	}
	str_addf(out, "  %-10.10s %8s %9s", t->run->arms[arm].name, value, ratio);
	if (step)
		str_addf(out, "   %8s  %-15s %s%s", change, interval, verdict_name(step->verdict),
			 step_is_change(p->step) ? " #" : "");
	str_add(out, "\n");
}

static void add_table(const struct timeline *t, const struct timeline_series *s, struct str *out)
{
	static const char *const better[] = {", lower is better", ", higher is better", ""};
	char *cell = timeline_cell(s), *head;

	head = xasprintf("%s%s: %s, %s%s", cell, s->cell->is_control ? " (control)" : "",
			 s->metric->name, s->metric->unit, better[s->metric->better]);
	str_add(out, "\n");
	text_wrap(out, head, TABLE_WIDTH, 0);
	str_addf(out, "  %-10s %8s %9.9s   %8s  %-15s %s\n", "kernel", "value",
		 t->run->arms[0].name, "step", "interval", "verdict");
	for (size_t i = 0; i < t->run->n_arms; i++)
		add_point(t, s, i, out);
	free(head);
	free(cell);
}

void timeline_text(const struct timeline *t, struct str *out)
{
	add_head(t, out);
	add_steps(t, out);
	str_add(out,
		"\nKERNEL BY KERNEL (against the first; step from the one before; #: change)\n");
	for (size_t i = 0; i < t->n; i++)
		add_table(t, &t->series[i], out);
	for (size_t i = 0; i < t->run->notes.n; i++) {
		char *note = xasprintf("note: %s", t->run->notes.v[i]);

		text_wrap(out, note, TABLE_WIDTH, 0);
		free(note);
	}
}
