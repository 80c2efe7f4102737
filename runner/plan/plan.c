#include "runner/plan/plan.h"

#include <stdlib.h>
#include <string.h>
#include "lib/json.h"

uint64_t plan_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void shuffle(int *v, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)(plan_random(state) % i);
		int t = v[i - 1];

		v[i - 1] = v[k];
		v[k] = t;
	}
}

/* JSON numbers are exact to 2^53 */
static uint64_t random_layout(uint64_t *state)
{
	return plan_random(state) >> 11;
}

void plan_make(struct plan *p, size_t arms, int pairs, uint64_t seed, bool independent)
{
	int *order = xcalloc(arms, sizeof(*order));
	/* Two sequences: the layouts of a seed are the same however many arms there are to order,
	 * so that boots of another run can be paired with these. */
	uint64_t state = seed, ordering = ~seed;

	for (size_t i = 0; i < arms; i++)
		order[i] = (int)i;
	p->n = 0;
	p->boots = xcalloc(arms * (size_t)pairs, sizeof(*p->boots));
	for (int pair = 0; pair < pairs; pair++) {
		uint64_t layout = random_layout(&state);

		if (pair % 2 == 0)
			shuffle(order, arms, &ordering);
		for (size_t i = 0; i < arms; i++) {
			size_t k = pair % 2 ? arms - 1 - i : i;

			if (independent && i > 0)
				layout = random_layout(&state);
			p->boots[p->n] = (struct planned_boot){BOOT_TIMED, (int)p->n + 1, order[k],
							       pair, layout};
			p->n++;
		}
	}
	free(order);
}

const char *plan_kind_name(enum boot_kind kind)
{
	static const char *const names[] = {"timed", "profile", "locks", "symbols"};

	return names[kind];
}

/* The layout of that round: of the timed pair, or a new one that follows from one of them. */
static uint64_t layout_of(const struct plan *p, size_t arms, size_t round)
{
	size_t pairs = 0;
	uint64_t state;

	/* the timed boots come first, those of a pair together */
	while (pairs * arms < p->n && p->boots[pairs * arms].kind == BOOT_TIMED)
		pairs++;
	if (round < pairs)
		return p->boots[round * arms].seed;
	state = p->boots[round % pairs * arms].seed + round / pairs;
	return random_layout(&state);
}

void plan_add(struct plan *p, size_t arms, enum boot_kind kind, int rounds)
{
	p->boots = xrealloc(p->boots, (p->n + arms * (size_t)rounds) * sizeof(*p->boots));
	for (int round = 0; round < rounds; round++) {
		uint64_t layout = layout_of(p, arms, (size_t)round);

		for (size_t arm = 0; arm < arms; arm++) {
			p->boots[p->n] =
				(struct planned_boot){kind, (int)p->n + 1, (int)arm, round, layout};
			p->n++;
		}
	}
}

void plan_release(struct plan *p)
{
	free(p->boots);
	*p = (struct plan){0};
}

void plan_text(const struct experiment *e, int arm, uint64_t layout_seed, int settle_min,
	       struct str *out)
{
	str_addf(out, "timeout %d\n", e->timeout);
	str_addf(out, "settle %d %d\n", settle_min < e->settle ? settle_min : e->settle, e->settle);
	for (size_t i = 0; i < e->ncells; i++) {
		const struct cell *c = &e->cells[i];

		str_addf(out, "cell %s\trun", c->id);
		for (size_t k = 0; k < c->args.n; k++)
			str_addf(out, "\t%s", c->args.v[k]);
		/* every cell its own sequence, or a cell's figures would hang on its neighbours */
		str_addf(out, "\t--seed\t%llu", (unsigned long long)layout_seed);
		if (e->arms[arm].inject > 0)
			str_addf(out, "\t--inject\t%g", e->arms[arm].inject);
		str_add(out, "\n");
	}
}

/* --- as run.json lists it --- */

json_t *plan_json(const struct plan *p, const struct experiment *e)
{
	json_t *a = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct planned_boot *b = &p->boots[i];

		json_array_append_new(a, json_pack("{s:i, s:s, s:s, s:i, s:I}", "n", b->n, "kind",
						   plan_kind_name(b->kind), "arm",
						   e->arms[b->arm].name, "pair", b->pair, "seed",
						   (json_int_t)b->seed));
	}
	return a;
}

static int arm_index(const struct experiment *e, const char *name)
{
	for (size_t i = 0; i < e->narms; i++)
		if (strcmp(e->arms[i].name, name) == 0)
			return (int)i;
	return -1;
}

static enum boot_kind kind_of(const char *name)
{
	for (enum boot_kind kind = BOOT_TIMED; kind <= BOOT_LOCKS; kind++)
		if (strcmp(name, plan_kind_name(kind)) == 0)
			return kind;
	return BOOT_TIMED;
}

int plan_from_json(struct plan *p, const struct experiment *e, const json_t *run, struct err *err)
{
	const json_t *boots = json_object_get(run, "boots");
	json_t *o;
	size_t i;

	*p = (struct plan){.boots = xcalloc(json_array_size(boots), sizeof(*p->boots))};
	json_array_foreach(boots, i, o) {
		struct planned_boot b = {
			.kind = kind_of(json_get_str(o, "kind", "")),
			.n = (int)json_get_int(o, "n", 0),
			.arm = arm_index(e, json_get_str(o, "arm", "")),
			.pair = (int)json_get_int(o, "pair", 0),
			.seed = (uint64_t)json_get_int(o, "seed", 0),
		};

		if (b.n < 1 || b.arm < 0) {
			plan_release(p);
			return err_set(err, "boot %zu of run.json has no number or an unknown arm",
				       i + 1);
		}
		p->boots[p->n++] = b;
	}
	return p->n ? 0 : err_set(err, "run.json has no boots");
}
