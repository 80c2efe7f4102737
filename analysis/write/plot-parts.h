/* What plot-script.c and plot-axes.c share. */
#ifndef ANALYSIS_WRITE_PLOT_PARTS_H
#define ANALYSIS_WRITE_PLOT_PARTS_H

#include "analysis/write/plot.h"

/* In px: a character of the widest common sans serif at 14 px. */
#define PLOT_CHARACTER 8.5

/*
 * A text in single quotes, where gnuplot expands neither backquotes nor macros. A tick's label is
 * a printf format to gnuplot, so its percent signs are doubled.
 */
void plot_quoted(struct str *out, const char *text, bool format);
/* The range and the ticks of one axis. */
void plot_axis_script(const struct plot *p, bool is_x, struct str *out);

#endif
