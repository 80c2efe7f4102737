#include "analysis/write/verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/text.h"

void verdict_figure(char out[32], double value)
{
	double size = fabs(value);

	if (size >= 1e-9 && size < 1e-4) /* no exponent: as many decimals as four digits take */
		snprintf(out, 32, "%.*f", 3 - (int)floor(log10(size)), value);
	else
		snprintf(out, 32, size >= 1000 && size < 1e7 ? "%.0f" : "%.4g", value);
}

void verdict_difference(char out[32], double value)
{
	char figure[32];

	verdict_figure(figure, fabs(value));
	snprintf(out, 32, "%s%.30s", value > 0 ? "+" : value < 0 ? "-" : "", figure);
}

/* A factor above 1: "1791", "12.34"; one that no measurement can mean is not spelt out. */
static void factor(char out[32], double v)
{
	if (v < 1e6)
		snprintf(out, 32,
			 v < 10	    ? "%.3f"
			 : v < 100  ? "%.2f"
			 : v < 1000 ? "%.1f"
				    : "%.0f",
			 v);
	else
		snprintf(out, 32, v < 1e15 ? "%.3e" : "over 1e15", v);
}

void verdict_ratio(char out[32], double ratio, double like)
{
	char times[32];

	if (like > 0 && like < 0.01 && ratio > 0) {
		factor(times, 1 / ratio);
		snprintf(out, 32, "1/%.29s", times);
	} else if (ratio > 0 && ratio < 0.1) {
		verdict_figure(out, ratio);
	} else {
		factor(out, ratio);
	}
}

/* "page/process" after its first '/' reads "page and process". */
static void add_per(struct str *out, const char *unit)
{
	const char *slash = strchr(unit, '/');

	for (const char *word = " per "; slash; word = " and ") {
		const char *next = strchr(slash + 1, '/');

		str_add(out, word);
		str_addn(out, slash + 1, next ? (size_t)(next - slash - 1) : strlen(slash + 1));
		slash = next;
	}
}

/* Replaces what stands before the first '/' with word, unless that is NULL. */
static char *spell_unit(const char *unit, const char *word)
{
	struct str s = STR_INIT;

	if (word)
		str_add(&s, word);
	else
		str_addn(&s, unit, strcspn(unit, "/"));
	add_per(&s, unit);
	return s.buf ? s.buf : xstrdup("");
}

static bool counts_instructions(const struct run_metric *m)
{
	return m->time && !strncmp(m->unit, "insn", 4);
}

char *verdict_unit(const struct run_metric *m)
{
	return spell_unit(m->unit, counts_instructions(m) ? "instructions" : NULL);
}

/* What there is less or more of: "instructions per page", "time per page", "failed pages". */
static char *noun(const struct run_metric *m)
{
	char *unit, *both;

	if (counts_instructions(m))
		return verdict_unit(m);
	if (m->time)
		return spell_unit(m->unit, "time");
	unit = verdict_unit(m);
	both = xasprintf("%s (%s)", m->name, unit);
	free(unit);
	return both;
}

/* "12.3", "4.0", "0.12": two or three digits that mean something. */
static void add_amount(struct str *out, double v)
{
	if (fabs(v) < 1e15)
		str_addf(out,
			 fabs(v) >= 99.5	  ? "%.0f"
			 : fabs(v) >= 1 || v == 0 ? "%.1f"
						  : "%.2g",
			 v);
	else
		str_add(out, "over 1e15");
}

static bool bounded(const struct result *r)
{
	return isfinite(r->low) && isfinite(r->high) && (r->difference || r->low > 0);
}

static void add_figures(struct str *out, const struct result *r)
{
	char old[32], new[32];

	verdict_figure(old, r->old);
	verdict_figure(new, r->new);
	str_addf(out, "%s against %s", new, old);
}

/* From 1.5 times on a change of time is told as a factor, below and of other figures as a
 * percentage. */
static bool as_factor(const struct result *r)
{
	return r->metric->time && (r->ratio >= 1.5 || r->ratio <= 1 / 1.5);
}

/* "3.9 to 4.1", "1650 to 1930": as many decimals, up to three, as tell the two apart. */
static void add_range(struct str *out, double low, double high, bool sign)
{
	char a[32], b[32];

	if (fabs(low) >= 1e6 || fabs(high) >= 1e6) {
		factor(a, low);
		factor(b, high);
		str_addf(out, "%s to %s", a, b);
		return;
	}
	for (int digits = fabs(low) >= 99.5 ? 0 : 1; digits <= 3; digits++) {
		snprintf(a, sizeof(a), sign ? "%+.*f" : "%.*f", digits, low);
		snprintf(b, sizeof(b), sign ? "%+.*f" : "%.*f", digits, high);
		if (strcmp(a, b))
			break;
	}
	str_addf(out, "%s to %s", a, b);
}

static void add_differences(struct str *out, double low, double high)
{
	char a[32], b[32];

	verdict_difference(a, low);
	verdict_difference(b, high);
	str_addf(out, "%s to %s", a, b);
}

static bool all_equal(const double *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return n > 0;
}

/* What an interval without a width comes of, or NULL: it may leave out boots that are not so. */
static const char *sameness(const struct result *r)
{
	bool pairs = r->n_old == r->n_new;

	if (all_equal(r->old_v, r->n_old) && all_equal(r->new_v, r->n_new))
		return "the same in every boot";
	for (size_t i = 0; pairs && i < r->n_new; i++)
		pairs = r->old_row[i] == r->new_row[i] && r->old_v[i] == r->new_v[i];
	return pairs ? "the same in every pair" : NULL;
}

/* "(525 against 2110, 95 % interval 3.9 to 4.1)", the interval in the words of the change. */
static void add_evidence(struct str *out, const struct result *r)
{
	const char *same = bounded(r) && r->low == r->high ? sameness(r) : NULL;

	str_add(out, " (");
	add_figures(out, r);
	if (same) {
		str_addf(out, ", %s", same);
	} else if (bounded(r)) {
		str_addf(out, ", %.3g %% interval ", 100 * r->level);
		if (r->difference)
			add_differences(out, r->low, r->high);
		else if (!as_factor(r))
			add_range(out, (r->low - 1) * 100, (r->high - 1) * 100, true);
		else if (r->ratio < 1)
			add_range(out, 1 / r->high, 1 / r->low, false);
		else
			add_range(out, r->low, r->high, false);
		if (!r->difference && !as_factor(r))
			str_add(out, " %");
	}
	str_add(out, ")");
}

/* "4.0 times fewer instructions per page", "12.3 % more time per page". */
static void add_change(struct str *out, const struct result *r)
{
	const struct run_metric *m = r->metric;
	char *what = noun(m), by[32];
	bool countable = counts_instructions(m), down = r->difference ? r->ratio < 0 : r->ratio < 1;

	if (r->difference) {
		verdict_figure(by, fabs(r->ratio));
		str_addf(out, "%s %s by %s", what, down ? "lower" : "higher", by);
	} else if (!m->time) {
		str_addf(out, "%s %s by ", what, down ? "lower" : "higher");
		add_amount(out, fabs(r->ratio - 1) * 100);
		str_add(out, " %");
	} else if (!as_factor(r)) {
		add_amount(out, fabs(r->ratio - 1) * 100);
		str_addf(out, " %% %s %s", down ? countable ? "fewer" : "less" : "more", what);
	} else {
		add_amount(out, down ? 1 / r->ratio : r->ratio);
		str_addf(out, " times %s %s",
			 down	     ? countable ? "fewer" : "less"
			 : countable ? "as many"
				     : "as much",
			 what);
	}
	free(what);
}

char *verdict_change(const struct result *r)
{
	struct str s = STR_INIT;

	add_change(&s, r);
	return s.buf;
}

static void add_inconclusive(struct str *out, const struct comparison *c, const struct result *r)
{
	str_add(out, "inconclusive");
	add_evidence(out, r);
	if (c->paired && r->k < COMPARE_MIN_PAIRS) {
		str_addf(out, ": %zu pair%s, and a verdict takes at least %d", r->k,
			 r->k == 1 ? "" : "s", COMPARE_MIN_PAIRS);
	} else if (isfinite(r->detectable)) {
		str_add(out, "; a change of ");
		if (r->difference)
			add_amount(out, r->detectable);
		else
			add_amount(out, r->detectable * 100);
		str_addf(out, "%s would have been seen four times in five",
			 r->difference ? "" : " %");
	}
}

/* A value far from the rest stays in; whether it decides is for the reader to know. */
static void add_outliers(struct str *out, const struct comparison *c, const struct result *r)
{
	if (!r->outliers)
		return;
	str_addf(out, "; %zu %s%s far from the rest (5 MAD), ", r->outliers,
		 c->paired ? "pair" : "boot", r->outliers == 1 ? " lies" : "s lie");
	if (r->without == r->verdict)
		str_add(out, "without which it is the same");
	else
		str_addf(out, "without which it is %s", verdict_name(r->without));
}

static void add_finding(struct str *out, const struct comparison *c, const struct result *r)
{
	switch (r->verdict) {
	case VERDICT_EQUIVALENT:
		str_addf(out, "equivalent within %.3g %%", c->margin * 100);
		add_evidence(out, r);
		break;
	case VERDICT_INCONCLUSIVE:
		add_inconclusive(out, c, r);
		break;
	default:
		add_change(out, r);
		add_evidence(out, r);
		if (r->verdict == VERDICT_CHANGED_SMALL)
			str_addf(out, ", below the margin of %.3g %%", c->margin * 100);
	}
}

static void add_control(struct str *out, const struct result *r)
{
	str_add(out, "; its unlocked control ");
	switch (r->verdict) {
	case VERDICT_EQUIVALENT:
		str_add(out, "is unchanged");
		break;
	case VERDICT_INCONCLUSIVE:
		str_add(out, "shows no certain change (");
		add_figures(out, r);
		str_add(out, ")");
		break;
	default:
		str_add(out, "takes ");
		add_change(out, r);
		str_add(out, " (");
		add_figures(out, r);
		str_add(out, ")");
	}
}

char *verdict_sentence(const struct comparison *c, const struct result *r)
{
	const struct result *control = NULL;
	struct str s = STR_INIT;

	text_escape(&s, r->cell->workload);
	if (*r->cell->label) {
		str_add(&s, " ");
		text_escape(&s, r->cell->label);
	}
	if (r->metric->kind != METRIC_PRIMARY)
		str_addf(&s, ", %s", r->metric->name);
	str_add(&s, ": ");
	add_finding(&s, c, r);
	add_outliers(&s, c, r);
	if (r->cell->control)
		control = compare_find(c, r->cell->control, r->metric->name);
	if (control)
		add_control(&s, control);
	str_add(&s, ".");
	return s.buf;
}
