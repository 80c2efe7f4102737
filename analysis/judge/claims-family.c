/* What of a difference is in the functions that a claim's patch touches. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/profile.h"
#include "analysis/judge/claims-parts.h"
#include "analysis/judge/claims.h"
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

/* What a cell's profiles on two kernels differ by: in the families that are named, and in all
 * others. */
struct change {
	double touched, others, whole[2];
};

/* 0 where the run does not have it, 1 where it has, -1 with err. */
static int change_of(struct change *out, const struct profiles *from, const struct comparison *c,
		     const char *cell, const char *families, struct err *err)
{
	const struct run_cell *known = load_cell(&from->run, cell);
	size_t old = arm_like(&from->run, c->arm_old), new = arm_like(&from->run, c->arm_new);
	struct profile p;
	int ret;

	*out = (struct change){0};
	if (!known || old == from->run.n_arms || new == from->run.n_arms)
		return 0;
	if (profile_load(&p, from, (size_t)(known - from->run.cells), old, new, err) < 0)
		return -1;
	for (size_t i = 0; i < p.n_families; i++)
		*(is_one(families, p.families[i].name) ? &out->touched : &out->others) +=
			profile_change(&p.families[i]);
	out->whole[0] = p.whole[0];
	out->whole[1] = p.whole[1];
	ret = p.side[0].ops > 0 && p.side[1].ops > 0;
	profile_release(&p);
	return ret;
}

static bool is_told(double figure, double whole)
{
	return fabs(figure - whole) <= SAME_WHOLE * fabs(figure);
}

/* The row's figure is all of its region by its operations, as the profile's is. */
static bool can_tell(const struct ledger_row *r, const struct change *c)
{
	const struct result *whole = compare_find(r->comparison, r->cell->id, r->claim->metric);

	return whole && whole->metric->kind == METRIC_PRIMARY && whole->metric->time &&
	       is_told(whole->old, c->whole[0]) && is_told(whole->new, c->whole[1]);
}

/* As the claim has it, or the other way, or by less than the margin of the whole cell. */
static void judge(struct ledger_row *r, double whole)
{
	double least = r->comparison->margin * fabs(whole);

	if (fabs(r->touched) < least)
		r->verdict = CLAIM_NO_DIFFERENCE;
	else
		r->verdict = (r->touched < 0) == (r->claim->expect == EXPECT_LOWER)
				     ? CLAIM_SUPPORTED
				     : CLAIM_REFUTED;
}

static int attribute(struct ledger_row *r, const struct profiles *from, struct err *err)
{
	const struct comparison *c = r->comparison;
	struct change cell, net = {0};
	int ret = change_of(&cell, from, c, r->cell->id, r->claim->families, err);

	if (ret > 0 && r->claim->net)
		ret = r->control ? change_of(&net, from, c, r->control->cell->id,
					     r->claim->families, err)
				 : 0;
	if (ret <= 0 || !can_tell(r, &cell))
		return ret < 0 ? -1 : 0;
	r->by_family = true;
	r->touched = cell.touched - net.touched;
	r->others = cell.others - net.others;
	judge(r, cell.whole[0]);
	return 0;
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

		if (!r->claim->families || r->verdict == CLAIM_NOT_TESTABLE ||
		    r->comparison->subject)
			continue;
		for (size_t k = 0; k < n && !r->by_family; k++)
			if (from[k].run.n_boots &&
			    (check_names(r->claim, &from[k].families, err) < 0 ||
			     attribute(r, &from[k], err) < 0))
				return -1;
	}
	return 0;
}
