/* A series as a document, and the profiles that say where its steps lie. */
#ifndef ANALYSIS_REPORT_PATCHES_H
#define ANALYSIS_REPORT_PATCHES_H

#include "analysis/judge/patches.h"
#include "analysis/write/doc.h"

/* The tables and, with pictures, a waterfall of each figure that moved. */
void report_patches(const struct patches *p, bool pictures, struct doc *d);

/*
 * Fills rows' `where` from exact profiles of the kernels on both sides of each step that moved
 * something: RUN/profiles/ARM. With measure, those that are not there are made (icount). A profile that
 * cannot be had is a note.
 */
int report_patches_profile(struct patches *p, bool measure, struct strv *notes, struct err *err);

#endif
