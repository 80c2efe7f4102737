/* One iteration of one cell, and the one place that knows how it is written (docs/formats.md). */
#ifndef LIB_RECORD_H
#define LIB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/err.h"

/*
 * What a record may hold at most: figures of a group, and bytes of a figure's name and of the
 * reason. A name, which becomes a heading in every format there is, is of letters, digits and _ . :
 * / + % -
 */
#define RECORD_MAX_FIGURES 512
#define RECORD_MAX_NAME 64
#define RECORD_MAX_REASON 1023

struct figure {
	char *name;
	double value;
};

struct figures {
	struct figure *v;
	size_t n;
};

/* Whether a figure may be called so. */
bool figure_name_ok(const char *name, size_t len);
/*
 * Whether it may have that value: 0, or between 1e-30 and 1e30 in size. A quotient of two counts of
 * 64 bits is; what is not would leave a double's range in ratios and squares.
 */
bool figure_value_ok(double v);
/* Sets or adds a figure. */
void figures_set(struct figures *f, const char *name, double value);
/* The value, or NAN. */
double figures_get(const struct figures *f, const char *name);
void figures_release(struct figures *f);

struct sample {
	char *cell;
	int iter;
	bool warmup;
	char *outcome; /* "ok", "fail", "skip", "broken" */
	char *reason;
	uint64_t elapsed_ns, ops;
	struct figures metrics;
	uint64_t *latency_ns;
	size_t latencies;
	uint64_t utime_us, stime_us, minflt, majflt, nvcsw, nivcsw;
	struct figures vmstat, perf;
};

/* The record as one line of JSON without newline; owned by the caller. */
char *sample_format(const struct sample *s);
/* Parses one line. -1 where it is not a sample record, with what is wrong; s is then empty. */
int sample_parse(struct sample *s, const char *line, size_t len, struct err *err);
void sample_release(struct sample *s);

#endif
