/* What the files of this room share: a run's lists as they grow. */
#ifndef ANALYSIS_LOAD_PARTS_H
#define ANALYSIS_LOAD_PARTS_H

#include "analysis/load/load.h"

/* Adds a counter's series to a cell, without values; the pointer lives until the next. */
struct series *load_add_series(const struct run *r, struct run_cell *c, const char *name,
			       const char *unit, bool time);
/* Gives a series values of its own, or a cell outcomes. -1: the run takes more than it may. */
int load_own_values(struct run *r, struct series *s, struct err *err);
int load_own_outcomes(struct run *r, struct run_cell *c, struct err *err);

#endif
