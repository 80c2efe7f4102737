/* What is compared with what: arms, runs that may be compared, and boots. */
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/compare-parts.h"
#include "lib/json.h"

/* --- which arms, and may they be compared --- */

static int no_arm(const struct run *r, const char *wanted, const char *option, struct err *err)
{
	struct str names = STR_INIT;

	for (size_t i = 0; i < r->n_arms; i++)
		str_addf(&names, "%s%s", i ? ", " : "", r->arms[i].name);
	if (wanted)
		err_set(err, "run '%s' has no arm '%s': its arms are %s", r->path, wanted,
			str_text(&names));
	else
		err_set(err, "run '%s' has the arms %s: choose one with %s NAME", r->path,
			str_text(&names), option);
	str_release(&names);
	return -1;
}

int compare_choose_arms(struct comparison *c, const struct compare_opts *o, struct err *err)
{
	const struct run *a = c->run_old, *b = c->run_new;
	bool within = a == b;

	c->arm_old = o->old_arm ? load_arm(a, o->old_arm) : &a->arms[0];
	if (!c->arm_old || (!within && !o->old_arm && a->n_arms > 1))
		return no_arm(a, o->old_arm, "--old", err);
	if (within && b->n_arms < 2 && !o->new_arm)
		return err_set(err,
			       "run '%s' has one arm, '%s': name a second run to compare it with",
			       b->path, b->arms[0].name);
	c->arm_new = o->new_arm ? load_arm(b, o->new_arm) : &b->arms[within ? 1 : 0];
	if (!c->arm_new || (!within && !o->new_arm && b->n_arms > 1))
		return no_arm(b, o->new_arm, "--new", err);
	if (c->arm_old == c->arm_new)
		return err_set(err, "--old and --new both name arm '%s' of '%s'", c->arm_old->name,
			       a->path);
	return 0;
}

/* What makes figures of the two runs differ before any kernel does; empty when nothing does. */
static void find_obstacles(const struct run *a, const struct run *b, struct str *out)
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
	if (s->ns_per_insn > 0 && (strcmp(s->qemu_version, t->qemu_version) ||
				   strcmp(s->qemu_sha256, t->qemu_sha256)))
		str_addf(out, "; QEMU %s (%.12s) against %s (%.12s)", s->qemu_version,
			 s->qemu_sha256, t->qemu_version, t->qemu_sha256);
	if (!(s->ns_per_insn > 0) && strcmp(cpu_a, cpu_b))
		str_addf(out, "; a machine with '%s' against '%s'", cpu_a, cpu_b);
}

int compare_check_obstacles(struct comparison *c, bool force, struct err *err)
{
	struct str what = STR_INIT;
	int ret = 0;

	find_obstacles(c->run_old, c->run_new, &what);
	if (what.len && !force)
		ret = err_set(err,
			      "'%s' and '%s' were measured in different ways: %s; measure both "
			      "alike, or use --force",
			      c->run_old->path, c->run_new->path, what.buf + 2);
	else if (what.len)
		strv_pushf(&c->notes, "forced: the runs were measured in different ways: %s",
			   what.buf + 2);
	str_release(&what);
	return ret;
}

/* --- which boots stand against which --- */

static size_t find_partner(const struct comparison *c, const struct run_boot *b)
{
	const struct run *r = c->run_new;
	size_t arm = (size_t)(c->arm_new - r->arms), i;

	for (i = 0; i < r->n_boots; i++)
		if (r->boots[i].arm == arm && r->boots[i].pair == b->pair &&
		    (c->run_old == r || r->boots[i].seed == b->seed))
			break;
	return i;
}

static bool asked_for(const struct compare_opts *o, int pair)
{
	return !o->pair_to || (pair >= o->pair_from && pair < o->pair_to);
}

static size_t list_boots(const struct run *r, const struct run_arm *arm,
			 const struct compare_opts *o, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_boots; i++)
		if (&r->arms[r->boots[i].arm] == arm && asked_for(o, r->boots[i].pair))
			out[n++] = i;
	return n;
}

/* Fills the rows of pairs; whether there are any. */
static bool pair_boots(const struct comparison *c, const struct compare_opts *o, struct boots *b)
{
	size_t *old = xcalloc(c->run_old->n_boots + 1, sizeof(*old));
	size_t n = list_boots(c->run_old, c->arm_old, o, old), rows = 0;

	for (size_t i = 0; i < n; i++) {
		size_t partner = find_partner(c, &c->run_old->boots[old[i]]);

		if (partner < c->run_new->n_boots) {
			b->old[rows] = old[i];
			b->new[rows++] = partner;
		}
	}
	free(old);
	b->n_old = b->n_new = rows;
	return rows > 0;
}

void compare_choose_boots(struct comparison *c, const struct compare_opts *o, struct boots *b)
{
	bool can_pair = c->run_old == c->run_new ||
			(c->run_old->target.ns_per_insn > 0 && c->run_new->target.ns_per_insn > 0);

	b->old = xcalloc(c->run_old->n_boots + 1, sizeof(*b->old));
	b->new = xcalloc(c->run_new->n_boots + 1, sizeof(*b->new));
	c->paired = can_pair && !o->unpaired && pair_boots(c, o, b);
	if (!c->paired) {
		b->n_old = list_boots(c->run_old, c->arm_old, o, b->old);
		b->n_new = list_boots(c->run_new, c->arm_new, o, b->new);
	}
}
