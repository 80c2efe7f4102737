/* The report of a run: text, Markdown, a page of HTML, pictures and tables, in a directory. */
#ifndef ANALYSIS_REPORT_REPORT_H
#define ANALYSIS_REPORT_REPORT_H

#include "analysis/judge/compare.h"

/*
 * Writes index.html, report.md, report.txt and compare.json (of a comparison), a .svg and a .csv
 * for each picture, more .csv for tables, and plots.gp, the gnuplot script of the pictures, into
 * DIR, in place of the report that was there: that one goes only when this one is whole, and what
 * is no part of it stays. With c NULL it describes `run` alone, as where only one kernel was
 * measured. Without gnuplot the report has no pictures, and *note (owned by the caller; else NULL)
 * says what to install. The same run gives the same bytes.
 */
int report_write(const struct run *run, const struct comparison *c, const char *dir, char **note,
		 struct err *err);

#endif
