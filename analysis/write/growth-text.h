/* How the figures of a comparison grow with each parameter that was swept, in sentences. */
#ifndef ANALYSIS_WRITE_GROWTH_TEXT_H
#define ANALYSIS_WRITE_GROWTH_TEXT_H

#include "analysis/judge/compare.h"
#include "analysis/judge/growth.h"

/*
 * Appends a paragraph a sweep, a sentence an arm, in lines of at most `width`; nothing where
 * nothing was swept.
 */
void growth_text(const struct comparison *c, size_t width, struct str *out);

/*
 * A sentence, printable, owned by the caller: "6.1: 700 to 702 insn/page over procs=1 to 32, is
 * constant: procs^0.00 (95 % interval ...), off by up to 0.3 %".
 */
char *growth_words(const struct growth *g, const struct sweep *s, const char *label);

#endif
