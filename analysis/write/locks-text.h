/* Lock evidence in words and figures, for people and for programs. */
#ifndef ANALYSIS_WRITE_LOCKS_TEXT_H
#define ANALYSIS_WRITE_LOCKS_TEXT_H

#include "analysis/cause/locks.h"
#include "analysis/write/doc.h"

/* "1.23 s", "41.1 ms", "710 us"; under icount instructions: "1.5M"; "0", and "-" for NAN. */
void locks_time(char out[32], const struct locks *l, double ns);
/* "58.1%" of a share; "-" for NAN. */
void locks_percent(char out[32], double share);
/* "(51.0% to 63.2%)", the 95 % interval of the median of shares of boots, or with fewer than six
 * boots their range: "(4 boots: 51.0% to 63.2%)". Sorts them. */
void locks_interval(const struct values *v, struct str *out);
/* What stands over every such table: the instrument, and how the figures are to be read. */
void locks_method(const struct locks *l, struct str *out);
/* What must be said of one cell in one arm: it skipped, lost events, was slowed down; or nothing.
 */
void locks_remarks(const struct lock_cell *c, struct str *out);

/*
 * " i_mmap_rwsem: 58.1% of the time in exit_mmap (51.0% to 63.2%)", the median of the boots and
 * its interval, where there were exits, and the same of the processes' time: a line each.
 */
void locks_class_shares(const struct lock_cell *c, enum lock_class class, struct str *out);

/* Plain text of at most 75 columns. */
void locks_text(const struct locks *l, struct str *out);
/* The same as tables of a document, without heading. */
void locks_tables(const struct locks *l, struct doc *d);
/* All of it, by round; a new reference. */
json_t *locks_json(const struct locks *l);

#endif
