#include "analysis/write/forest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/text.h"

#define STRIP 22    /* px, height of a row */
#define LABEL 300   /* px, of the labels in a file */
#define FIGURES 150 /* px, of the figures and the word beside them */
#define LONGEST 44  /* characters of a label in a file */
#define MOST 1e6    /* a ratio beyond this or below its inverse stands at the edge */
#define MOST_TICKS 9
#define APART 0.11 /* of the width, between two ticks */

const char forest_style[] =
	".band{fill:var(--line);opacity:.5}.grid{stroke:var(--line);opacity:.7}.one{stroke:var(--"
	"soft)}"
	"svg svg path[d]{stroke:var(--paper);stroke-width:1.5;paint-order:stroke}"
	".control{stroke:var(--soft);fill:none;opacity:.65}"
	"svg .better{stroke:var(--better);fill:var(--better)}svg .worse{stroke:var(--worse);"
	"fill:var(--worse)}svg .even{stroke:var(--soft);fill:var(--soft)}"
	"svg .unsure{stroke:var(--unsure);fill:var(--unsure)}.tick{fill:var(--soft);font-size:12px;"
	"text-anchor:middle}";

/* In a file there is no page to take colours from. */
static const char file_style[] =
	":root{--ink:#1d2126;--soft:#59636e;--paper:#fff;--line:#d5dbe1;--better:#0060a8;"
	"--worse:#b04a00;--unsure:#8d4372}@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;"
	"--soft:#a3adb8;--paper:#15181c;--line:#3a424b;--better:#6fbcf5;--worse:#ff9d52;--unsure:#"
	"e5a0c8}}"
	"svg{background:var(--paper);font:13px "
	"sans-serif}text{fill:var(--ink)}.head{font-weight:bold}"
	".note{fill:var(--soft)}";

static const char note[] =
	"ratio new / old, logarithmic; pale circle: its unlocked control; shaded: the margin";

struct forest *forest_new(const char *name, const char *title, double margin)
{
	struct forest *f = xcalloc(1, sizeof(*f));

	*f = (struct forest){.name = xstrdup(name), .title = xstrdup(title), .margin = margin};
	return f;
}

void forest_free(struct forest *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->rows[i].label);
		free(f->rows[i].figures);
		free(f->rows[i].word);
	}
	free(f->rows);
	free(f->name);
	free(f->title);
	free(f);
}

struct forest_row *forest_add(struct forest *f, const char *label)
{
	static const struct forest_mark none = {NAN, NAN, NAN};

	f->rows = xrealloc(f->rows, (f->n + 1) * sizeof(*f->rows));
	f->rows[f->n] = (struct forest_row){.label = xstrdup(label), .cell = none, .control = none};
	return &f->rows[f->n++];
}

/* --- the axis --- */

struct axis {
	double from, span; /* of the logarithm */
	double ticks[MOST_TICKS];
	size_t n;
};

static double logarithm(double ratio)
{
	return log(fmin(fmax(ratio, 1 / MOST), MOST));
}

/* Where a ratio stands, as a share of the width. */
static double place(const struct axis *a, double ratio)
{
	return (logarithm(ratio) - a->from) / a->span;
}

static void add_tick(struct axis *a, double ratio)
{
	double at = place(a, ratio);

	if (at < 0.03 || at > 0.97 || a->n == MOST_TICKS)
		return;
	for (size_t i = 0; i < a->n; i++)
		if (fabs(at - place(a, a->ticks[i])) < APART)
			return;
	a->ticks[a->n++] = ratio;
}

/* 1 is always there; round ratios follow where there is room, the roundest first. */
static void find_ticks(struct axis *a)
{
	static const double between[] = {1, 5, 2, 3, 7, 1.5, 1.2, 9, 8, 1.1, 1.05, 9.5};

	add_tick(a, 1);
	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++)
		for (int e = -6; e <= 6; e++)
			add_tick(a, between[i] * pow(10, e));
}

static void widen(double range[2], double ratio)
{
	if (isfinite(ratio) && ratio > 0) {
		range[0] = fmin(range[0], logarithm(ratio));
		range[1] = fmax(range[1], logarithm(ratio));
	}
}

static void find_axis(const struct forest *f, struct axis *a)
{
	double least = log1p(fmax(2 * fmin(f->margin, 1), 0.02)), range[2] = {-least, least};

	for (size_t i = 0; i < f->n; i++) {
		const struct forest_mark *marks[] = {&f->rows[i].cell, &f->rows[i].control};

		for (size_t k = 0; k < 2; k++) {
			widen(range, marks[k]->ratio);
			widen(range, marks[k]->low);
			widen(range, marks[k]->high);
		}
	}
	a->span = (range[1] - range[0]) * 1.08;
	a->from = range[0] - 0.04 * (range[1] - range[0]);
	a->n = 0;
	find_ticks(a);
}

/* --- a strip: one row of the axis, in whatever it stands in --- */

static void share(struct xml *x, const char *name, double at)
{
	xml_attrf(x, name, "%.2f%%", 100 * fmin(fmax(at, 0), 1));
}

static void upright(struct xml *x, const char *class, double at)
{
	xml_open(x, "line");
	xml_attr(x, "class", class);
	share(x, "x1", at);
	share(x, "x2", at);
	xml_attr(x, "y1", "0");
	xml_attr(x, "y2", "100%");
	xml_empty(x);
}

static void interval(struct xml *x, const struct axis *a, const char *class,
		     const struct forest_mark *m, const char *width)
{
	if (isnan(m->low) || isnan(m->high))
		return;
	xml_open(x, "line");
	xml_attr(x, "class", class);
	share(x, "x1", place(a, m->low));
	share(x, "x2", place(a, m->high));
	xml_attr(x, "y1", "50%");
	xml_attr(x, "y2", "50%");
	xml_attr(x, "stroke-width", width);
	xml_empty(x);
}

/* A shape for each tone, so that the picture can be read without colour. */
static void mark(struct xml *x, const struct axis *a, enum tone tone, double ratio)
{
	static const char *const shapes[] = {
		[TONE_PLAIN] = "M-4-4h8v8h-8z",	       [TONE_BETTER] = "M-6-4h12l-6 10z",
		[TONE_WORSE] = "M-6 4h12l-6-10z",      [TONE_EVEN] = "M-4-4h8v8h-8z",
		[TONE_UNSURE] = "M0-6l6 6l-6 6l-6-6z",
	};

	xml_open(x, "svg");
	share(x, "x", place(a, ratio));
	xml_attr(x, "y", "50%");
	xml_attr(x, "overflow", "visible");
	xml_open(x, "path");
	xml_attr(x, "class", tone == TONE_PLAIN ? "even" : tone_class(tone));
	xml_attr(x, "d", shapes[tone]);
	xml_empty(x);
	xml_close(x);
}

static void backdrop(const struct forest *f, const struct axis *a, struct xml *x)
{
	double low = place(a, 1 / (1 + f->margin)), high = place(a, 1 + f->margin);

	xml_open(x, "rect");
	xml_attr(x, "class", "band");
	share(x, "x", low);
	share(x, "width", fmin(high, 1) - fmax(low, 0));
	xml_attr(x, "height", "100%");
	xml_empty(x);
	for (size_t i = 0; i < a->n; i++)
		upright(x, a->ticks[i] == 1 ? "one" : "grid", place(a, a->ticks[i]));
}

static void strip(const struct forest *f, const struct axis *a, const struct forest_row *r,
		  struct xml *x)
{
	const char *class = r->tone == TONE_PLAIN ? "even" : tone_class(r->tone);

	backdrop(f, a, x);
	if (isfinite(r->control.ratio)) {
		interval(x, a, "control", &r->control, "1");
		xml_open(x, "circle");
		xml_attr(x, "class", "control");
		share(x, "cx", place(a, r->control.ratio));
		xml_attr(x, "cy", "50%");
		xml_attr(x, "r", "4");
		xml_empty(x);
	}
	if (isfinite(r->cell.ratio)) {
		interval(x, a, class, &r->cell, "3");
		mark(x, a, r->tone, r->cell.ratio);
	}
}

static void tick_texts(const struct axis *a, struct xml *x)
{
	for (size_t i = 0; i < a->n; i++) {
		xml_open(x, "text");
		xml_attr(x, "class", "tick");
		share(x, "x", place(a, a->ticks[i]));
		xml_attr(x, "y", "16");
		xml_textf(x, "%.4g", a->ticks[i]);
		xml_close(x);
	}
}

static bool is_heading(const struct forest_row *r)
{
	return !r->word;
}

/* --- as a table of a page --- */

static void open_strip(struct xml *x)
{
	xml_open(x, "td");
	xml_attr(x, "class", "strip");
	xml_open(x, "svg");
	xml_attr(x, "aria-hidden", "true");
	xml_attr(x, "width", "100%");
	xml_attrf(x, "height", "%d", STRIP);
}

static void close_strip(struct xml *x)
{
	xml_close(x);
	xml_close(x);
}

static void cell(struct xml *x, const char *class, const char *text)
{
	xml_open(x, "td");
	xml_attr(x, "class", class);
	xml_text(x, text);
	xml_close(x);
}

static void html_row(const struct forest *f, const struct axis *a, const struct forest_row *r,
		     struct xml *x)
{
	xml_open(x, "tr");
	xml_open(x, "th");
	if (is_heading(r)) {
		xml_attr(x, "class", "group");
		xml_attr(x, "colspan", "4");
	} else {
		xml_attr(x, "scope", "row");
	}
	xml_text(x, r->label);
	xml_close(x);
	if (!is_heading(r)) {
		open_strip(x);
		strip(f, a, r, x);
		close_strip(x);
		cell(x, "n", r->figures);
		cell(x, tone_class(r->tone), r->word);
	}
	xml_close(x);
	xml_text(x, "\n");
}

void forest_html(const struct forest *f, struct xml *x)
{
	struct axis a;

	find_axis(f, &a);
	xml_open(x, "table");
	xml_attr(x, "class", "forest");
	xml_open(x, "caption");
	xml_textf(x, "%s: %s", f->title, note);
	xml_close(x);
	xml_text(x, "\n");
	xml_open(x, "tbody");
	xml_open(x, "tr");
	xml_attr(x, "class", "axis");
	xml_open(x, "th");
	xml_close(x);
	open_strip(x);
	tick_texts(&a, x);
	close_strip(x);
	cell(x, "n", "");
	cell(x, "", "");
	xml_close(x);
	for (size_t i = 0; i < f->n; i++)
		html_row(f, &a, &f->rows[i], x);
	xml_close(x);
	xml_close(x);
	xml_text(x, "\n");
}

/* --- as a file --- */

static void text(struct xml *x, const char *class, double at, double y, const char *words)
{
	xml_open(x, "text");
	if (*class)
		xml_attr(x, "class", class);
	xml_attrf(x, "x", "%.0f", at);
	xml_attrf(x, "y", "%.0f", y);
	xml_text(x, words);
	xml_close(x);
}

static void open_place(struct xml *x, double y, double height)
{
	xml_open(x, "svg");
	xml_attrf(x, "x", "%d", LABEL);
	xml_attrf(x, "y", "%.0f", y);
	xml_attrf(x, "width", "%d", FOREST_WIDTH - LABEL - FIGURES);
	xml_attrf(x, "height", "%.0f", height);
}

static void svg_row(const struct forest *f, const struct axis *a, const struct forest_row *r,
		    double y, struct xml *x)
{
	char *label = xstrndup(r->label, LONGEST + 4);

	if (text_cut(label, LONGEST) < strlen(label))
		strcpy(label + text_cut(label, LONGEST - 2), "..");
	text(x, is_heading(r) ? "head" : "", is_heading(r) ? 8 : 16, y + 15, label);
	free(label);
	if (is_heading(r))
		return;
	open_place(x, y, STRIP);
	strip(f, a, r, x);
	xml_close(x);
	text(x, "", FOREST_WIDTH - FIGURES + 10, y + 15, r->word);
	xml_text(x, "\n");
}

void forest_svg(const struct forest *f, struct str *out, int *height)
{
	struct axis a;
	struct xml x;
	double y = 66;
	char *sheet = xasprintf("%s%s", file_style, forest_style);

	*height = (int)y + 8 + STRIP * (int)f->n;
	find_axis(f, &a);
	xml_begin(&x);
	xml_open(&x, "svg");
	xml_attr(&x, "xmlns", "http://www.w3.org/2000/svg");
	xml_attr(&x, "role", "img");
	xml_attrf(&x, "viewBox", "0 0 %d %d", FOREST_WIDTH, *height);
	xml_attrf(&x, "width", "%d", FOREST_WIDTH);
	xml_attrf(&x, "height", "%d", *height);
	xml_element(&x, "title", f->title);
	xml_style(&x, sheet);
	text(&x, "head", 8, 18, f->title);
	text(&x, "note", 8, 36, note);
	open_place(&x, y - STRIP, STRIP);
	tick_texts(&a, &x);
	xml_close(&x);
	for (size_t i = 0; i < f->n; i++, y += STRIP)
		svg_row(f, &a, &f->rows[i], y, &x);
	xml_end(&x, out);
	free(sheet);
}
