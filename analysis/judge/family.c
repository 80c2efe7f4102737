#include "analysis/judge/family.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats/stats.h"

/* Critical values that other such runs would have, for what this one would have seen. */
#define CRITICALS 32

/* What a result's effect is reckoned in: the logarithm of a ratio, or a difference as it is. */
static double scaled(const struct result *r, double v)
{
	return r->difference ? v : log(v);
}

static double unscaled(const struct result *r, double v)
{
	return r->difference ? v : exp(v);
}

bool result_counts(const struct result *r)
{
	return r->metric->kind == METRIC_PRIMARY && strcmp(r->cell->workload, COMPARE_FLOOR);
}

void result_reserve(struct result *r, size_t n)
{
	r->old_v = xcalloc(n + 1, sizeof(*r->old_v));
	r->new_v = xcalloc(n + 1, sizeof(*r->new_v));
	r->old_row = xcalloc(n + 1, sizeof(*r->old_row));
	r->new_row = xcalloc(n + 1, sizeof(*r->new_row));
}

void result_pair(struct result *r, size_t row, double old, double new)
{
	r->old_v[r->k] = old;
	r->new_v[r->k] = new;
	r->old_row[r->k] = r->new_row[r->k] = row;
	r->n_old = r->n_new = ++r->k;
}

void result_release(struct result *r)
{
	free(r->old_v);
	free(r->new_v);
	free(r->old_row);
	free(r->new_row);
}

static bool all_positive(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(v[i] > 0))
			return false;
	return true;
}

static double mean_size(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += fabs(v[i]) / (double)n;
	return sum;
}

/* The margin on the scale of the result's effect: ln ratio, or a difference. */
static double family_margin(const struct result *r, double margin)
{
	if (!r->difference)
		return log1p(margin);
	return margin * fmax(mean_size(r->old_v, r->n_old), mean_size(r->new_v, r->n_new));
}

/* --- one result on its scale --- */

/* What the test of a result works on: differences within pairs (x empty), or two groups of values.
 */
struct sample {
	double *x, *y;
	size_t nx, ny;
	double mean, squares; /* of the effect; about the mean, or about each group's */
	double h, df;	      /* as stats_half_width takes them */
};

static double squares_about(const double *v, size_t n, double mean)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (v[i] - mean) * (v[i] - mean);
	/* Of equal values only rounding is left. */
	return sum <= 1e-24 * mean * mean * (double)n ? 0 : sum;
}

static void measure(struct sample *s)
{
	double mean_x = s->nx ? stats_mean(s->x, s->nx) : 0, mean_y = stats_mean(s->y, s->ny);
	double nx = (double)s->nx, ny = (double)s->ny;

	s->mean = mean_y - mean_x;
	s->squares = squares_about(s->x, s->nx, mean_x) + squares_about(s->y, s->ny, mean_y);
	s->h = s->nx ? nx * ny / (nx + ny) : ny;
	s->df = s->nx ? nx + ny - 2 : ny - 1;
}

static struct sample take_sample(const struct result *r, bool paired)
{
	struct sample s = {.nx = paired ? 0 : r->n_old, .ny = r->n_new};

	s.x = xcalloc(r->n_old + 1, sizeof(*s.x));
	s.y = xcalloc(r->n_new + 1, sizeof(*s.y));
	for (size_t i = 0; i < s.nx; i++)
		s.x[i] = scaled(r, r->old_v[i]);
	for (size_t i = 0; i < s.ny; i++)
		s.y[i] = scaled(r, r->new_v[i]) - (paired ? scaled(r, r->old_v[i]) : 0);
	measure(&s);
	return s;
}

static void release_sample(struct sample *s)
{
	free(s->x);
	free(s->y);
}

static bool enough(const struct sample *s)
{
	return s->nx ? s->nx >= COMPARE_MIN_BOOTS && s->ny >= COMPARE_MIN_BOOTS
		     : s->ny >= COMPARE_MIN_PAIRS;
}

/* --- all columns --- */

/*
 * Nothing differs anywhere: p is 1 however the boots are resampled. A correction need not pay for a
 * test that cannot fire, and most counters of most cells are such.
 */
static bool unmoved(const struct result *r, bool paired)
{
	for (size_t i = 0; i < r->n_new; i++)
		if (r->new_v[i] != r->old_v[paired ? i : 0])
			return false;
	for (size_t i = 0; !paired && i < r->n_old; i++)
		if (r->old_v[i] != r->old_v[0])
			return false;
	return true;
}

static double *fill(const struct family *f, struct result **moved, size_t m)
{
	double *x = xcalloc(f->rows * m + 1, sizeof(*x));

	for (size_t i = 0; i < f->rows * m; i++)
		x[i] = NAN;
	for (size_t j = 0; j < m; j++) {
		const struct result *r = moved[j];

		for (size_t i = 0; f->second && i < r->n_old; i++)
			x[r->old_row[i] * m + j] = scaled(r, r->old_v[i]);
		for (size_t i = 0; i < r->n_new; i++)
			x[r->new_row[i] * m + j] =
				scaled(r, r->new_v[i]) - (f->second ? 0 : scaled(r, r->old_v[i]));
	}
	return x;
}

/* The level at which the results found hold together: Benjamini and Yekutieli's. */
static double found_level(const struct family *f, const double *adjusted, size_t m)
{
	size_t found = 0;

	for (size_t j = 0; j < m; j++)
		found += adjusted[j] <= f->alpha;
	return f->alpha * (double)(found ? found : 1) / (double)(m ? m : 1);
}

/* others: CRITICALS of them, filled for a joint family only. */
static void test(const struct family *f, struct result **moved, size_t m, double *others)
{
	double *x = fill(f, moved, m), *p = xcalloc(m + 1, sizeof(*p));
	double *adjusted = xcalloc(m + 1, sizeof(*adjusted)), together = INFINITY, level = 0;

	if (f->second)
		stats_max_t2(x, f->second, f->rows, m, f->seed, p, f->joint ? adjusted : NULL);
	else
		stats_max_t(x, f->rows, m, f->seed, p, f->joint ? adjusted : NULL);
	if (f->joint) {
		together = stats_critical(x, f->second, f->rows, m, f->alpha, f->seed);
		stats_criticals(x, f->second, f->rows, m, f->alpha, f->seed, others, CRITICALS);
	} else {
		stats_bh(p, m, adjusted);
		level = found_level(f, adjusted, m);
	}
	for (size_t j = 0; j < m; j++) {
		struct sample s = take_sample(moved[j], !f->second);

		moved[j]->p = p[j];
		moved[j]->p_adjusted = adjusted[j];
		moved[j]->critical = f->joint ? together : stats_critical_of(level, s.h, s.df);
		release_sample(&s);
	}
	free(x);
	free(p);
	free(adjusted);
}

/* --- intervals and verdicts --- */

static enum verdict judge(const struct result *r, bool certain, double effect, double low90,
			  double high90, double margin)
{
	if (certain) {
		if (fabs(effect) < margin)
			return VERDICT_CHANGED_SMALL;
		if (r->metric->better == NO_DIRECTION)
			return VERDICT_CHANGED;
		return (effect < 0) == (r->metric->better == LOWER_IS_BETTER) ? VERDICT_BETTER
									      : VERDICT_WORSE;
	}
	return low90 >= -margin && high90 <= margin ? VERDICT_EQUIVALENT : VERDICT_INCONCLUSIVE;
}

static double location(const struct sample *s)
{
	return s->nx ? stats_hl2(s->x, s->nx, s->y, s->ny) : stats_hl(s->y, s->ny);
}

static struct interval rank_interval(const struct sample *s, double level)
{
	return s->nx ? stats_rank_sum(s->x, s->nx, s->y, s->ny, level)
		     : stats_signed_rank(s->y, s->ny, level);
}

/* Leaves out what lies far from the rest of its group; how many they were. */
static size_t drop_outliers(double *v, size_t *n)
{
	bool *mark = xcalloc(*n + 1, sizeof(*mark));
	size_t found = stats_outliers(v, *n, mark), kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (!mark[i])
			v[kept++] = v[i];
	*n = kept;
	free(mark);
	return found;
}

/* The same test, at the level that it had with them, of what is left without the outliers. */
static void judge_without(const struct family *f, struct result *r, struct sample *s)
{
	double level = stats_level_of(r->critical, s->h, s->df), half, effect;
	struct interval ci;
	bool certain;

	r->without = r->verdict;
	r->outliers = drop_outliers(s->x, &s->nx) + drop_outliers(s->y, &s->ny);
	if (!r->outliers)
		return;
	measure(s);
	half = stats_half_width(stats_critical_of(level, s->h, s->df), s->squares, s->h);
	effect = location(s);
	ci = rank_interval(s, 1 - 2 * f->alpha);
	certain = enough(s) && fabs(s->mean) > half;
	r->without = judge(r, certain, effect, ci.low, ci.high, family_margin(r, f->margin));
}

static void set_interval(struct result *r, double low, double high, double level)
{
	r->low = unscaled(r, low);
	r->high = unscaled(r, high);
	r->level = level;
}

static void conclude(const struct family *f, struct result *r, const double *others)
{
	struct sample s = take_sample(r, !f->second);
	double margin = family_margin(r, f->margin), effect = location(&s), half, low, high;
	struct interval own = rank_interval(&s, 1 - 2 * f->alpha);
	bool certain = r->p_adjusted <= f->alpha;

	half = stats_half_width(r->critical, s.squares, s.h);
	r->detectable = stats_seen(s.x, s.nx, s.y, s.ny, 0, others ? others : &r->critical,
				   others ? CRITICALS : 1, margin, f->seed);
	if (!enough(&s)) {
		half = r->detectable = INFINITY;
		own = (struct interval){-INFINITY, INFINITY};
		certain = false;
	}
	low = fmin(s.mean - half, own.low);
	high = fmax(s.mean + half, own.high);
	/* At no change it is the exact test that speaks. */
	low = certain && effect > 0 ? fmax(low, 0) : certain ? low : fmin(low, 0);
	high = certain && effect < 0 ? fmin(high, 0) : certain ? high : fmax(high, 0);
	r->ratio = unscaled(r, effect);
	r->low90 = unscaled(r, own.low);
	r->high90 = unscaled(r, own.high);
	if (!r->difference)
		r->detectable = expm1(r->detectable);
	r->verdict = judge(r, certain, effect, own.low, own.high, margin);
	if (r->verdict == VERDICT_EQUIVALENT)
		set_interval(r, own.low, own.high, 1 - 2 * f->alpha);
	else
		set_interval(r, low, high, f->level);
	judge_without(f, r, &s);
	release_sample(&s);
}

void family_judge(const struct family *f)
{
	struct result **moved = xcalloc(f->m + 1, sizeof(struct result *));
	double others[CRITICALS];
	size_t m = 0;

	for (size_t i = 0; i < f->m; i++) {
		struct result *r = f->r[i];

		r->old = stats_median(r->old_v, r->n_old);
		r->new = stats_median(r->new_v, r->n_new);
		r->difference =
			!all_positive(r->old_v, r->n_old) || !all_positive(r->new_v, r->n_new);
		r->p = r->p_adjusted = 1;
		r->critical = 0; /* nothing moves it: any change would be seen */
		if (!unmoved(r, !f->second))
			moved[m++] = r;
	}
	test(f, moved, m, others);
	for (size_t i = 0; i < f->m; i++)
		conclude(f, f->r[i], f->joint && f->r[i]->critical > 0 ? others : NULL);
	free(moved);
}

/* --- how many more --- */

/* Values a group with which the interval of level 1 - 2 alpha would be so narrow. */
static unsigned needed_to_bound(const struct sample *s, double alpha, double half, unsigned most)
{
	double variance = s->squares / s->df * (s->nx ? 2 : 1);
	unsigned n = s->nx ? COMPARE_MIN_BOOTS : COMPARE_MIN_PAIRS;

	while (n < most &&
	       stats_quantile_t(1 - alpha, s->nx ? 2. * n - 2 : n - 1.) * sqrt(variance / n) > half)
		n++;
	return n;
}

unsigned family_needed(const struct result *r, bool paired, double alpha, double margin,
		       unsigned most)
{
	struct sample s = take_sample(r, paired);
	double effect = fabs(location(&s)), bound = family_margin(r, margin);
	unsigned n = 0;

	if (r->verdict == VERDICT_INCONCLUSIVE && enough(&s) && isfinite(r->critical))
		n = effect >= bound ? stats_plan(s.x, s.nx, s.y, s.ny,
						 stats_level_of(r->critical, s.h, s.df), alpha,
						 effect, most)
				    : needed_to_bound(&s, alpha, bound - effect, most);
	release_sample(&s);
	return n;
}
