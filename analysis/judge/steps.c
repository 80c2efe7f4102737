#include "analysis/judge/steps.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/judge/family.h"
#include "lib/str.h"

static bool was_made(const struct run_boot *b)
{
	return strcmp(b->outcome, "missing") != 0;
}

/* Gives each round of which a boot was made a row, by the numbers that the boots say: boot i is of
 * round[i]. */
static size_t number_rounds(const struct run *r, size_t *round)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		size_t same = 0;

		if (!was_made(&r->boots[i]))
			continue;
		while (same < i &&
		       (r->boots[same].pair != r->boots[i].pair || !was_made(&r->boots[same])))
			same++;
		round[i] = same < i ? round[same] : n++;
	}
	return n;
}

/* value[arm * rounds + round], NAN where there is none. */
static double *values_of(const struct steps *s, const size_t *round, const struct series *series)
{
	const struct run *r = s->run;
	double *v = xcalloc(r->n_arms * s->rounds + 1, sizeof(*v));

	for (size_t i = 0; i < r->n_arms * s->rounds; i++)
		v[i] = NAN;
	for (size_t i = 0; i < r->n_boots; i++)
		if (was_made(&r->boots[i]))
			v[r->boots[i].arm * s->rounds + round[i]] = series->boot[i].median;
	return v;
}

static bool has_value(const struct steps *s, const double *v, size_t arm)
{
	for (size_t i = 0; i < s->rounds; i++)
		if (!isnan(v[arm * s->rounds + i]))
			return true;
	return false;
}

static void add_step(struct steps *s, const struct run_cell *cell, const struct run_metric *metric,
		     const double *v, size_t before, size_t at)
{
	struct step *step = &s->v[s->n++];
	struct result *r = &step->result;

	*step = (struct step){before, at, {.cell = cell, .metric = metric}};
	result_reserve(r, s->rounds);
	for (size_t i = 0; i < s->rounds; i++) {
		double x = v[before * s->rounds + i], y = v[at * s->rounds + i];

		if (!isnan(x) && !isnan(y))
			result_pair(r, i, x, y);
	}
}

static void add_series(struct steps *s, const size_t *round, const struct run_cell *cell,
		       const struct series *series)
{
	double *v = values_of(s, round, series);
	size_t before = SIZE_MAX;

	for (size_t at = 0; at < s->run->n_arms; at++) {
		if (!has_value(s, v, at))
			continue;
		if (before != SIZE_MAX)
			add_step(s, cell, &series->metric, v, before, at);
		before = at;
	}
	free(v);
}

static void judge_kind(struct steps *s, enum metric_kind kind)
{
	struct family f = {
		.r = xcalloc(s->n + 1, sizeof(struct result *)),
		.rows = s->rounds,
		.joint = kind == METRIC_PRIMARY,
		.alpha = s->alpha,
		.margin = s->margin,
		.level = 1 - s->alpha,
		.seed = s->run->seed,
	};

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].result.k && s->v[i].result.metric->kind == kind)
			f.r[f.m++] = &s->v[i].result;
	family_judge(&f);
	free(f.r);
}

int steps_make(struct steps *s, const struct run *run, double margin, struct err *err)
{
	size_t most = 0, *round;

	*s = (struct steps){.run = run, .alpha = COMPARE_ALPHA};
	s->margin = margin > 0 ? margin : fmax(COMPARE_MARGIN, run->margin);
	if (run->n_arms < 2)
		return err_set(err, "'%s' has one kernel: steps are between two or more",
			       run->path);
	round = xcalloc(run->n_boots + 1, sizeof(*round));
	s->rounds = number_rounds(run, round);
	for (size_t i = 0; i < run->n_cells; i++)
		most += run->cells[i].n_series * run->n_arms;
	s->v = xcalloc(most + 1, sizeof(*s->v));
	for (size_t i = 0; i < run->n_cells; i++)
		for (size_t j = 0; j < run->cells[i].n_series; j++)
			if (run->cells[i].series[j].metric.kind != METRIC_COUNTER)
				add_series(s, round, &run->cells[i], &run->cells[i].series[j]);
	free(round);
	judge_kind(s, METRIC_PRIMARY);
	judge_kind(s, METRIC_SECONDARY);
	return 0;
}

void steps_release(struct steps *s)
{
	for (size_t i = 0; i < s->n; i++)
		result_release(&s->v[i].result);
	free(s->v);
	*s = (struct steps){0};
}

const struct step *steps_find(const struct steps *s, const char *cell, const char *metric,
			      size_t at)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct result *r = &s->v[i].result;

		if (s->v[i].at == at && !strcmp(r->cell->id, cell) &&
		    (metric ? !strcmp(r->metric->name, metric) : r->metric->kind == METRIC_PRIMARY))
			return &s->v[i];
	}
	return NULL;
}

bool step_is_change(const struct step *s)
{
	enum verdict v = s->result.verdict;

	return s->result.k && (v == VERDICT_BETTER || v == VERDICT_WORSE || v == VERDICT_CHANGED);
}
