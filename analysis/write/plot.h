/*
 * A picture as data: series of points with intervals on two axes, and the gnuplot script that
 * draws it. Nothing here starts gnuplot (plot-gnuplot.h) or reads what it drew (plot-svg.h).
 */
#ifndef ANALYSIS_WRITE_PLOT_H
#define ANALYSIS_WRITE_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/str.h"

/*
 * A look is a colour with a dash and a marker of its own, so that a picture can be read without
 * colour, and one colour means one thing: old is the ink's, new green; blue and vermilion are left
 * to better and worse; parts of a whole have Paul Tol's muted colours. A control has its arm's
 * colour with an open marker and a thin dotted line.
 */
enum plot_look {
	PLOT_OLD,
	PLOT_NEW,
	PLOT_OLD_CONTROL,
	PLOT_NEW_CONTROL,
	PLOT_BETTER,
	PLOT_WORSE,
	PLOT_CHANGE, /* where something changed, for better or worse */
	PLOT_UNSURE,
	PLOT_QUIET, /* grey, for what only guides the eye */
	PLOT_PART,  /* the first of PLOT_PARTS looks for the parts of a stacked bar */
};
#define PLOT_PARTS 6

/* What is drawn of a series; any of them together. */
enum plot_draw {
	PLOT_LINE = 1,
	PLOT_MARK = 2,
	PLOT_YBAR = 8,	   /* low..high is an interval of y */
	PLOT_XRIBBON = 16, /* the area between low and high along x */
	PLOT_YRIBBON = 32,
	PLOT_BOX = 64, /* a bar PLOT_BOX_WIDTH wide around x, from low to high along y */
};
#define PLOT_BOX_WIDTH 0.36

struct plot_point {
	double x, y, low, high; /* low and high may be NAN: no interval */
};

struct plot_series {
	char *name; /* in the key; "" keeps it out */
	enum plot_look look;
	unsigned draw;
	struct plot_point *v;
	size_t n;
};

/* Of a longer series every second point is drawn, or every third...; the first is. */
#define PLOT_MOST_POINTS 250
size_t plot_step(size_t n);

struct plot_tick {
	double at;
	char *text;
};

struct plot_axis {
	char *label;
	bool log;
	double from, to;	 /* from > to turns the axis round; NAN: from the data */
	struct plot_tick *ticks; /* none: chosen from the data */
	size_t n;
};

struct plot {
	char *name; /* of the file, without suffix, and prefix of every id in the SVG */
	char *title;
	int height; /* in px; every picture is PLOT_WIDTH wide */
	struct plot_axis x, y;
	struct plot_series *series;
	size_t n;
};

#define PLOT_WIDTH 760

/* An empty picture, released with plot_free(). */
struct plot *plot_new(const char *name, const char *title);
void plot_free(struct plot *p);
/* Adds a series; the pointer is valid until the next one is added. */
struct plot_series *plot_add(struct plot *p, const char *name, enum plot_look look, unsigned draw);
void plot_add_point(struct plot_series *s, double x, double y, double low, double high);
void plot_label(struct plot_axis *a, const char *label);
void plot_add_tick(struct plot_axis *a, double at, const char *text);
/* Whether anything can be seen: at least one finite point. */
bool plot_has_points(const struct plot *p);

/* Sets `log` on an axis unless a point or an end of an interval there is not above zero. */
void plot_try_log(struct plot *p, bool x, bool y);

/*
 * Appends the gnuplot commands that draw p into the file `NAME.svg` of gnuplot's directory. They
 * need nothing that was set before and leave nothing behind. Text of any origin is safe in it.
 */
void plot_script(const struct plot *p, struct str *out);

/* A number as a tick label: 0.25, 12, 1.5k, 3M. The string is static and overwritten. */
const char *plot_number(double v);

#endif
