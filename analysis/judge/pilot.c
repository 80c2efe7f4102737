#include "analysis/judge/pilot.h"

#include <stdlib.h>
#include "analysis/judge/compare.h"
#include "analysis/stats/stats.h"

/* --- what it costs --- */

static double median_of(const struct run *r,
			double (*value)(const struct run *, const struct run_boot *))
{
	double *v = xcalloc(r->n_boots + 1, sizeof(*v)), m;
	size_t n = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		double x = value(r, &r->boots[i]);

		if (!isnan(x))
			v[n++] = x;
	}
	m = stats_median(v, n);
	free(v);
	return m;
}

static double ready(const struct run *r, const struct run_boot *b)
{
	(void)r;
	return b->ready_seconds;
}

static double iteration(const struct run *r, const struct run_boot *b)
{
	double all = 0;

	for (size_t i = 0; i < r->n_cells; i++)
		all += r->cells[i].iterations + r->cells[i].warmup;
	return (b->wall_seconds - b->ready_seconds) / all * (double)r->n_cells;
}

/* --- how much it varies --- */

/* A boot's value and spread on the logarithmic scale; false where it has none. */
static bool boot_log(const struct series *s, size_t boot, double *mean, double *sd)
{
	const struct boot_value *v = &s->boot[boot];

	if (!(v->median > 0))
		return false;
	*mean = log(v->median);
	*sd = v->sd / v->median;
	return true;
}

/* Of the boots of one arm. */
static void components(const struct run *r, const struct series *s, size_t arm, double *within,
		       double *between)
{
	double *mean = xcalloc(r->n_boots + 1, sizeof(*mean));
	double *sd = xcalloc(r->n_boots + 1, sizeof(*sd));
	size_t *n = xcalloc(r->n_boots + 1, sizeof(*n)), boots = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		if (r->boots[i].arm != arm || !boot_log(s, i, &mean[boots], &sd[boots]))
			continue;
		n[boots++] = s->boot[i].n;
	}
	stats_components(mean, sd, n, boots, within, between);
	free(mean);
	free(sd);
	free(n);
}

static double root_mean_square(double a, double b)
{
	return sqrt((a * a + b * b) / 2);
}

/*
 * What the pairs of the run say, one a row, NAN where a boot has no value: differences within its
 * pairs; of a run with one arm its boots, as far apart as two of them are. Returns the rows.
 */
static size_t pair_rows(const struct run *r, const struct series *s, double *d)
{
	double x, y, sd;
	size_t n = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		if (r->boots[i].arm != 0)
			continue;
		d[n] = NAN;
		if (boot_log(s, i, &x, &sd) && r->n_arms == 1)
			d[n] = x * sqrt(2);
		for (size_t j = 0; j < r->n_boots && r->n_arms > 1; j++)
			if (r->boots[j].arm == 1 && r->boots[j].pair == r->boots[i].pair &&
			    boot_log(s, i, &x, &sd) && boot_log(s, j, &y, &sd))
				d[n] = y - x;
		n++;
	}
	return n;
}

static size_t iterations_of(const struct run *r, const struct series *s)
{
	double *v = xcalloc(r->n_boots + 1, sizeof(*v));
	size_t n = 0, m;

	for (size_t i = 0; i < r->n_boots; i++)
		if (s->boot[i].n)
			v[n++] = (double)s->boot[i].n;
	m = n ? (size_t)stats_median(v, n) : 0;
	free(v);
	return m;
}

/* Pairs that see the effect, where a pair's difference varies `times` as much as it did. */
static unsigned pairs_for(const struct pilot *p, const double *d, size_t n, double times)
{
	double *scaled = xcalloc(n + 1, sizeof(*scaled));
	unsigned k;

	for (size_t i = 0; i < n; i++)
		scaled[i] = times * d[i];
	k = stats_plan(NULL, 0, scaled, n, p->level, COMPARE_ALPHA, log1p(p->effect),
		       PILOT_MOST_PAIRS);
	free(scaled);
	return k < COMPARE_MIN_PAIRS ? COMPARE_MIN_PAIRS : k;
}

static void plan_cell(const struct pilot *p, struct pilot_cell *c, const struct series *s,
		      const double *d, size_t n)
{
	const struct run *r = p->run;
	double within, between, variance;

	components(r, s, 0, &c->within, &c->between);
	if (r->n_arms > 1) {
		components(r, s, 1, &within, &between);
		c->within = root_mean_square(c->within, within);
		c->between = root_mean_square(c->between, between);
	}
	c->pairs = pairs_for(p, d, n, 1);
	if (isnan(p->boot) || isnan(c->between))
		return;
	c->best = stats_plan_iterations(p->boot, p->iteration * c->cell->warmup, p->iteration,
					c->within, c->between, PILOT_MOST_ITERATIONS);
	/* What the iterations add to a pair shrinks with their number, what the boots add does not.
	 */
	variance = c->pair * c->pair -
		   2 * c->within * c->within * (1. / (double)c->iterations - 1. / c->best);
	c->best_pairs = pairs_for(p, d, n, c->pair > 0 ? sqrt(fmax(variance, 0)) / c->pair : 1);
}

/* The values of a column that are there. */
static size_t take_column(const double *x, size_t rows, size_t m, size_t j, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < rows; i++)
		if (!isnan(x[i * m + j]))
			out[n++] = x[i * m + j];
	return n;
}

/* All cells are tested together: the level that leaves for each, as the run's own pairs have it. */
static double level_of_each(const double *x, size_t rows, size_t m, uint64_t seed)
{
	double level = 0;

	if (rows >= COMPARE_MIN_PAIRS)
		level = stats_level_of(stats_critical(x, NULL, rows, m, COMPARE_ALPHA, seed),
				       (double)rows, (double)rows - 1);
	/* Pairs that are too few to tell leave Bonferroni's. */
	return level > 0 ? level : COMPARE_ALPHA / (double)m;
}

static void plan_cells(struct pilot *p)
{
	const struct run *r = p->run;
	size_t m = r->n_cells, rows = 0;
	double *x = xcalloc(r->n_boots * m + 1, sizeof(*x));
	double *d = xcalloc(r->n_boots + 1, sizeof(*d));

	for (size_t j = 0; j < m; j++) {
		rows = pair_rows(r, &r->cells[j].series[0], d);
		for (size_t i = 0; i < rows; i++)
			x[i * m + j] = d[i];
	}
	p->level = level_of_each(x, rows, m, r->seed);
	for (size_t j = 0; j < m; j++) {
		struct pilot_cell *c = &p->cells[p->n];
		const struct series *s = &r->cells[j].series[0];
		size_t n = take_column(x, rows, m, j, d);

		*c = (struct pilot_cell){.cell = &r->cells[j]};
		c->iterations = iterations_of(r, s);
		c->pair = stats_sd(d, n);
		if (isnan(c->pair))
			continue;
		plan_cell(p, c, s, d, n);
		p->n++;
	}
	free(x);
	free(d);
}

int pilot_make(struct pilot *p, const struct run *r, double effect, struct err *err)
{
	*p = (struct pilot){.run = r, .effect = effect};
	p->boot = median_of(r, ready);
	p->iteration = median_of(r, iteration);
	p->cells = xcalloc(r->n_cells + 1, sizeof(*p->cells));
	plan_cells(p);
	if (p->n)
		return 0;
	pilot_release(p);
	return err_set(err, "run '%s' has no cell with figures of two pairs of boots", r->path);
}

void pilot_release(struct pilot *p)
{
	free(p->cells);
	*p = (struct pilot){0};
}
