#include "analysis/judge/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/changepoint.h"
#include "analysis/report/part.h"
#include "analysis/stats/stats.h"

/* --- values --- */

static double value_in(const struct timeline *t, const struct series *s, size_t arm, int pair)
{
	for (size_t i = 0; i < t->run->n_boots; i++)
		if (t->run->boots[i].arm == arm && t->run->boots[i].pair == pair)
			return s->boot[i].median;
	return NAN;
}

static bool all_positive(const struct timeline *t, const struct series *s)
{
	for (size_t i = 0; i < t->run->n_boots; i++)
		if (s->boot[i].median <= 0)
			return false;
	return true;
}

/* The changes from the anchor to an arm in the rounds that have both, on the scale of the series.
 */
static size_t changes_from_anchor(const struct timeline *t, const struct timeline_series *to,
				  const struct series *s, size_t arm, double *d)
{
	size_t n = 0;

	for (size_t i = 0; i < t->run->n_boots; i++) {
		const struct run_boot *b = &t->run->boots[i];
		double x = value_in(t, s, 0, b->pair), y = s->boot[i].median;

		if (b->arm == arm && !isnan(x) && !isnan(y))
			d[n++] = to->difference ? y - x : log(y / x);
	}
	return n;
}

static double unscale(const struct timeline_series *s, double v)
{
	return s->difference ? v : exp(v);
}

static void fill_point(const struct timeline *t, struct timeline_series *to, const struct series *s,
		       size_t arm)
{
	const struct side side = {.run = t->run, .arm = &t->run->arms[arm], .arm_index = arm};
	struct values v = report_values(&side, to->cell->id, s->metric.name);
	struct spread spread = values_spread(&v);
	struct timeline_point *p = &to->points[arm];
	double *d = xcalloc(t->run->n_boots + 1, sizeof(*d));
	size_t k = changes_from_anchor(t, to, s, arm, d);
	struct interval ci = stats_signed_rank(d, k, 0.95);

	*p = (struct timeline_point){
		.boots = v.n,
		.value = spread.mid,
		.low = spread.low,
		.high = spread.high,
		.ratio = NAN,
		.ratio_low = NAN,
		.ratio_high = NAN,
		.level = NAN,
		.se = k > 1 ? stats_sd(d, k) / sqrt((double)k) : NAN,
	};
	if (k) {
		p->ratio = unscale(to, stats_hl(d, k));
		p->ratio_low = unscale(to, ci.low);
		p->ratio_high = unscale(to, ci.high);
	}
	values_release(&v);
	free(d);
}

/* --- changes --- */

/* The series that change points are sought in: the points that have a value, and their arms. */
struct track {
	double *v, *se;
	size_t *arm;
	size_t n;
};

static struct track make_track(const struct timeline *t, const struct timeline_series *s)
{
	size_t arms = t->run->n_arms;
	struct track k = {xcalloc(arms, sizeof(*k.v)), xcalloc(arms, sizeof(*k.se)),
			  xcalloc(arms, sizeof(*k.arm)), 0};

	for (size_t i = 0; i < arms; i++) {
		double v = s->anchored ? s->points[i].ratio : s->points[i].value;

		if (isnan(v))
			continue;
		k.v[k.n] = s->difference ? v : log(v);
		/* The anchor differs from itself by nothing, which tells nothing of the noise. */
		k.se[k.n] = i ? s->points[i].se : NAN;
		k.arm[k.n++] = i;
	}
	return k;
}

static void release_track(struct track *k)
{
	free(k->v);
	free(k->se);
	free(k->arm);
}

/* A step of the margin's size is to stay below the penalty; icount's noise may be nothing at all.
 */
static double least_noise(const struct timeline *t, const struct timeline_series *s,
			  const struct track *k)
{
	double scale = 1;

	if (s->difference) { /* a share of what? of the largest value there is */
		scale = 0;
		for (size_t i = 0; i < k->n; i++)
			scale = fmax(scale, fabs(s->points[k->arm[i]].value));
	}
	return scale > 0 ? scale * log1p(t->margin) / 3 : 1;
}

static enum timeline_opinion opinion_on(const struct track *k, size_t at, const size_t *other,
					size_t n)
{
	/* E-divisive has no segments of one value. */
	if (at < CHANGEPOINT_LEAST || at + CHANGEPOINT_LEAST > k->n)
		return OPINION_NONE;
	for (size_t i = 0; i < n; i++)
		if (other[i] == at)
			return OPINION_AGREES;
	return OPINION_DIFFERS;
}

/* Mean of from..to-1 as a value: the mean change from the anchor, put on the anchor's value. */
static double level_of(const struct timeline_series *s, const struct track *k, size_t from,
		       size_t to)
{
	double mean = stats_mean(k->v + from, to - from);

	if (!s->anchored)
		return unscale(s, mean);
	return s->difference ? s->points[0].value + mean : s->points[0].value * exp(mean);
}

static struct timeline_change *add_change(struct timeline_series *s, const struct track *k,
					  size_t at)
{
	struct timeline_change *c;

	s->changes = xrealloc(s->changes, (s->n_changes + 1) * sizeof(*s->changes));
	c = &s->changes[s->n_changes++];
	*c = (struct timeline_change){
		.before = k->arm[at - 1],
		.at = k->arm[at],
		.provisional = k->n - 1 - at < 2,
		.old = s->points[k->arm[at - 1]].level,
		.new = s->points[k->arm[at]].level,
	};
	c->ratio = s->difference ? c->new - c->old : c->new / c->old;
	return c;
}

static void find_changes(const struct timeline *t, struct timeline_series *s)
{
	struct track k = make_track(t, s);
	size_t *at = xcalloc(k.n + 1, sizeof(*at)), *other = xcalloc(k.n + 1, sizeof(*other)),
	       n = 0, m;

	if (k.n < 2)
		goto out;
	s->noise = fmax(changepoint_noise(k.v, k.se, k.n), least_noise(t, s, &k));
	n = changepoint_partition(k.v, k.n, s->noise, changepoint_penalty(k.n), at);
	m = changepoint_divisive(k.v, k.n, 0.05, t->run->seed, other);
	for (size_t i = 0, from = 0; i <= n; i++) {
		size_t to = i < n ? at[i] : k.n;

		for (size_t j = from; j < to; j++)
			s->points[k.arm[j]].level = level_of(s, &k, from, to);
		from = to;
	}
	for (size_t i = 0; i < n; i++)
		add_change(s, &k, at[i])->opinion = opinion_on(&k, at[i], other, m);
out:
	free(at);
	free(other);
	release_track(&k);
}

static void make_series(struct timeline *t, struct timeline_series *to, const struct run_cell *c)
{
	const struct series *s = &c->series[0]; /* the primary one */

	*to = (struct timeline_series){
		.cell = c, .metric = &s->metric, .difference = !all_positive(t, s)};
	to->points = xcalloc(t->run->n_arms, sizeof(*to->points));
	for (size_t i = 0; i < t->run->n_arms; i++)
		fill_point(t, to, s, i);
	to->anchored = to->points[0].boots > 0;
	find_changes(t, to);
}

/* A kernel whose package came without its configuration is not one without options. */
static bool config_known(const struct timeline *t, size_t arm)
{
	return json_object_size(t->run->arms[arm].config) > 0;
}

static int make_steps(struct timeline *t, struct err *err)
{
	const struct run *run = t->run;
	size_t known = SIZE_MAX;

	t->since = xcalloc(run->n_arms, sizeof(*t->since));
	t->steps = xcalloc(run->n_arms, sizeof(*t->steps));
	for (size_t i = 0; i < run->n_arms; i++) {
		t->since[i] = i;
		if (!config_known(t, i))
			continue;
		if (known != SIZE_MAX) {
			const struct compare_opts opts = {.old_arm = run->arms[known].name,
							  .new_arm = run->arms[i].name};

			t->since[i] = known;
			if (compare_runs(&t->steps[i], run, run, &opts, err) < 0)
				return -1;
		}
		known = i;
	}
	return 0;
}

/* They stand in texts and in names of directories, and run.json may come from anywhere. */
static int check_names(const struct run *run, struct err *err)
{
	for (size_t i = 0; i < run->n_arms; i++) {
		const char *name = run->arms[i].name;

		if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_")])
			return err_set(
				err,
				"%s/run.json: the name of 'arms[%zu]' is not of a-z, 0-9, '.', "
				"'-' and '_'",
				run->path, i);
	}
	return 0;
}

int timeline_make(struct timeline *t, const struct run *run, double margin, struct err *err)
{
	*t = (struct timeline){.run = run};
	t->margin = margin > 0 ? margin : fmax(COMPARE_MARGIN, run->margin);
	if (run->n_arms < 3)
		return err_set(err,
			       "'%s' has %zu kernel%s: a timeline wants three or more, see "
			       "configs/releases.ini",
			       run->path, run->n_arms, run->n_arms > 1 ? "s" : "");
	if (check_names(run, err) < 0)
		return -1;
	t->series = xcalloc(run->n_cells + 1, sizeof(*t->series));
	for (size_t i = 0; i < run->n_cells; i++)
		make_series(t, &t->series[t->n++], &run->cells[i]);
	if (make_steps(t, err) == 0)
		return 0;
	timeline_release(t);
	return -1;
}

void timeline_release(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t j = 0; j < t->series[i].n_changes; j++)
			free(t->series[i].changes[j].proof_text);
		free(t->series[i].changes);
		free(t->series[i].points);
	}
	for (size_t i = 0; t->steps && i < t->run->n_arms; i++)
		compare_release(&t->steps[i]);
	free(t->steps);
	free(t->since);
	free(t->series);
	*t = (struct timeline){0};
}
