#include "analysis/judge/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
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

/* The changes from the anchor, the first arm, to an arm, in the rounds that have both. */
static double from_anchor(const struct timeline *t, const struct timeline_series *to,
			  const struct series *s, size_t arm)
{
	double *d = xcalloc(t->run->n_boots + 1, sizeof(*d)), hl;
	size_t n = 0;

	for (size_t i = 0; i < t->run->n_boots; i++) {
		const struct run_boot *b = &t->run->boots[i];
		double x = value_in(t, s, 0, b->pair), y = s->boot[i].median;

		if (b->arm == arm && !isnan(x) && !isnan(y))
			d[n++] = to->difference ? y - x : log(y / x);
	}
	hl = stats_hl(d, n);
	free(d);
	return to->difference ? hl : exp(hl);
}

static void fill_point(const struct timeline *t, struct timeline_series *to, const struct series *s,
		       size_t arm)
{
	struct values v = load_values(t->run, arm, s);
	struct spread spread = values_spread(&v);

	to->points[arm] = (struct timeline_point){
		.boots = v.n,
		.value = spread.mid,
		.low = spread.low,
		.high = spread.high,
		.ratio = from_anchor(t, to, s, arm),
		.level = NAN,
		.step = steps_find(&t->judged, to->cell->id, NULL, arm),
	};
	values_release(&v);
}

/* --- changes --- */

static void add_change(struct timeline_series *s, const struct step *step)
{
	const struct result *r = &step->result;

	s->changes = xrealloc(s->changes, (s->n_changes + 1) * sizeof(*s->changes));
	s->changes[s->n_changes++] = (struct timeline_change){
		.before = step->before,
		.at = step->at,
		.old = r->old,
		.new = r->new,
		.difference = r->difference,
		.ratio = r->ratio,
		.low = r->low,
		.high = r->high,
		.p_adjusted = r->p_adjusted,
		.pairs = r->k,
	};
}

/* The mean of the values of from..to-1. */
static void set_level(struct timeline_series *s, size_t from, size_t to)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		if (!s->points[i].boots)
			continue;
		sum += s->points[i].value;
		n++;
	}
	for (size_t i = from; i < to && n; i++)
		s->points[i].level = sum / (double)n;
}

static void find_changes(const struct timeline *t, struct timeline_series *s)
{
	size_t from = 0;

	for (size_t i = 0; i < t->run->n_arms; i++) {
		const struct step *step = s->points[i].step;

		if (!step || !step_is_change(step))
			continue;
		add_change(s, step);
		set_level(s, from, i);
		from = i;
	}
	set_level(s, from, t->run->n_arms);
}

static void make_series(struct timeline *t, struct timeline_series *to, const struct run_cell *c)
{
	const struct series *s = &c->series[0]; /* the primary one */

	*to = (struct timeline_series){
		.cell = c, .metric = &s->metric, .difference = !all_positive(t, s)};
	to->points = xcalloc(t->run->n_arms, sizeof(*to->points));
	for (size_t i = 0; i < t->run->n_arms; i++)
		fill_point(t, to, s, i);
	find_changes(t, to);
}

/* A kernel whose package came without its configuration is not one without options. */
static bool config_known(const struct timeline *t, size_t arm)
{
	return json_object_size(t->run->arms[arm].config) > 0;
}

static void list_settings(struct timeline *t)
{
	const struct run *run = t->run;
	size_t known = SIZE_MAX;

	t->since = xcalloc(run->n_arms, sizeof(*t->since));
	t->settings = xcalloc(run->n_arms, sizeof(*t->settings));
	for (size_t i = 0; i < run->n_arms; i++) {
		t->since[i] = i;
		if (!config_known(t, i))
			continue;
		if (known != SIZE_MAX) {
			t->since[i] = known;
			compare_settings(&t->settings[i], run, &run->arms[known], &run->arms[i]);
		}
		known = i;
	}
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
	if (check_names(run, err) < 0 || steps_make(&t->judged, run, t->margin, err) < 0)
		return -1;
	t->series = xcalloc(run->n_cells + 1, sizeof(*t->series));
	for (size_t i = 0; i < run->n_cells; i++)
		make_series(t, &t->series[t->n++], &run->cells[i]);
	list_settings(t);
	return 0;
}

void timeline_release(struct timeline *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t j = 0; j < t->series[i].n_changes; j++)
			free(t->series[i].changes[j].run);
		free(t->series[i].changes);
		free(t->series[i].points);
	}
	for (size_t i = 0; t->settings && i < t->run->n_arms; i++)
		compare_release(&t->settings[i]);
	free(t->settings);
	steps_release(&t->judged);
	free(t->since);
	free(t->series);
	*t = (struct timeline){0};
}
