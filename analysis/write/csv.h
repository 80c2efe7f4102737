/*
 * Comma separated values (RFC 4180), one writer for all. What is text is printable, and no
 * spreadsheet takes it for a formula; figures are figures.
 */
#ifndef ANALYSIS_WRITE_CSV_H
#define ANALYSIS_WRITE_CSV_H

#include "analysis/write/doc.h"

/*
 * Appends a field that is text: quoted where it must be, str_mend() done; one that begins with = +
 * - or @ and is no number gets a ' before it, which spreadsheets take for "this is text".
 */
void csv_text(struct str *out, const char *text);
/* Appends a field that is a figure, with ten digits; nothing for one that is not finite. */
void csv_number(struct str *out, double v);

/* Appends a table, figures with all their digits. */
void csv_table(const struct table *t, struct str *out);
/* Appends a picture's points: series,x,y,low,high; low and high are empty where there are none. */
void csv_plot(const struct plot *p, struct str *out);

#endif
