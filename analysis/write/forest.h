/*
 * A forest plot: a row a cell with its ratio and interval, its control pale beside it. All
 * positions are shares of the width, so that the ratio 1 and every row are in view on a page of any
 * width, with the text as large as the page's own; as a file it is a picture like others.
 */
#ifndef ANALYSIS_WRITE_FOREST_H
#define ANALYSIS_WRITE_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include "analysis/write/tone.h"
#include "analysis/write/xml.h"

struct forest_mark {
	double ratio, low, high; /* low and high NAN: no interval; ratio NAN: no mark */
};

struct forest_row {
	char *label;
	char *figures; /* "0.315 (0.284..0.365)" */
	char *word;    /* the verdict */
	enum tone tone;
	struct forest_mark cell, control;
};

struct forest {
	char *name, *title; /* of the file NAME.svg, and what it shows */
	double margin;	    /* a share */
	struct forest_row *rows;
	size_t n;
};

#define FOREST_WIDTH 760

/* For the page that a forest stands in, which has --better, --worse, --unsure, --soft and --line.
 */
extern const char forest_style[];

struct forest *forest_new(const char *name, const char *title, double margin);
void forest_free(struct forest *f);
/* The row, whose texts the forest owns; a row without a mark is a heading. */
struct forest_row *forest_add(struct forest *f, const char *label);
/* As a table of the page. */
void forest_html(const struct forest *f, struct xml *x);
/* As a file; *height is in px. */
void forest_svg(const struct forest *f, struct str *out, int *height);

#endif
