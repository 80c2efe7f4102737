/* A timeline for a terminal or a mail: no line wider than TABLE_WIDTH. */
#ifndef ANALYSIS_WRITE_TIMELINE_TEXT_H
#define ANALYSIS_WRITE_TIMELINE_TEXT_H

#include "analysis/judge/timeline.h"

/* Appends it: the kernels, the change points release by release, then a table for each cell. */
void timeline_text(const struct timeline *t, struct str *out);

#endif
