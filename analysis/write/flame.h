/*
 * A differential flame graph: the call trees of both kernels laid over each other, callers above
 * what they call. A box is as wide as the larger of what either kernel spends there, so that what
 * is gone is seen as well as what is new; its colour and the sign before its name say which way it
 * changed. Needs no script; pointing at a box shows its figures.
 */
#ifndef ANALYSIS_WRITE_FLAME_H
#define ANALYSIS_WRITE_FLAME_H

#include <stdbool.h>
#include "analysis/cause/profile.h"

/*
 * Appends the SVG. name: prefix of its ids. alone: for a file of its own, with colours that follow
 * prefers-color-scheme.
 */
void flame_svg(const struct profile *p, const char *name, bool alone, struct str *out);

#endif
