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

#endif
