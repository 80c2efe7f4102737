#include "analysis/write/plot-parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In px: a line of text, what is above. */
#define LINE 22
#define ABOVE 40

/* Markers as gnuplot's svg terminal numbers them: 6, 8 open and 7, 9 filled circle, triangle. */
static const struct look {
	const char *colour, *dash;
	double width;
	int marker;
	double fill; /* of a box: the parts of a bar differ in density too */
} looks[] = {
	[PLOT_OLD] = {"black", "solid", 2, 7},
	[PLOT_NEW] = {"#009E73", "'-'", 2, 9},
	[PLOT_OLD_CONTROL] = {"black", "'.'", 1.2, 6},
	[PLOT_NEW_CONTROL] = {"#009E73", "'_.'", 1.2, 8},
	[PLOT_BETTER] = {"#0060a8", "solid", 2, 11, 0.35},
	[PLOT_WORSE] = {"#b04a00", "solid", 2, 9, 0.75},
	[PLOT_CHANGE] = {"#882255", "solid", 2, 9},
	[PLOT_UNSURE] = {"#CC79A7", "solid", 2, 12},
	[PLOT_QUIET] = {"#888888", "solid", 1.2, 0, 0.3},
	[PLOT_PART] = {"#44AA99", "solid", 1, 0, 0.9},
	[PLOT_PART + 1] = {"#DDCC77", "solid", 1, 0, 0.9},
	[PLOT_PART + 2] = {"#CC6677", "solid", 1, 0, 0.55},
	[PLOT_PART + 3] = {"#88CCEE", "solid", 1, 0, 0.9},
	[PLOT_PART + 4] = {"#999933", "solid", 1, 0, 0.55},
	[PLOT_PART + 5] = {"#AA4499", "solid", 1, 0, 0.35},
};

static size_t longest_key(const struct plot *p)
{
	size_t longest = 0;

	for (size_t i = 0; i < p->n; i++)
		if (strlen(p->series[i].name) > longest)
			longest = strlen(p->series[i].name);
	return longest;
}

/* Two beside each other, where they are short enough for it. */
static size_t key_rows(const struct plot *p)
{
	size_t keys = 0;

	for (size_t i = 0; i < p->n; i++)
		keys += *p->series[i].name != '\0';
	return longest_key(p) > 42 ? keys : (keys + 1) / 2;
}

/* Height of what is under the axis: tick labels, the axis's own, the key. */
static double below(const struct plot *p)
{
	return LINE * (2.9 + (double)key_rows(p));
}

static double above(const struct plot *p)
{
	return ABOVE + (p->y.label ? LINE : 0);
}

static void add_text(struct str *out, const char *text, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void add_text(struct str *out, const char *text, const char *fmt, ...)
{
	char *where;
	va_list ap;

	va_start(ap, fmt);
	where = xvasprintf(fmt, ap);
	va_end(ap);
	str_add(out, "set label ");
	plot_quoted(out, text, false);
	str_addf(out, " at %s\n", where);
	free(where);
}

/* gnuplot would turn the y label on its side and put the x label amid the margin. */
static void add_texts(const struct plot *p, struct str *out)
{
	double left = 10.0 / PLOT_WIDTH;

	add_text(out, p->title, "screen %.4f, screen %.4f font ',15'", left, 1 - 18.0 / p->height);
	if (p->y.label)
		add_text(out, p->y.label, "screen %.4f, screen %.4f", left, 1 - 40.0 / p->height);
	if (p->x.label)
		add_text(out, p->x.label, "graph 0.5, screen %.4f center",
			 (below(p) - 2.1 * LINE) / p->height);
}

static bool has_point(const struct plot_point *v)
{
	return isfinite(v->x) && isfinite(v->y);
}

static bool has_interval(const struct plot_point *v)
{
	return has_point(v) && isfinite(v->low) && isfinite(v->high);
}

/* gnuplot complains of data that hold nothing. */
static bool any_point(const struct plot_series *s, bool (*has)(const struct plot_point *v))
{
	size_t i = 0;

	while (i < s->n && !has(&s->v[i]))
		i++;
	return i < s->n;
}

/* Ribbons are closed polygons: along one edge and back along the other. */
static void add_ribbon(struct str *out, const struct plot_series *s, bool in_x)
{
	const char *fmt = "%.10g %.10g\n";

	for (size_t i = 0; i < s->n; i++) {
		const struct plot_point *v = &s->v[i];

		if (has_interval(v))
			str_addf(out, fmt, in_x ? v->low : v->x, in_x ? v->y : v->low);
	}
	for (size_t i = s->n; i-- > 0;) {
		const struct plot_point *v = &s->v[i];

		if (has_interval(v))
			str_addf(out, fmt, in_x ? v->high : v->x, in_x ? v->y : v->high);
	}
}

size_t plot_step(size_t n)
{
	return (n + PLOT_MOST_POINTS - 1) / PLOT_MOST_POINTS + !n;
}

static void add_data(struct str *out, const struct plot_series *s, size_t k)
{
	size_t step = plot_step(s->n);

	str_addf(out, "$d%zu << EOD\n", k);
	for (size_t i = 0; i < s->n; i += step)
		if (has_point(&s->v[i]))
			str_addf(out, "%.10g %.10g\n", s->v[i].x, s->v[i].y);
	str_addf(out, "EOD\n$i%zu << EOD\n", k);
	for (size_t i = 0; i < s->n; i += step)
		if (has_interval(&s->v[i]))
			str_addf(out, "%.10g %.10g %.10g %.10g\n", s->v[i].x, s->v[i].y,
				 s->v[i].low, s->v[i].high);
	str_add(out, "EOD\n");
	if (s->draw & (PLOT_XRIBBON | PLOT_YRIBBON)) {
		str_addf(out, "$r%zu << EOD\n", k);
		add_ribbon(out, s, s->draw & PLOT_XRIBBON);
		str_add(out, "EOD\n");
	}
}

static void add_element(struct str *out, const char *fmt, size_t k)
{
	str_add(out, out->len && out->buf[out->len - 1] == '\n' ? "plot " : ", \\\n\t");
	str_addf(out, fmt, k);
}

static void add_ribbons(struct str *out, const struct plot_series *s, size_t k)
{
	if (!(s->draw & (PLOT_XRIBBON | PLOT_YRIBBON)) || !any_point(s, has_interval))
		return;
	add_element(out, "$r%zu using 1:2 with filledcurves closed notitle", k);
	str_addf(out, " fc rgb '%s' fs transparent solid 0.18 noborder", looks[s->look].colour);
}

static void add_boxes(struct str *out, const struct plot_series *s, size_t k)
{
	const struct look *l = &looks[s->look];

	if (!(s->draw & PLOT_BOX) || !any_point(s, has_interval))
		return;
	add_element(out, "$i%zu using 1:2:", k);
	str_addf(out, "($1-%g):($1+%g):3:4 with boxxyerror", PLOT_BOX_WIDTH / 2,
		 PLOT_BOX_WIDTH / 2);
	str_addf(out, " fc rgb '%s' fs solid %g border lc rgb '%s'", l->colour, l->fill, l->colour);
	str_add(out, *s->name ? " title " : " notitle");
	if (*s->name)
		plot_quoted(out, s->name, false);
}

static void add_series(struct str *out, const struct plot_series *s, size_t k)
{
	const struct look *l = &looks[s->look];
	unsigned draw = s->draw & (PLOT_LINE | PLOT_MARK);

	if (s->draw & PLOT_YBAR && any_point(s, has_interval)) {
		add_element(out, "$i%zu using 1:2:3:4 with yerrorbars notitle", k);
		str_addf(out, " lc rgb '%s' lw %g pt -1", l->colour, l->width * 0.8);
	}
	if (!draw || !any_point(s, has_point))
		return;
	add_element(out, "$d%zu using 1:2 with ", k);
	str_add(out, draw == PLOT_LINE ? "lines" : draw == PLOT_MARK ? "points" : "linespoints");
	str_addf(out, " lc rgb '%s' lw %g", l->colour, l->width);
	if (draw & PLOT_LINE)
		str_addf(out, " dt %s", l->dash);
	if (draw & PLOT_MARK)
		str_addf(out, " pt %d ps 0.9", l->marker);
	str_add(out, *s->name ? " title " : " notitle");
	if (*s->name)
		plot_quoted(out, s->name, false);
}

/*
 * gnuplot guesses text too wide and too high, which leaves half of a narrow picture empty beside
 * long row names and squeezes one with few rows: so all margins are given.
 */
static void add_margins(const struct plot *p, struct str *out)
{
	size_t longest = 0;

	for (size_t i = 0; i < p->y.n; i++)
		if (strlen(p->y.ticks[i].text) > longest)
			longest = strlen(p->y.ticks[i].text);
	str_addf(out, "set tmargin at screen %.4f\nset bmargin at screen %.4f\nset rmargin 3\n",
		 1 - above(p) / p->height, below(p) / p->height);
	if (longest)
		str_addf(out, "set lmargin at screen %.4f\n",
			 ((double)longest * PLOT_CHARACTER + 16) / PLOT_WIDTH);
	/* gnuplot takes letters for wider than they are: long keys would begin left of the picture
	 */
	str_addf(out,
		 "set key at screen 0.5, screen %.4f bottom center vertical Left reverse "
		 "samplen 3 maxrows %zu width -%zu\n",
		 4.0 / p->height, key_rows(p), 2 + longest_key(p) / 8);
}

void plot_script(const struct plot *p, struct str *out)
{
	str_add(out, "reset session\nset encoding utf8\n");
	str_addf(out,
		 "set terminal svg noenhanced size %d,%d font 'sans-serif,14' rounded\n"
		 "set output ",
		 PLOT_WIDTH, p->height);
	str_addf(out, "'%s.svg'\n", p->name);
	add_texts(p, out);
	str_add(out, "set border 3 lw 1\nset bars 0.4\n"
		     "set grid lw 0.6 lt 1 lc rgb '#e3e3e3'\n");
	add_margins(p, out);
	plot_axis_script(p, true, out);
	plot_axis_script(p, false, out);
	for (size_t i = 0; i < p->n; i++)
		add_data(out, &p->series[i], i);
	for (size_t i = 0; i < p->n; i++)
		add_ribbons(out, &p->series[i], i);
	for (size_t i = 0; i < p->n; i++) {
		add_boxes(out, &p->series[i], i);
		add_series(out, &p->series[i], i);
	}
	str_add(out, "\nunset output\n");
}
