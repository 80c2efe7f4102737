/* From the pictures of a document to what gnuplot draws of them. */
#ifndef ANALYSIS_REPORT_DRAW_H
#define ANALYSIS_REPORT_DRAW_H

#include "analysis/write/doc.h"
#include "lib/err.h"

/*
 * Draws every picture that has a point: DIR/NAME.svg, and the same as the block's svg. DIR/plots.gp
 * is the script that drew them. Needs gnuplot (write/gnuplot.h).
 */
int report_draw(struct doc *d, const char *dir, struct err *err);

#endif
