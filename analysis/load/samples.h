/* The streaming half of load.h: from samples.jsonl to one number for each cell and metric. */
#ifndef ANALYSIS_LOAD_SAMPLES_H
#define ANALYSIS_LOAD_SAMPLES_H

#include "analysis/load/load.h"

/*
 * Reads the samples of one boot into the cells of r. Beyond LOAD_ITERATIONS of a cell the median is
 * that of an even random sample of them, so that memory is bounded. A last line without its newline
 * is a note; any other line that is no sample is an error with file and line.
 */
#define LOAD_ITERATIONS 8192
int load_samples(struct run *r, const struct run_boot *b, struct err *err);

/*
 * Calls read for each line of a file, without its newline, until it returns -1; its err gets file
 * and line put before it. A last line without a newline is passed over, with a line in notes where
 * that is not NULL.
 */
typedef int load_line_fn(void *arg, const char *line, size_t len, struct err *err);
int load_lines(const char *path, struct strv *notes, load_line_fn *read, void *arg,
	       struct err *err);

/* Adds a counter's series to a cell, without values; the pointer lives until the next. */
struct series *load_add_series(const struct run *r, struct run_cell *c, const char *name,
			       const char *unit, bool time);

#endif
