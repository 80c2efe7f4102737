/* The axes of a picture: how far they reach, and where their ticks are. */
#include "analysis/write/plot-parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plot_quoted(struct str *out, const char *text, bool format)
{
	char *clean = xstrdup(text);

	str_mend(clean);
	str_add(out, "'");
	for (const char *c = clean; *c; c++) {
		if (*c == '\n' || *c == '\t')
			continue;
		if (*c == '\'' || (format && *c == '%'))
			str_addn(out, c, 1);
		str_addn(out, c, 1);
	}
	str_add(out, "'");
	free(clean);
}

struct range {
	double lo, hi;
};

/*
 * Beyond these a picture shows that a value is huge or tiny, not how much so: no sum, ratio or
 * power of what is inside overflows.
 */
#define LARGEST 1e100
#define SMALLEST 1e-100

static double held(double v, bool log)
{
	if (log)
		return fmin(fmax(v, SMALLEST), LARGEST);
	return fabs(v) < SMALLEST ? 0 : fmin(fmax(v, -LARGEST), LARGEST);
}

static void widen(struct range *r, double v, bool log)
{
	if (!isfinite(v))
		return;
	r->lo = fmin(r->lo, held(v, log));
	r->hi = fmax(r->hi, held(v, log));
}

static struct range data_range(const struct plot *p, bool is_x)
{
	struct range r = {INFINITY, -INFINITY};
	bool log = is_x ? p->x.log : p->y.log;

	for (size_t i = 0; i < p->n; i++) {
		const struct plot_series *s = &p->series[i];
		bool bar = s->draw & (is_x ? PLOT_XRIBBON : PLOT_YBAR | PLOT_YRIBBON | PLOT_BOX);

		for (size_t j = 0; j < s->n; j++) {
			widen(&r, is_x ? s->v[j].x : s->v[j].y, log);
			if (bar) {
				widen(&r, s->v[j].low, log);
				widen(&r, s->v[j].high, log);
			}
		}
	}
	return r.lo <= r.hi ? r : (struct range){1, 2};
}

/* Room around the data: 5 % of the axis on each side, and more where all points are one value. */
static struct range padded(struct range r, bool log)
{
	double pad;

	if (log) {
		pad = fmax(0.05 * log10(r.hi / r.lo), 0.02);
		return (struct range){r.lo / pow(10, pad), r.hi * pow(10, pad)};
	}
	pad = r.hi > r.lo ? 0.05 * (r.hi - r.lo) : fmax(fabs(r.hi) * 0.05, 0.5);
	/* what differs in its last digits only is one value to gnuplot */
	pad = fmax(pad, 1e-6 * fmax(fabs(r.lo), fabs(r.hi)));
	/* What starts at zero or above it is not shown with room below zero. */
	return (struct range){r.lo >= 0 && r.lo < 2 * pad ? 0 : r.lo - pad, r.hi + pad};
}

static void add_tick(struct str *out, double at, const char *text)
{
	str_add(out, out->len && out->buf[out->len - 1] != '(' ? ", " : "");
	plot_quoted(out, text, true);
	str_addf(out, " %.10g", at);
}

/* The step among 1, 2, 5 times a power of ten that gives at most `most` ticks. */
static double nice_step(double span, int most)
{
	double raw = span / most, unit = pow(10, floor(log10(raw)));

	if (raw <= unit)
		return unit;
	return raw <= 2 * unit ? 2 * unit : raw <= 5 * unit ? 5 * unit : 10 * unit;
}

static void linear_ticks(struct str *out, struct range r)
{
	double step = nice_step(r.hi - r.lo, 7);
	double first =
		ceil(r.lo / step - 1e-9) + 0.0; /* adding 0 makes the -0 that ceil may give a 0 */

	/* Counted, as a double that is large enough stays what it is with one more. */
	for (int i = 0; i <= 10 && (first + i) * step <= r.hi + step * 1e-6; i++)
		add_tick(out, (first + i) * step, plot_number((first + i) * step));
}

/* Powers of ten, with more between them the shorter the axis is. */
static void log_ticks(struct str *out, struct range r)
{
	static const double some[] = {1, 2, 5}, many[] = {1, 1.5, 2, 3, 5, 7};
	double decades = log10(r.hi / r.lo);
	bool is_short = decades < 1.3;
	const double *between = is_short ? many : some;
	int each = is_short	  ? 6
		   : decades <= 3 ? 3
				  : 1,
	    step = decades > 9 ? 1 + (int)decades / 7 : 1;
	int last = (int)floor(log10(r.hi));

	for (int e = (int)floor(log10(r.lo)); e <= last; e += step) {
		for (int i = 0; i < each; i++) {
			double v = between[i] * pow(10, e);

			if (v >= r.lo && v <= r.hi)
				add_tick(out, v, plot_number(v));
		}
	}
}

/* Along x those that would touch the one before them are left out. */
static void given_ticks(struct str *out, const struct plot_axis *a, struct range r, bool is_x)
{
	double from = a->log ? log(r.lo) : r.lo, span = (a->log ? log(r.hi) : r.hi) - from;
	double end = -INFINITY;

	for (size_t i = 0; i < a->n; i++) {
		double at = a->log ? log(a->ticks[i].at) : a->ticks[i].at;
		double middle = (at - from) / span * 0.8 * PLOT_WIDTH;
		double half = (double)strlen(a->ticks[i].text) * PLOT_CHARACTER / 2;

		if (is_x && middle - half < end + PLOT_CHARACTER)
			continue;
		add_tick(out, a->ticks[i].at, a->ticks[i].text);
		end = middle + half;
	}
}

void plot_axis_script(const struct plot *p, bool is_x, struct str *out)
{
	const struct plot_axis *a = is_x ? &p->x : &p->y;
	struct range r = padded(data_range(p, is_x), a->log), t;
	const char *name = is_x ? "x" : "y";

	if (!isnan(a->from))
		r = (struct range){held(a->from, a->log), held(a->to, a->log)};
	t = r.lo < r.hi ? r : (struct range){r.hi, r.lo};
	if (a->log)
		str_addf(out, "set logscale %s\n", name);
	str_addf(out, "set %srange [%.10g:%.10g]\n", name, r.lo, r.hi);
	str_addf(out, "set %stics nomirror scale 0.5 (", name);
	given_ticks(out, a, t, is_x);
	/* On a log axis shorter than a third of a decade the log ticks would be too few. */
	if (!a->n && a->log && t.hi / t.lo > 4)
		log_ticks(out, t);
	else if (!a->n)
		linear_ticks(out, t);
	str_add(out, ")\n");
}
