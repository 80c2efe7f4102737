/*
 * A differential flame graph: the call trees of both kernels laid over each other, callers above
 * what they call. A box is as wide as the larger of what either kernel spends there, so that what
 * is gone is seen as well as what is new; its colour and the sign before its name say which way it
 * changed. Needs no script; pointing at a box shows its figures.
 */
#ifndef ANALYSIS_WRITE_FLAME_H
#define ANALYSIS_WRITE_FLAME_H

#include "analysis/cause/profile.h"
#include "lib/str.h"

#define FLAME_WIDTH 1200

/* Appends the SVG, a file of its own with colours that follow prefers-color-scheme; returns its
 * height. */
int flame_svg(const struct profile *p, struct str *out);

#endif
