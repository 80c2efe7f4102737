#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "lib/json.h"

static struct table *facts_table(const char *name, const char *caption, const struct report *r)
{
	struct table *t = table_new(name, caption);

	table_columns(t, false, "", NULL);
	for (size_t i = 0; i < r->n_sides; i++)
		table_columns(t, false, r->sides[i].arm->name, NULL);
	return t;
}

/* The first boot of a side whose guest said hello; all boots of one kernel say the same. */
static const json_t *hello_of(const struct side *s)
{
	for (size_t i = 0; i < s->run->n_boots; i++)
		if (s->run->boots[i].arm == s->arm_index && s->run->boots[i].guest)
			return s->run->boots[i].guest;
	return NULL;
}

static void kernels(struct report *r)
{
	static const struct {
		const char *what;
		size_t at;
	} facts[] = {
		{"asked for", offsetof(struct run_arm, spec)},
		{"release", offsetof(struct run_arm, release)},
		{"package", offsetof(struct run_arm, package)},
		{"version", offsetof(struct run_arm, version)},
		{"SHA-256 of the image", offsetof(struct run_arm, sha256)},
	};
	static const char *const said[] = {"version", "cmdline", "clocksource", "thp"};
	static const char *const named[] = {"built", "command line", "clock source",
					    "transparent huge pages"};
	struct table *t = facts_table("kernels", "The kernels", r);

	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		table_text(t, facts[i].what);
		for (size_t s = 0; s < r->n_sides; s++)
			table_text(t,
				   *(char *const *)((const char *)r->sides[s].arm + facts[i].at));
	}
	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++) {
		table_text(t, named[i]);
		for (size_t s = 0; s < r->n_sides; s++)
			table_text(t, json_get_str(hello_of(&r->sides[s]), said[i], ""));
	}
	doc_table(&r->doc, t);
}

static void settings(struct report *r)
{
	const struct comparison *c = r->cmp;
	struct table *t;

	for (int of_note = 1; c && of_note >= 0; of_note--) {
		t = facts_table(of_note ? "settings" : "settings-other",
				of_note ? "Settings that differ and are known to move such figures"
					: "Other settings that differ",
				r);
		for (size_t i = 0; i < c->n_settings; i++) {
			if (c->settings[i].of_note != of_note)
				continue;
			table_text(t, c->settings[i].name);
			table_text(t, c->settings[i].old);
			table_text(t, c->settings[i].new);
		}
		if (!t->n) {
			table_free(t);
			continue;
		}
		doc_open(&r->doc, of_note, t->caption);
		doc_table(&r->doc, t);
		doc_close(&r->doc);
	}
}

static void fact(struct table *t, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void fact(struct table *t, const char *what, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	table_text(t, what);
	table_text(t, text);
	free(text);
}

static char *command_line(const json_t *command)
{
	struct strv argv = STRV_INIT;
	struct str out = STR_INIT;

	for (size_t i = 0; i < json_array_size(command); i++) {
		const char *word = json_string_value(json_array_get(command, i));

		strv_push(&argv, word ? word : "");
	}
	strv_quote(&argv, &out);
	strv_release(&argv);
	return out.buf ? out.buf : xstrdup("");
}

static void machine(struct report *r, const struct run *run)
{
	const struct run_target *target = &run->target;
	char *command = command_line(json_object_get(run->json, "command"));
	struct table *t = table_new(NULL, "The run and the machine");

	table_columns(t, false, "", run->name, NULL);
	fact(t, "target", "%s, %d CPUs, %d nodes, %lld MiB", target->kind, target->cpus,
	     target->nodes, target->memory_mib);
	if (*target->qemu_version)
		fact(t, "QEMU", "%s, SHA-256 %s", target->qemu_version, target->qemu_sha256);
	fact(t, "host", "%s, %lld CPUs, %lld MiB, kernel %s", json_get_str(run->host, "cpu", "?"),
	     json_get_int(run->host, "cpus", 0), json_get_int(run->host, "memory_mib", 0),
	     json_get_str(run->host, "kernel", "?"));
	fact(t, "measured", "%s, %s", run->created, run->status);
	fact(t, "plan", "%d pairs, %zu cells, %zu boots; seed %llu", run->pairs, run->n_cells,
	     run->n_boots, (unsigned long long)run->seed);
	fact(t, "mlocklab", "%s", run->tool);
	fact(t, "command", "%s", command);
	doc_table(&r->doc, t);
	free(command);
}

static void folded(struct report *r, const char *summary, const char *text)
{
	if (!text || !*text)
		return;
	doc_open(&r->doc, false, summary);
	doc_pre(&r->doc, text);
	doc_close(&r->doc);
}

static void sources(struct report *r, const struct run *run)
{
	const json_t *experiment = json_object_get(run->json, "experiment");

	folded(r, "The command of the virtual machine",
	       json_get_str(json_object_get(run->json, "target"), "command", ""));
	folded(r, "The experiment file", json_get_str(experiment, "text", ""));
}

void report_environment(struct report *r)
{
	doc_section(&r->doc, "environment", "Environment");
	kernels(r);
	settings(r);
	for (size_t i = 0; i < r->n_sides; i++) {
		if (i && r->sides[i].run == r->sides[0].run)
			break;
		machine(r, r->sides[i].run);
		sources(r, r->sides[i].run);
	}
}
