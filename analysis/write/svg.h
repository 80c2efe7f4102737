/* What gnuplot's svg terminal draws, made fit to be shown on light and dark paper. */
#ifndef ANALYSIS_WRITE_SVG_H
#define ANALYSIS_WRITE_SVG_H

#include "analysis/write/plot.h"
#include "lib/err.h"

/*
 * Appends gnuplot's SVG of p as a file: black becomes currentColor (which follows
 * prefers-color-scheme), groups without content and the name of the program that drew it go, and
 * the title tells a screen reader what it shows. -1 where it is not the SVG that gnuplot draws.
 */
int plot_svg_adapt(const struct plot *p, const struct str *svg, struct str *out, struct err *err);

#endif
