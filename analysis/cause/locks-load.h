/* The half of locks.h that reads a boot's messages (docs/formats.md). */
#ifndef ANALYSIS_CAUSE_LOCKS_LOAD_H
#define ANALYSIS_CAUSE_LOCKS_LOAD_H

#include "analysis/cause/locks.h"

/* Adds the rounds of one boot to the evidence; a boot without messages adds nothing. */
int locks_load_boot(struct locks *l, const struct run_boot *b, struct err *err);

#endif
