/*
 * The record of lib/record.h for readers of millions: it points into its line and copies nothing.
 * A line in the plain form that sample_format writes is read in one pass; any other goes the long
 * way through sample_parse, with the same result.
 */
#ifndef LIB_RECORD_VIEW_H
#define LIB_RECORD_VIEW_H

#include "lib/record.h"

struct text_view {
	const char *at; /* not terminated */
	size_t len;
};

enum figure_group { FIGURE_METRIC, FIGURE_VMSTAT, FIGURE_PERF };

struct figure_view {
	enum figure_group group;
	struct text_view name;
	double value;
};

/* The record's own numbers, in this order; 0 where it lacks one. */
enum record_number {
	RECORD_ELAPSED_NS,
	RECORD_OPS,
	RECORD_UTIME_US,
	RECORD_STIME_US,
	RECORD_MINFLT,
	RECORD_MAJFLT,
	RECORD_NVCSW,
	RECORD_NIVCSW,
	RECORD_NUMBERS,
};

struct record_view {
	struct text_view cell, outcome, reason;
	int iter;
	bool warmup;
	double number[RECORD_NUMBERS];
	struct figure_view *figures; /* finite ones */
	size_t n, cap;
	double *latency_ns;
	size_t latencies, latency_cap;
	struct sample whole; /* holds the texts of a line that went the long way */
};

/*
 * Reads one line into v, which starts as {0} and may be used again and again; it is valid while the
 * line is and until the next. -1 and err as sample_parse.
 */
int record_view_read(struct record_view *v, const char *line, size_t len, struct err *err);
void record_view_release(struct record_view *v);
bool text_view_is(struct text_view v, const char *text);

#endif
