/* What the files of this room share: a run's lists as they grow. */
#ifndef ANALYSIS_LOAD_PARTS_H
#define ANALYSIS_LOAD_PARTS_H

#include "analysis/load/load.h"

/* Adds a counter's series to a cell, without values; the pointer lives until the next. */
struct series *load_add_series(const struct run *r, struct run_cell *c, const char *name,
			       const char *unit, bool time);
/* Counts bytes that are held of a run from here on. -1: it takes more than it may, see load_run().
 */
int load_hold(struct run *r, size_t size, struct err *err);
/* What a cell takes, and each of its series, beside values and outcomes: about, with their names.
 */
#define LOAD_CELL_BYTES 1024
#define LOAD_SERIES_BYTES 400
/* Gives a series values of its own, or a cell outcomes. -1 as load_hold(). */
int load_own_values(struct run *r, struct series *s, struct err *err);
int load_own_outcomes(struct run *r, struct run_cell *c, struct err *err);

#endif
