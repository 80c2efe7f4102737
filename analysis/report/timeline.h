/* A timeline as one HTML file: a picture a cell, the table below it, no script. */
#ifndef ANALYSIS_REPORT_TIMELINE_H
#define ANALYSIS_REPORT_TIMELINE_H

#include "analysis/judge/timeline.h"

/*
 * Writes the page. Without gnuplot it has no pictures, and *note (owned by the caller; else NULL)
 * says what to install.
 */
int timeline_html(const struct timeline *t, const char *path, char **note, struct err *err);

#endif
