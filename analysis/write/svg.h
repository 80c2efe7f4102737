/* What gnuplot's svg terminal draws, made fit to stand beside others in one page, light or dark. */
#ifndef ANALYSIS_WRITE_SVG_H
#define ANALYSIS_WRITE_SVG_H

#include <stdbool.h>
#include "analysis/write/plot.h"

/* CSS for a dark page: the palette's blue is too dark for it, its sky blue is not. */
#define PLOT_SVG_DARK                                                                              \
	"svg [stroke='rgb(  0, 114, 178)']{stroke:#56b4e9}svg [color='rgb(  0, 114, 178)']"        \
	"{color:#56b4e9}svg [fill='rgb(  0, 114, 178)']{fill:#56b4e9}"

/*
 * Appends gnuplot's SVG of p: every id and reference to one gets p's name as prefix, black becomes
 * currentColor (the colour of the text around it), groups without content and the name of the
 * program that drew it go, and the title tells a screen reader what it shows. `alone` is for a file
 * of its own: with colours that follow prefers-color-scheme.
 */
void plot_svg_adapt(const struct plot *p, const char *svg, bool alone, struct str *out);

#endif
