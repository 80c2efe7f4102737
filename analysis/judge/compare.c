#include "analysis/judge/compare.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/judge/alike.h"
#include "analysis/judge/compare-parts.h"
#include "analysis/stats/stats.h"
#include "lib/json.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {"better",	     "worse",	   "changed",
					    "changed-small", "equivalent", "inconclusive"};

	return names[v];
}

static void take_paired(struct result *r, const struct boots *b, const struct series *old,
			const struct series *new)
{
	for (size_t i = 0; i < b->n_old; i++) {
		double x = old->boot[b->old[i]].median, y = new->boot[b->new[i]].median;

		if (!isnan(x) && !isnan(y))
			result_pair(r, i, x, y);
	}
}

/* One value a unit, the median of its boots; units are numbered in the order of their first boots.
 */
static size_t take_present(double *out, size_t *row, size_t first, const struct series *s,
			   const size_t *boots, const size_t *unit, size_t n)
{
	bool single = n && unit[n - 1] == n - 1;
	double *of_unit = xcalloc(n + 1, sizeof(*of_unit));
	size_t have = 0, next = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (unit[i] != next)
			continue;
		for (size_t j = i; j < (single ? i + 1 : n); j++)
			if (unit[j] == next && !isnan(s->boot[boots[j]].median))
				of_unit[k++] = s->boot[boots[j]].median;
		if (k) {
			row[have] = first + next;
			out[have++] = stats_median(of_unit, k);
		}
		next++;
	}
	free(of_unit);
	return have;
}

static bool all_zero(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] != 0)
			return false;
	return true;
}

static void add_result(struct comparison *c, const struct boots *b, const struct run_cell *cell,
		       const struct series *old, const struct series *new)
{
	struct result *r = &c->results[c->n_results];

	*r = (struct result){.cell = cell, .metric = &old->metric};
	result_reserve(r, b->n_old > b->n_new ? b->n_old : b->n_new);
	if (c->paired) {
		take_paired(r, b, old, new);
	} else {
		r->n_old =
			take_present(r->old_v, r->old_row, 0, old, b->old, b->old_unit, b->n_old);
		r->n_new = take_present(r->new_v, r->new_row, b->units_old, new, b->new,
					b->new_unit, b->n_new);
		r->k = r->n_old < r->n_new ? r->n_old : r->n_new;
	}
	if (!r->k || (old->metric.kind == METRIC_COUNTER && all_zero(r->old_v, r->n_old) &&
		      all_zero(r->new_v, r->n_new))) {
		if (old->metric.kind == METRIC_PRIMARY)
			strv_pushf(&c->notes, "%s has no figures to compare", cell->id);
		result_release(r);
		return;
	}
	if (r->k > c->pairs)
		c->pairs = r->k;
	c->n_results++;
}

static void add_results(struct comparison *c, const struct boots *b)
{
	size_t most = 0;

	for (size_t i = 0; i < c->run_old->n_cells; i++)
		most += c->run_old->cells[i].n_series;
	c->results = xcalloc(most + 1, sizeof(*c->results));
	c->first = xcalloc(c->run_old->n_cells + 1, sizeof(*c->first));
	for (size_t i = 0; i < c->run_old->n_cells; i++) {
		const struct run_cell *cell = &c->run_old->cells[i];
		const struct run_cell *other = load_cell(c->run_new, cell->id);

		c->first[i] = c->n_results;
		if (!other)
			strv_pushf(&c->notes, "%s is only in '%s'", cell->id, c->run_old->path);
		for (size_t j = 0; other && j < cell->n_series; j++) {
			const struct series *with = load_series(other, cell->series[j].metric.name);

			if (with)
				add_result(c, b, cell, &cell->series[j], with);
		}
	}
	c->first[c->run_old->n_cells] = c->n_results;
	for (size_t i = 0; i < c->run_new->n_cells; i++)
		if (!load_cell(c->run_old, c->run_new->cells[i].id))
			strv_pushf(&c->notes, "%s is only in '%s'", c->run_new->cells[i].id,
				   c->run_new->path);
}

/* --- margin and level --- */

static double calibrated(const struct run *r)
{
	return json_get_num(json_object_get(r->json, "calibration"), "p95", 0);
}

static void set_margin(struct comparison *c, double asked)
{
	const struct run *old = c->run_old, *new = c->run_new;

	c->calibration = json_object_get(new->json, "calibration");
	if (!c->calibration)
		c->calibration = json_object_get(old->json, "calibration");
	c->margin = asked > 0 ? asked : COMPARE_MARGIN;
	if (!(asked > 0)) {
		c->margin = fmax(c->margin, fmax(old->margin, new->margin));
		c->margin = fmax(c->margin, fmax(calibrated(old), calibrated(new)));
	}
}

static bool was_made(const struct run *r, const struct run_arm *arm, int pair)
{
	for (size_t i = 0; i < r->n_boots; i++)
		if (&r->arms[r->boots[i].arm] == arm && r->boots[i].pair == pair)
			return strcmp(r->boots[i].outcome, "missing") != 0;
	return false;
}

/* A run that may stop early was looked at, whatever its boots gave, after so many pairs of boots.
 */
static void set_level(struct comparison *c, double asked)
{
	const struct run *r = c->run_new;
	const json_t *experiment = json_object_get(r->json, "experiment");

	if (c->run_old == r &&
	    json_get_int(json_object_get(experiment, "settings"), "stop_early", 0)) {
		for (int pair = 0; pair < r->pairs; pair++)
			c->looked += was_made(r, c->arm_old, pair) && was_made(r, c->arm_new, pair);
	}
	c->alpha = asked > 0   ? asked
		   : c->looked ? stats_look_alpha((unsigned)c->looked)
			       : COMPARE_ALPHA;
	c->level = 1 - (asked > 0 ? asked : COMPARE_ALPHA);
}

static void note_injected(struct comparison *c, const struct run *r, const struct run_arm *arm)
{
	double percent = alike_injected(r, arm);

	if (percent > 0)
		strv_pushf(&c->notes, "arm '%s' did %g %% of its own work over again: --inject",
			   arm->name, percent);
}

static bool is_moved(const struct result *r)
{
	return r->old != r->new && (r->verdict == VERDICT_BETTER || r->verdict == VERDICT_WORSE);
}

static void flush_work(struct comparison *c, struct str *cells, struct str *what)
{
	if (cells->len)
		strv_pushf(&c->notes, "%s: %s", cells->buf, what->buf);
	str_release(cells);
	str_release(what);
}

/*
 * A kernel that leaves pages uncounted as locked is fast for that: where a cell's time is judged
 * and a count of its pages was wrong on one kernel. Cells that say the same share a note.
 */
static void note_work(struct comparison *c, const struct result *time, const struct result *end,
		      struct str *cells, struct str *what)
{
	if (time == end || !time->metric->time || !result_counts(time) || !is_moved(time))
		return;
	for (const struct result *r = time + 1; r < end; r++) {
		struct str text = STR_INIT;

		if (r->metric->kind != METRIC_SECONDARY || strcmp(r->metric->unit, "pages") ||
		    r->metric->better != LOWER_IS_BETTER || !is_moved(r))
			continue;
		str_addf(&text,
			 "the kernels did not do the same work: %s is %g pages on old, %g on new",
			 r->metric->name, r->old, r->new);
		if (cells->len && strcmp(text.buf, what->buf))
			flush_work(c, cells, what);
		str_addf(cells, "%s%s", cells->len ? " and " : "", r->cell->id);
		str_release(what);
		*what = text;
	}
}

static void note_works(struct comparison *c)
{
	struct str cells = STR_INIT, what = STR_INIT;

	for (size_t i = 0; i < c->run_old->n_cells; i++)
		note_work(c, c->results + c->first[i], c->results + c->first[i + 1], &cells, &what);
	flush_work(c, &cells, &what);
}

int compare_runs(struct comparison *c, const struct run *old, const struct run *new,
		 const struct compare_opts *opts, struct err *err)
{
	struct boots b = {0};

	*c = (struct comparison){.run_old = old, .run_new = new};
	if (compare_choose_arms(c, opts, err) < 0 ||
	    (old != new &&compare_check_obstacles(c, opts->force, err) < 0)) {
		compare_release(c);
		return -1;
	}
	set_margin(c, opts->margin);
	set_level(c, opts->alpha);
	note_injected(c, old, c->arm_old);
	note_injected(c, new, c->arm_new);
	for (size_t i = 0; i < old->notes.n; i++)
		strv_push(&c->notes, old->notes.v[i]);
	for (size_t i = 0; old != new &&i < new->notes.n; i++)
		strv_push(&c->notes, new->notes.v[i]);
	compare_choose_boots(c, opts, &b);
	add_results(c, &b);
	compare_judge(c, &b, opts->seed);
	note_works(c);
	compare_count_outcomes(c);
	compare_list_findings(c);
	compare_list_settings(c);
	compare_conclude(c);
	free(b.old);
	free(b.new);
	free(b.old_unit);
	free(b.new_unit);
	return 0;
}

void compare_release(struct comparison *c)
{
	for (size_t i = 0; i < c->n_results; i++)
		result_release(&c->results[i]);
	for (size_t i = 0; i < c->n_settings; i++) {
		free(c->settings[i].name);
		free(c->settings[i].old);
		free(c->settings[i].new);
	}
	free(c->results);
	free(c->first);
	free(c->outcomes);
	free(c->findings);
	free(c->settings);
	strv_release(&c->notes);
	*c = (struct comparison){0};
}

const struct result *compare_find(const struct comparison *c, const char *cell, const char *metric)
{
	const struct run_cell *known = c->first ? load_cell(c->run_old, cell) : NULL;
	size_t at = known ? (size_t)(known - c->run_old->cells) : 0;
	size_t end = known ? c->first[at + 1] : c->first ? 0 : c->n_results;

	for (size_t i = known ? c->first[at] : 0; i < end; i++) {
		const struct result *r = &c->results[i];

		if (!strcmp(r->cell->id, cell) &&
		    (metric ? !strcmp(r->metric->name, metric) : r->metric->kind == METRIC_PRIMARY))
			return r;
	}
	return NULL;
}
