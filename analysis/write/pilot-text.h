/* What a stored run says of a next one, as text. */
#ifndef ANALYSIS_WRITE_PILOT_TEXT_H
#define ANALYSIS_WRITE_PILOT_TEXT_H

#include "analysis/judge/pilot.h"

/* A table of at most 75 columns. */
void pilot_text(const struct pilot *p, struct str *out);

#endif
