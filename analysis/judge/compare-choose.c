/* What is compared with what: arms, runs that may be compared, and boots. */
#include <stdlib.h>
#include <string.h>
#include "analysis/judge/alike.h"
#include "analysis/judge/compare-parts.h"
#include "lib/json.h"

/* --- which arms, and may they be compared --- */

/* The arm that was asked for, the one of this place, or an error: there are several. */
static const struct run_arm *choose_arm(const struct run *r, const char *wanted, size_t otherwise,
					bool clear, const char *option, struct err *err)
{
	struct str names = STR_INIT;

	if (wanted)
		return load_arm_named(r, wanted, err);
	if (clear)
		return &r->arms[otherwise];
	for (size_t i = 0; i < r->n_arms; i++)
		str_addf(&names, "%s%s", i ? ", " : "", r->arms[i].name);
	err_set(err, "run '%s' has the arms %s: choose one with %s NAME", r->path, str_text(&names),
		option);
	str_release(&names);
	return NULL;
}

int compare_choose_arms(struct comparison *c, const struct compare_opts *o, struct err *err)
{
	const struct run *a = c->run_old, *b = c->run_new;
	bool within = a == b;

	c->arm_old = choose_arm(a, o->old_arm, 0, within || a->n_arms == 1, "--old", err);
	if (!c->arm_old)
		return -1;
	if (within && b->n_arms < 2 && !o->new_arm)
		return err_set(err,
			       "run '%s' has one arm, '%s': name a second run to compare it with",
			       b->path, b->arms[0].name);
	c->arm_new = choose_arm(b, o->new_arm, within, within || b->n_arms == 1, "--new", err);
	if (!c->arm_new)
		return -1;
	if (c->arm_old == c->arm_new)
		return err_set(err, "--old and --new both name arm '%s' of '%s'", c->arm_old->name,
			       a->path);
	return 0;
}

int compare_check_obstacles(struct comparison *c, bool force, struct err *err)
{
	struct str what = STR_INIT;
	int ret = 0;

	alike_machines(c->run_old, c->run_new, &what);
	alike_plans(c->run_old, c->run_new, &what);
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

/* Boots of a pair that were made on two nodes of a cluster: of time that is no pair. */
static bool is_apart(const struct run *r, const struct run_boot *a, const struct run_boot *b)
{
	return r->target.ns_per_insn <= 0 && a->node && b->node &&
	       strcmp(json_get_str(a->node, "name", ""), json_get_str(b->node, "name", "")) != 0;
}

/* Within a run the boot of the same pair; of another run one of the same layout, not used yet. */
static size_t find_partner(const struct comparison *c, const struct run_boot *b, const bool *used)
{
	const struct run *r = c->run_new;
	size_t arm = (size_t)(c->arm_new - r->arms), i;

	for (i = 0; i < r->n_boots; i++)
		if (r->boots[i].arm == arm && !used[i] &&
		    (c->run_old == r ? r->boots[i].pair == b->pair : r->boots[i].seed == b->seed))
			break;
	return i < r->n_boots && c->run_old == r && is_apart(r, b, &r->boots[i]) ? r->n_boots : i;
}

/* A boot that was made again has its node, and not that of the other one of its pair. */
static void note_apart(struct comparison *c)
{
	const struct run *r = c->run_new;
	size_t n = 0;

	for (size_t i = 0; c->run_old == r && i < r->n_boots; i++)
		for (size_t k = 0; &r->arms[r->boots[i].arm] == c->arm_old && k < r->n_boots; k++)
			n += &r->arms[r->boots[k].arm] == c->arm_new &&
			     r->boots[k].pair == r->boots[i].pair &&
			     is_apart(r, &r->boots[i], &r->boots[k]);
	if (n)
		strv_pushf(&c->notes, "%zu pair%s left out: the boots were made on two nodes", n,
			   n == 1 ? " is" : "s are");
}

static bool asked_for(const struct compare_opts *o, int pair)
{
	return !o->pair_to || (pair >= o->pair_from && pair < o->pair_to);
}

/* Those that were made. */
static size_t list_boots(const struct run *r, const struct run_arm *arm,
			 const struct compare_opts *o, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_boots; i++)
		if (&r->arms[r->boots[i].arm] == arm && asked_for(o, r->boots[i].pair) &&
		    strcmp(r->boots[i].outcome, "missing") != 0)
			out[n++] = i;
	return n;
}

/* Fills the rows of pairs; whether there are any. */
static bool pair_boots(const struct comparison *c, const struct compare_opts *o, struct boots *b)
{
	size_t *old = xcalloc(c->run_old->n_boots + 1, sizeof(*old));
	bool *used = xcalloc(c->run_new->n_boots + 1, sizeof(*used));
	size_t n = list_boots(c->run_old, c->arm_old, o, old), rows = 0;

	for (size_t i = 0; i < n; i++) {
		size_t partner = find_partner(c, &c->run_old->boots[old[i]], used);

		if (partner < c->run_new->n_boots) {
			used[partner] = true;
			b->old[rows] = old[i];
			b->new[rows++] = partner;
		}
	}
	free(used);
	free(old);
	b->n_old = b->n_new = rows;
	/* A few layouts in common are worth less than all boots unpaired. */
	return rows > 0 && (c->run_old == c->run_new || rows >= COMPARE_MIN_PAIRS || rows == n);
}

/* Of real time only boots side by side say what a kernel costs: between runs all else moved too. */
static void note_times(struct comparison *c)
{
	const struct run *a = c->run_old, *b = c->run_new;

	if (a->target.ns_per_insn > 0 && b->target.ns_per_insn > 0)
		strv_push(&c->notes,
			  "the runs have too few layouts in common: their boots are compared "
			  "unpaired");
	else
		strv_pushf(&c->notes,
			   "the runs were made at different times (%s and %s): what drifted on the "
			   "machine between them is in every difference, and no interval holds it",
			   a->created, b->created);
}

/*
 * Another build lies elsewhere in memory and faults in elsewhere: one cell of 5.10 took 19 % less
 * of it, with the same seeds and no change in its source.
 */
static void note_programs(struct comparison *c)
{
	const char *a = alike_program(c->run_old), *b = alike_program(c->run_new);

	if (a && b && strcmp(a, b))
		strv_pushf(&c->notes,
			   "the runs were measured by two builds of mlockbench (%.12s and %.12s): "
			   "what that alone moves is in every difference, and no interval holds "
			   "it; one run of both kernels has one build",
			   a, b);
}

static const char *machine_boot(const struct run_boot *b)
{
	return b->boot_id ? b->boot_id : "";
}

/*
 * On the host all passes of one boot of the machine share its memory, its layout and its luck: they
 * are one unit. Where a boot does not say which it was, nothing shows that it was another.
 */
static size_t number_units(const struct run *r, const size_t *boots, size_t n, size_t *unit)
{
	bool host = !strcmp(r->target.kind, "host");
	size_t units = 0;

	for (size_t i = 0; i < n; i++) {
		size_t same = host ? 0 : i;

		while (same < i && strcmp(machine_boot(&r->boots[boots[i]]),
					  machine_boot(&r->boots[boots[same]])))
			same++;
		unit[i] = same < i ? unit[same] : units++;
	}
	return units;
}

/*
 * Whether both boots of each pair are passes in one boot of the machine, as where one kernel is
 * measured as both arms: then they differ in nothing but what the arms do, and are pairs.
 */
static bool within_one_boot(const struct comparison *c, const struct boots *b)
{
	for (size_t i = 0; i < b->n_old; i++) {
		const struct run_boot *old = &c->run_old->boots[b->old[i]];
		const struct run_boot *new = &c->run_new->boots[b->new[i]];

		/* Boots that were not made yet have no values either. */
		if (old->attempts && new->attempts &&
		    (!*machine_boot(old) || strcmp(machine_boot(old), machine_boot(new))))
			return false;
	}
	return true;
}

static void set_units(struct comparison *c, struct boots *b)
{
	b->old_unit = xcalloc(b->n_old + 1, sizeof(*b->old_unit));
	b->new_unit = xcalloc(b->n_new + 1, sizeof(*b->new_unit));
	b->units_old = b->n_old;
	b->units_new = b->n_new;
	if (c->paired)
		return;
	b->units_old = number_units(c->run_old, b->old, b->n_old, b->old_unit);
	b->units_new = number_units(c->run_new, b->new, b->n_new, b->new_unit);
	if (b->units_old < b->n_old || b->units_new < b->n_new)
		strv_pushf(&c->notes,
			   "on the host a boot of the machine is one value, however often it was "
			   "measured: %zu passes in %zu boot%s of old, %zu in %zu of new, and a "
			   "verdict "
			   "takes %d boots of each kernel",
			   b->n_old, b->units_old, b->units_old == 1 ? "" : "s", b->n_new,
			   b->units_new, COMPARE_MIN_BOOTS);
}

void compare_choose_boots(struct comparison *c, const struct compare_opts *o, struct boots *b)
{
	bool host = !strcmp(c->run_new->target.kind, "host");
	bool can_pair = c->run_old == c->run_new ||
			(c->run_old->target.ns_per_insn > 0 && c->run_new->target.ns_per_insn > 0);

	b->old = xcalloc(c->run_old->n_boots + 1, sizeof(*b->old));
	b->new = xcalloc(c->run_new->n_boots + 1, sizeof(*b->new));
	c->paired =
		can_pair && !o->unpaired && pair_boots(c, o, b) && (!host || within_one_boot(c, b));
	if (c->paired)
		note_apart(c);
	if (c->paired && host)
		strv_push(&c->notes,
			  "both arms ran in one boot of the machine: what is said holds of "
			  "that boot");
	if (!c->paired && c->run_old != c->run_new && !o->unpaired)
		note_times(c);
	note_programs(c);
	if (!c->paired) {
		b->n_old = list_boots(c->run_old, c->arm_old, o, b->old);
		b->n_new = list_boots(c->run_new, c->arm_new, o, b->new);
	}
	set_units(c, b);
}
