/* What a report shows, as comma separated values (RFC 4180); control characters are left out. */
#ifndef ANALYSIS_WRITE_CSV_H
#define ANALYSIS_WRITE_CSV_H

#include "analysis/write/doc.h"

/* Appends a table, figures with all their digits. */
void report_csv_table(const struct table *t, struct str *out);
/* Appends a picture's points: series,x,y,low,high; low and high are empty where there are none. */
void report_csv_plot(const struct plot *p, struct str *out);

#endif
