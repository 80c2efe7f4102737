#include "analysis/judge/alike.h"

#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/text.h"

void alike_machines(const struct run *a, const struct run *b, struct str *out)
{
	const struct run_target *s = &a->target, *t = &b->target;
	const char *cpu_a = json_get_str(a->host, "cpu", ""),
		   *cpu_b = json_get_str(b->host, "cpu", "");

	if (strcmp(s->kind, t->kind))
		str_addf(out, "; target %s against %s", s->kind, t->kind);
	if (s->cpus != t->cpus || s->nodes != t->nodes || s->memory_mib != t->memory_mib)
		str_addf(out, "; %d CPUs, %d nodes, %lld MiB against %d, %d, %lld", s->cpus,
			 s->nodes, s->memory_mib, t->cpus, t->nodes, t->memory_mib);
	if (s->ns_per_insn != t->ns_per_insn)
		str_addf(out, "; %g ns an instruction against %g", s->ns_per_insn, t->ns_per_insn);
	if (s->ns_per_insn > 0 &&
	    (strcmp(s->qemu_version, t->qemu_version) || strcmp(s->qemu_sha256, t->qemu_sha256)))
		str_addf(out, "; QEMU %s (%.12s) against %s (%.12s)", s->qemu_version,
			 s->qemu_sha256, t->qemu_version, t->qemu_sha256);
	if (!(s->ns_per_insn > 0) && strcmp(cpu_a, cpu_b))
		str_addf(out, "; a machine with '%s' against '%s'", cpu_a, cpu_b);
}

/* A setting as text; NULL where an older run does not have it. */
static char *setting(const struct run *r, const char *name)
{
	const json_t *settings =
		json_object_get(json_object_get(r->json, "experiment"), "settings");
	const json_t *v = json_object_get(settings, name);

	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	return json_is_number(v) ? xasprintf("%g", json_number_value(v)) : NULL;
}

static void add_settings(const struct run *a, const struct run *b, struct str *out)
{
	/* Of the target itself run.json says what came of it; how many boots there are and what
	 * they are told to record besides moves no figure. */
	static const char *const names[] = {"cmdline", "layouts", "hugepages", "host_cpus",
					    "host_nodes"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *x = setting(a, names[i]), *y = setting(b, names[i]);

		if (x && y && strcmp(x, y)) {
			str_addf(out, "; %s '", names[i]);
			text_escape(out, x);
			str_add(out, "' against '");
			text_escape(out, y);
			str_add(out, "'");
		}
		free(x);
		free(y);
	}
}

/* The first cell that was measured otherwise, and how many there are. */
static void add_iterations(const struct run *a, const struct run *b, struct str *out)
{
	const struct run_cell *first = NULL, *other = NULL;
	size_t n = 0;

	for (size_t i = 0; i < a->n_cells; i++) {
		const struct run_cell *x = &a->cells[i], *y = load_cell(b, x->id);

		if (!y || (x->iterations == y->iterations && x->warmup == y->warmup))
			continue;
		if (!n++) {
			first = x;
			other = y;
		}
	}
	if (!n)
		return;
	str_addf(out, "; iterations and warm-up %d and %d against %d and %d in ", first->iterations,
		 first->warmup, other->iterations, other->warmup);
	text_escape(out, first->id);
	if (n > 1)
		str_addf(out, " and %zu more cell%s", n - 1, n > 2 ? "s" : "");
}

void alike_plans(const struct run *a, const struct run *b, struct str *out)
{
	add_settings(a, b, out);
	add_iterations(a, b, out);
}

const char *alike_program(const struct run *r)
{
	return json_get_str(json_object_get(r->json, "programs"), "mlockbench", NULL);
}

double alike_injected(const struct run *r, const struct run_arm *arm)
{
	const json_t *arms = json_object_get(r->json, "arms");

	return json_get_num(json_array_get(arms, (size_t)(arm - r->arms)), "inject", 0);
}
