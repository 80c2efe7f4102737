#include "analysis/judge/pilot.h"

#include <stdlib.h>
#include "analysis/judge/compare.h"
#include "analysis/stats/stats.h"
#include "analysis/write/table.h"
#include "lib/text.h"

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

/* sd of a pair's difference: of the run's own pairs, or of two boots of its one arm. */
static double pair_sd(const struct run *r, const struct series *s)
{
	double *v = xcalloc(r->n_boots + 1, sizeof(*v)), x, y, sd;
	size_t n = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		if (r->boots[i].arm != 0 || !boot_log(s, i, &x, &sd))
			continue;
		if (r->n_arms == 1)
			v[n++] = x;
		for (size_t j = 0; j < r->n_boots && r->n_arms > 1; j++)
			if (r->boots[j].arm == 1 && r->boots[j].pair == r->boots[i].pair &&
			    boot_log(s, j, &y, &sd))
				v[n++] = y - x;
	}
	sd = stats_sd(v, n) * (r->n_arms == 1 ? sqrt(2) : 1);
	free(v);
	return sd;
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

static unsigned pairs_for(double sd, double effect)
{
	unsigned k = stats_plan_pairs(sd, log1p(effect), PILOT_MOST_PAIRS);

	return k < COMPARE_MIN_PAIRS ? COMPARE_MIN_PAIRS : k;
}

static void plan_cell(const struct pilot *p, struct pilot_cell *c, const struct series *s)
{
	const struct run *r = p->run;
	double within, between, variance;

	components(r, s, 0, &c->within, &c->between);
	if (r->n_arms > 1) {
		components(r, s, 1, &within, &between);
		c->within = root_mean_square(c->within, within);
		c->between = root_mean_square(c->between, between);
	}
	c->pairs = pairs_for(c->pair, p->effect);
	if (isnan(p->boot) || isnan(c->between))
		return;
	c->best = stats_plan_iterations(p->boot, p->iteration * c->cell->warmup, p->iteration,
					c->within, c->between, PILOT_MOST_ITERATIONS);
	/* What the iterations add to a pair shrinks with their number, what the boots add does not.
	 */
	variance = c->pair * c->pair -
		   2 * c->within * c->within * (1. / (double)c->iterations - 1. / c->best);
	c->best_pairs = pairs_for(sqrt(fmax(variance, 0)), p->effect);
}

int pilot_make(struct pilot *p, const struct run *r, double effect, struct err *err)
{
	*p = (struct pilot){.run = r, .effect = effect};
	p->boot = median_of(r, ready);
	p->iteration = median_of(r, iteration);
	p->cells = xcalloc(r->n_cells + 1, sizeof(*p->cells));
	for (size_t i = 0; i < r->n_cells; i++) {
		struct pilot_cell *c = &p->cells[p->n];
		const struct series *s = &r->cells[i].series[0];

		*c = (struct pilot_cell){.cell = &r->cells[i]};
		c->iterations = iterations_of(r, s);
		c->pair = pair_sd(r, s);
		if (isnan(c->pair))
			continue;
		plan_cell(p, c, s);
		p->n++;
	}
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

/* --- text --- */

static void add_percent(struct str *out, double share)
{
	if (isnan(share))
		str_addf(out, " %8s", "-");
	else
		str_addf(out, " %6.2f %%", 100 * share);
}

static void add_count(struct str *out, unsigned n, unsigned most)
{
	char text[16];

	snprintf(text, sizeof(text), n >= most ? ">%u" : "%u", n >= most ? most - 1 : n);
	str_addf(out, " %6s", n ? text : "-");
}

#define ID_WIDTH 23

static void add_cell(const struct pilot_cell *c, struct str *out)
{
	struct str id = STR_INIT;

	text_escape(&id, c->cell->id);
	if (id.len > ID_WIDTH)
		str_addf(out, "  %.*s\n%*s", TABLE_WIDTH - 2, str_text(&id), ID_WIDTH + 2, "");
	else
		str_addf(out, "  %-*s", ID_WIDTH, str_text(&id));
	add_percent(out, c->within);
	add_percent(out, c->between);
	add_percent(out, c->pair);
	add_count(out, c->pairs, PILOT_MOST_PAIRS);
	add_count(out, c->best, PILOT_MOST_ITERATIONS + 1);
	add_count(out, c->best_pairs, PILOT_MOST_PAIRS);
	str_add(out, "\n");
	str_release(&id);
}

static void add_notes(const struct pilot *p, struct str *out)
{
	text_wrap(out,
		  "sd: of an iteration within its boot, of boots, and of a pair's ratio, all "
		  "relative. pairs: "
		  "for the change to be seen four times in five, at least six; best: iterations a "
		  "boot that "
		  "make the most of the time, and the pairs it then takes.",
		  TABLE_WIDTH, 0);
	if (isnan(p->boot))
		text_wrap(
			out,
			"The run does not tell how long its boots took to settle, so that there is "
			"no best number of iterations.",
			TABLE_WIDTH, 0);
	if (p->run->n_arms == 1)
		text_wrap(out,
			  "The run has one arm: a pair is taken to vary as two of its boots do.",
			  TABLE_WIDTH, 0);
}

void pilot_text(const struct pilot *p, struct str *out)
{
	str_addf(out, "to see a change of %.3g %%, target %s", 100 * p->effect,
		 p->run->target.kind);
	if (!isnan(p->boot))
		str_addf(out, "; a boot takes %.1f s, then\n%.2f s for one iteration of all cells",
			 p->boot, p->iteration);
	str_addf(out, "\n\n%*s %8s %8s %8s %6s %6s %6s\n  %-*s %8s %8s %8s %6s %6s %6s\n",
		 ID_WIDTH + 2, "", "within", "between", "pair", "", "best", "best", ID_WIDTH,
		 "cell", "sd", "sd", "sd", "pairs", "iter.", "pairs");
	for (size_t i = 0; i < p->n; i++)
		add_cell(&p->cells[i], out);
	str_add(out, "\n");
	add_notes(p, out);
}
