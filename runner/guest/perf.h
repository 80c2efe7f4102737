/*
 * perf's own view of waiting for locks, as perf prints it: `perf lock record` beside a cell, then
 * `perf lock report` of the tracepoints of lockdep, or where a kernel has none, `perf lock
 * contention` of those that came with 5.19.
 */
#ifndef GUEST_PERF_H
#define GUEST_PERF_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

struct perf {
	char *dir, *data; /* a directory of our own, and the file in it that perf records to */
	bool lockdep;
};

/* -1 where the kernel has neither kind of tracepoint; the message is then the reason for a skip. */
int perf_start(struct perf *p, struct err *err);
/* What perf says of what it recorded, its first PERF_MAX_LINES lines, appended to out. */
int perf_tell(const struct perf *p, struct str *out, struct err *err);
void perf_release(struct perf *p);

#define PERF_MAX_LINES 40

/* --- the pure parts, for tests --- */
/* The command that runs a cell with perf beside it. */
void perf_record_argv(struct strv *argv, const struct perf *p, char *const cell[]);
void perf_report_argv(struct strv *argv, const struct perf *p);

#endif
