/* How the figures of a comparison grow with each parameter that was swept, in sentences. */
#ifndef ANALYSIS_WRITE_GROWTH_TEXT_H
#define ANALYSIS_WRITE_GROWTH_TEXT_H

#include "analysis/judge/compare.h"

/*
 * Appends a paragraph a sweep, a sentence an arm, in lines of at most `width`; nothing where
 * nothing was swept.
 */
void growth_text(const struct comparison *c, size_t width, struct str *out);

#endif
