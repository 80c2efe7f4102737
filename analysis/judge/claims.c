/* What stored runs say to a claim. */
#include "analysis/judge/claims.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/cause/locks.h"
#include "analysis/judge/claims-parts.h"
#include "analysis/judge/family.h"
#include "analysis/stats/stats.h"
#include "lib/text.h"

const char *claim_verdict_name(enum claim_verdict v)
{
	static const char *const names[] = {"holds", "does not hold", "no difference",
					    "inconclusive", "not testable here"};

	return names[v];
}

/* --- figures --- */

static struct values arm_values(const struct run *r, const struct run_arm *arm, const char *cell,
				const char *metric)
{
	return load_values(r, (size_t)(arm - r->arms), load_figure(r, cell, metric));
}

static double arm_median(const struct run *r, const struct run_arm *arm, const char *cell,
			 const char *metric)
{
	struct values v = arm_values(r, arm, cell, metric);
	double median = stats_median(v.v, v.n);

	values_release(&v);
	return median;
}

static void take_counter(struct ledger_row *r)
{
	const struct comparison *c = r->comparison;
	const char *name = r->claim->counter;
	char *full;

	if (!name)
		return;
	full = xasprintf(load_series(r->cell, name) ? "%s" : "vmstat.%s", name);
	r->counter_old = arm_median(c->run_old, c->arm_old, r->cell->id, full);
	r->counter_new = arm_median(c->run_new, c->arm_new, r->cell->id, full);
	free(full);
}

/* --- net of the control --- */

static size_t find_row(const struct result *r, size_t row)
{
	size_t i = 0;

	while (i < r->k && r->old_row[i] != row)
		i++;
	return i;
}

static struct result empty_like(const struct result *r)
{
	struct result e = {.cell = r->cell, .metric = r->metric};

	result_reserve(&e, r->k);
	return e;
}

/*
 * In the pairs that have both: what the cell takes more than its control, and the old kernel's cell
 * (its median) as it would be had only that changed. The margin is a share of the latter: a net of
 * 5 of 3000 that becomes 6 is not a fifth more of anything that matters.
 */
static void take_net(struct ledger_row *r, const struct result *cell, const struct result *control)
{
	double whole = stats_median(cell->old_v, cell->k);

	r->net = empty_like(cell);
	r->gross = empty_like(cell);
	for (size_t i = 0; i < cell->k; i++) {
		size_t with = find_row(control, cell->old_row[i]);
		double old, new;

		if (with == control->k)
			continue;
		old = cell->old_v[i] - control->old_v[with];
		new = cell->new_v[i] - control->new_v[with];
		result_pair(&r->net, cell->old_row[i], old, new);
		result_pair(&r->gross, cell->old_row[i], whole, whole + new - old);
	}
	r->net.old = stats_median(r->net.old_v, r->net.k);
	r->net.new = stats_median(r->net.new_v, r->net.k);
}

/* What changed of the whole, told of the net: as a ratio where both nets are more than the margin
 * of the whole, else as a difference. */
static double net_of(const struct ledger_row *r, double v)
{
	double change = r->gross.difference ? v : (v - 1) * r->gross.old;

	return r->net.difference ? change : 1 + change / r->net.old;
}

static void show_net(struct ledger_row *r)
{
	double least = r->comparison->margin * fabs(r->gross.old);

	r->net.difference = !(r->net.old > least && r->net.new > least);
	r->net.ratio = net_of(r, r->gross.ratio);
	r->net.low = net_of(r, r->gross.low);
	r->net.high = net_of(r, r->gross.high);
	r->net.level = r->gross.level;
	r->net.p = r->gross.p;
	r->net.p_adjusted = r->gross.p_adjusted;
	r->net.verdict = r->gross.verdict;
}

/* The control, and both kernels' values of it in the same pairs. */
static void take_control(struct ledger_row *r)
{
	const struct comparison *c = r->comparison;
	const char *control = r->cell->control;

	if (r->claim->net && strcmp(r->claim->net, "control")) {
		const struct run_cell *other = claims_cell(c->run_new, r->claim->net);

		control = other ? other->id : NULL;
	}
	if (control)
		r->control = compare_find(c, control, r->claim->metric);
	if (!r->claim->net || !r->result)
		return;
	if (r->control && c->paired)
		take_net(r, r->result, r->control);
	if (r->net.k) {
		r->result = &r->net;
	} else {
		r->result = NULL;
		r->need =
			xasprintf("needs %s beside it in the same pairs of boots",
				  strcmp(r->claim->net, "control") ? r->claim->net : "its control");
	}
}

/* --- what follows from them --- */

/*
 * A sign test of the new kernel's boots, one-sided at 5 %: that its median keeps the bound, or does
 * not. Supported is only what every boot keeps.
 */
static enum claim_verdict judge_bound(const struct ledger_row *row)
{
	const struct comparison *c = row->comparison;
	struct values own = arm_values(c->run_new, c->arm_new, row->cell->id, row->claim->metric);
	struct values v = row->claim->net ? (struct values){row->net.new_v, row->net.k} : own;
	unsigned above = 0;

	for (size_t i = 0; i < v.n; i++)
		above += v.v[i] > row->claim->bound;
	values_release(&own);
	if (v.n < COMPARE_MIN_PAIRS)
		return CLAIM_INCONCLUSIVE;
	if (!above)
		return CLAIM_SUPPORTED;
	return stats_sign_test(above, (unsigned)v.n) <= COMPARE_ALPHA ? CLAIM_REFUTED
								      : CLAIM_INCONCLUSIVE;
}

/* Why a kernel has no value: the reason of the cell's first record that was not ok. */
static void explain(struct str *out, const char *arm, const struct outcome_count *o)
{
	if (!o->reason)
		return;
	str_addf(out, "%s%s kernel: ", out->len ? "; " : "", arm);
	text_escape(out, o->reason);
}

static char *missing_value(const struct ledger_row *r)
{
	const struct comparison *c = r->comparison;
	struct str s = STR_INIT;

	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome_row *o = &c->outcomes[i];

		if (!o->cell || strcmp(o->cell->id, r->cell->id))
			continue;
		explain(&s, "old", &o->old);
		explain(&s, "new", &o->new);
	}
	if (!s.len)
		str_addf(&s, "no boot has a value of %s", r->claim->metric);
	return s.buf;
}

static void judge(struct ledger_row *r)
{
	const struct comparison *c = r->comparison;
	/* A net is judged by what it is of the whole. */
	const struct result *judged = r->result == &r->net ? &r->gross : r->result;

	if (r->need)
		return;
	if (r->claim->expect == EXPECT_AT_MOST && !isnan(r->new))
		r->verdict = judge_bound(r);
	else if (!r->result || r->claim->expect == EXPECT_AT_MOST)
		r->need = missing_value(r);
	else if (r->claim->by > 0)
		r->verdict = claims_judge_by(c, r->claim, r->result, judged);
	else if (r->claim->expect == EXPECT_LOWER || r->claim->expect == EXPECT_HIGHER)
		r->verdict = claims_judge_change(c, judged, r->claim->expect);
	else
		r->verdict = claims_judge_same(c, r->claim, judged);
}

static void take_figures(struct ledger_row *r)
{
	const struct comparison *c = r->comparison;

	r->result = compare_find(c, r->cell->id, r->claim->metric);
	take_control(r);
	take_counter(r);
	if (r->claim->net && r->result) {
		r->old = r->net.old;
		r->new = r->net.new;
		return;
	}
	r->old = arm_median(c->run_old, c->arm_old, r->cell->id, r->claim->metric);
	r->new = arm_median(c->run_new, c->arm_new, r->cell->id, r->claim->metric);
}

void claims_judge_together(struct ledger *l, const struct comparison *c, claims_pick *pick)
{
	struct family f = {
		.r = xcalloc(l->n + 1, sizeof(struct result *)),
		.joint = true,
		.alpha = c->alpha,
		.margin = c->margin,
		.level = c->looked ? 1 - COMPARE_ALPHA : 1 - c->alpha,
		.seed = c->run_new->seed,
	};

	for (size_t i = 0; i < l->n; i++) {
		struct result *r = l->rows[i].comparison == c ? pick(&l->rows[i]) : NULL;

		if (!r)
			continue;
		f.r[f.m++] = r;
		for (size_t k = 0; k < r->k; k++)
			f.rows = f.rows > r->old_row[k] ? f.rows : r->old_row[k] + 1;
	}
	family_judge(&f);
	free(f.r);
}

static struct result *pick_net(struct ledger_row *r)
{
	return r->result == &r->net ? &r->gross : NULL;
}

/* The nets of one comparison are tested together: they were not among what it tested. */
static void judge_nets(struct ledger *l, const struct comparison *c)
{
	claims_judge_together(l, c, pick_net);
	for (size_t i = 0; i < l->n; i++)
		if (l->rows[i].comparison == c && l->rows[i].result == &l->rows[i].net)
			show_net(&l->rows[i]);
}

/* Whether it is of waiting, which boots tell that recorded it, and those nothing else. */
static bool is_waiting(const struct claim *claim)
{
	return !strncmp(claim->metric, LOCKS_FIGURE, strlen(LOCKS_FIGURE));
}

/* Whether a comparison is that of the claim's own patches, or of kernels that differ in no one
 * knows what. */
static bool concerns(const struct comparison *c, const struct claim *claim, bool alone)
{
	const char *since = claim->since ? claim->since : claim->subject;

	if (c->of_locks != is_waiting(claim))
		return false;
	if (!alone || !claim->subject)
		return !c->subject && !alone;
	return c->subject && !strcmp(c->subject, claim->subject) && !strcmp(c->since, since);
}

/* "needs a run on target icount, with 4 CPUs, with locks=slowpath of CELL", or of another place
 * only. */
static char *missing_run(const struct claim *claim, bool elsewhere)
{
	struct str s = STR_INIT;

	str_add(&s, elsewhere ? "needs" : "needs a run");
	if (claim->target)
		str_addf(&s, "%s target %s", elsewhere ? "" : " on", claim->target);
	if (claim->cpus > 1)
		str_addf(&s, "%s %d CPUs", elsewhere ? "" : " with", claim->cpus);
	if (!elsewhere)
		str_addf(&s, "%s of %s", is_waiting(claim) ? " with locks=slowpath" : "",
			 claim->workload);
	return s.buf;
}

/* The first comparison on the right target that has the cell, of the claim's own patches if there
 * is one; or why there is none. */
static void find(struct ledger_row *r, const struct comparison *const *c, size_t n)
{
	const struct run_cell *elsewhere = NULL;

	for (size_t k = 0; k < 2 * n && !r->cell; k++) {
		size_t i = k % n;
		const struct run *run = c[i]->run_new;
		const struct run_cell *cell = claims_cell(run, r->claim->workload);

		if (!concerns(c[i], r->claim, k < n))
			continue;
		if (cell && ((r->claim->target && strcmp(r->claim->target, run->target.kind)) ||
			     run->target.cpus < r->claim->cpus)) {
			elsewhere = cell;
		} else if (cell) {
			r->comparison = c[i];
			r->cell = cell;
		}
	}
	if (r->cell)
		return;
	r->need = missing_run(r->claim, elsewhere);
}

static char *printable(const char *text)
{
	struct str s = STR_INIT;

	text_escape(&s, text);
	return s.buf ? s.buf : xstrdup("");
}

static void add_file(struct ledger *l, const struct claim_file *f,
		     const struct comparison *const *comparisons, size_t n)
{
	for (size_t i = 0; i < f->n; i++) {
		struct ledger_row *r = &l->rows[l->n++];

		*r = (struct ledger_row){.file = f,
					 .claim = &f->v[i],
					 .verdict = CLAIM_NOT_TESTABLE,
					 .old = NAN,
					 .new = NAN,
					 .counter_old = NAN,
					 .counter_new = NAN};
		if (r->claim->untestable)
			r->need = printable(r->claim->untestable);
		else
			find(r, comparisons, n);
		if (r->cell)
			take_figures(r);
	}
}

void ledger_make(struct ledger *l, const struct claims *claims,
		 const struct comparison *const *comparisons, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < claims->n; i++)
		all += claims->files[i].n;
	*l = (struct ledger){.rows = xcalloc(all + 1, sizeof(*l->rows))};
	for (size_t i = 0; i < claims->n; i++)
		add_file(l, &claims->files[i], comparisons, n);
	for (size_t i = 0; i < n; i++)
		judge_nets(l, comparisons[i]);
	for (size_t i = 0; i < l->n; i++) {
		if (l->rows[i].cell)
			judge(&l->rows[i]);
		l->testable += l->rows[i].verdict != CLAIM_NOT_TESTABLE;
	}
}

void ledger_release(struct ledger *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->rows[i].need);
		result_release(&l->rows[i].net);
		result_release(&l->rows[i].gross);
		result_release(&l->rows[i].functions);
	}
	free(l->rows);
	*l = (struct ledger){NULL, 0, 0};
}
