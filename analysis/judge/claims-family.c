/* What of a difference is in the functions that a claim's patch touches. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/profile.h"
#include "analysis/judge/claims-parts.h"
#include "analysis/stats/stats.h"

/* A figure is told by the profile where that counted as much, within a share. */
#define SAME_WHOLE 0.1

/* The arm of that kernel, or r->n_arms. */
static size_t arm_like(const struct run *r, const struct run_arm *arm)
{
	size_t i = 0;

	while (i < r->n_arms && strcmp(r->arms[i].release, arm->release))
		i++;
	return i;
}

static bool is_one(const char *families, const char *name)
{
	size_t len = strlen(name);
	const char *at = families;

	while ((at = strstr(at, name))) {
		if ((at == families || at[-1] == ' ' || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

static bool is_judged(const struct claim *claim, const char *family)
{
	return is_one(claim->families, family) != claim->copying_apart;
}

/* What a cell takes on the old and the new kernel in one layout, instructions an operation: in the
 * families that are named and in all others, which may be net of another cell, and in all of it. */
struct parts {
	double touched[2], others[2], whole[2];
};

/* 0 where the run does not have it, 1 where it has, -1 with err. */
static int parts_of(struct parts *out, const struct profiles *from, const struct comparison *c,
		    const char *cell, const struct claim *claim, int pair, struct err *err)
{
	const struct run_cell *known = load_cell(&from->run, cell);
	size_t old = arm_like(&from->run, c->arm_old), new = arm_like(&from->run, c->arm_new);
	struct profile p;
	int ret;

	*out = (struct parts){0};
	if (!known || old == from->run.n_arms || new == from->run.n_arms)
		return 0;
	if (profile_load_pair(&p, from, (size_t)(known - from->run.cells), old, new, pair, err) < 0)
		return -1;
	for (size_t side = 0; side < 2; side++) {
		for (size_t i = 0; i < p.n_families; i++)
			*(is_judged(claim, p.families[i].name) ? &out->touched[side]
							       : &out->others[side]) +=
				p.families[i].self[side];
		out->whole[side] = p.whole[side];
		/* What a module copies with instructions of its own nobody can tell from the rest.
		 */
		for (size_t i = 0; i < p.n_functions && claim->copying_apart; i++) {
			if (strcmp(p.functions[i].name, "[module]") != 0)
				continue;
			out->touched[side] -= p.functions[i].self[side];
			out->others[side] += p.functions[i].self[side];
		}
	}
	ret = p.side[0].ops > 0 && p.side[1].ops > 0;
	profile_release(&p);
	return ret;
}

/* The same of what the claim speaks of: the cell, net of another where it is a claim of a net. */
static int net_parts(struct parts *out, const struct ledger_row *r, const struct profiles *from,
		     int pair, struct err *err)
{
	const struct claim *claim = r->claim;
	struct parts net = {0};
	int ret = parts_of(out, from, r->comparison, r->cell->id, claim, pair, err);

	if (ret <= 0 || !claim->net)
		return ret;
	if (!r->control)
		return 0;
	ret = parts_of(&net, from, r->comparison, r->control->cell->id, claim, pair, err);
	for (size_t side = 0; side < 2; side++) {
		out->touched[side] -= net.touched[side];
		out->others[side] -= net.others[side];
	}
	return ret;
}

/* Whether the boots of a pair have a layout that none before it had: counts of one layout are the
 * same however often they are taken. */
static bool is_new_layout(const struct run *r, int pair)
{
	const struct run_boot *first = NULL;

	for (size_t i = 0; i < r->n_boots && !first; i++)
		if (r->boots[i].pair == pair)
			first = &r->boots[i];
	for (size_t i = 0; first && i < r->n_boots; i++)
		if (r->boots[i].pair < pair && r->boots[i].seed == first->seed)
			return false;
	return first;
}

static double median_of(const struct parts *v, size_t n, size_t side)
{
	struct values whole = {xcalloc(n + 1, sizeof(double)), n};
	double median;

	for (size_t i = 0; i < n; i++)
		whole.v[i] = v[i].whole[side];
	median = stats_median(whole.v, n);
	values_release(&whole);
	return median;
}

/*
 * The row's figure is all of its region by its operations, as the profiles' are. One that is judged
 * by all that ran may be more: then the clock went on while nobody did.
 */
static bool can_tell(struct ledger_row *r, const struct parts *v, size_t n)
{
	const struct result *timed = compare_find(r->comparison, r->cell->id, r->claim->metric);
	double figure[2], idle[2];

	if (!timed || timed->metric->kind != METRIC_PRIMARY || !timed->metric->time)
		return false;
	figure[0] = timed->old;
	figure[1] = timed->new;
	for (size_t side = 0; side < 2; side++) {
		idle[side] = figure[side] - median_of(v, n, side);
		if (fabs(idle[side]) <= SAME_WHOLE * fabs(figure[side]))
			continue;
		r->idles = r->claim->copying_apart && idle[side] > 0;
		if (!r->idles)
			return false;
	}
	r->idle = idle[1] - idle[0];
	return true;
}

/*
 * What it is judged by, layout by layout: of a size that is claimed, and without copying, what
 * those functions take on both kernels; else the old kernel's cell, and that cell had only they
 * changed, as a net is judged.
 */
static void take(struct ledger_row *r, const struct parts *v, const size_t *pair, size_t n)
{
	struct values others = {xcalloc(n + 1, sizeof(double)), n};

	r->functions = (struct result){.cell = r->cell, .metric = r->result->metric};
	result_reserve(&r->functions, n);
	for (size_t i = 0; i < n; i++) {
		double base = r->claim->by > 0 || r->claim->copying_apart ? v[i].touched[0]
									  : v[i].whole[0];

		result_pair(&r->functions, pair[i], base, base + v[i].touched[1] - v[i].touched[0]);
		others.v[i] = v[i].others[1] - v[i].others[0];
	}
	r->others = stats_median(others.v, n);
	values_release(&others);
}

static int attribute(struct ledger_row *r, const struct profiles *from, struct err *err)
{
	struct parts *v = xcalloc(from->run.n_boots, sizeof(*v));
	size_t *pair = xcalloc(from->run.n_boots, sizeof(*pair)), n = 0;
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < from->run.n_boots; i++) {
		if (!is_new_layout(&from->run, (int)i))
			continue;
		pair[n] = i;
		ret = net_parts(&v[n], r, from, (int)i, err);
		n += ret > 0;
	}
	if (ret >= 0 && n && can_tell(r, v, n))
		take(r, v, pair, n);
	free(v);
	free(pair);
	return ret < 0 ? -1 : 0;
}

static struct result *pick(struct ledger_row *r)
{
	return r->functions.k ? &r->functions : NULL;
}

/* A change of the whole, as one of the functions: both differ by the same. */
static double change_of(const struct result *r, double v)
{
	return r->difference ? v : (v - 1) * r->old;
}

/* Fewer layouts than a verdict takes are shown, and judge nothing. */
static void conclude(struct ledger_row *r)
{
	const struct result *f = &r->functions;

	if (!f->k)
		return;
	r->touched = change_of(f, f->ratio);
	r->touched_low = change_of(f, f->low);
	r->touched_high = change_of(f, f->high);
	r->by_family = f->k >= COMPARE_MIN_PAIRS;
	if (!r->by_family)
		return;
	if (r->claim->by > 0)
		r->verdict = claims_judge_by(r->comparison, r->claim, f, f);
	else if (r->claim->expect == EXPECT_EQUAL || r->claim->expect == EXPECT_NO_HIGHER)
		r->verdict = claims_judge_same(r->comparison, r->claim, f);
	else
		r->verdict = claims_judge_change(r->comparison, f, r->claim->expect);
}

static int check_names(const struct claim *claim, const struct families *f, struct err *err)
{
	struct strv names = STRV_INIT;
	int ret = 0;

	strv_split(&names, claim->families, ",");
	for (size_t i = 0; i < names.n && ret == 0; i++) {
		const char *name = names.v[i] + strspn(names.v[i], " ");
		size_t k = 0;

		while (k < f->n && strcmp(f->v[k].name, name))
			k++;
		if (k == f->n)
			ret = err_set(err, "[%s] families=%s: there is no family '%s'", claim->id,
				      claim->families, name);
	}
	strv_release(&names);
	return ret;
}

int ledger_attribute(struct ledger *l, const struct profiles *from, size_t n, struct err *err)
{
	for (size_t i = 0; i < l->n; i++) {
		struct ledger_row *r = &l->rows[i];

		if (!r->claim->families || !r->result || r->comparison->subject)
			continue;
		for (size_t k = 0; k < n && !r->functions.k; k++)
			if (from[k].run.n_boots &&
			    (check_names(r->claim, &from[k].families, err) < 0 ||
			     attribute(r, &from[k], err) < 0))
				return -1;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->rows[i].functions.k && l->rows[i].functions.level == 0)
			claims_judge_together(l, l->rows[i].comparison, pick);
	for (size_t i = 0; i < l->n; i++)
		conclude(&l->rows[i]);
	return 0;
}
