/*
 * The runs of a results directory in one SQLite file, RESULTS/catalogue.db, so that a figure can be
 * followed over all of them. It is an index, never the only copy: opening it brings it up to date
 * with the run directories, and one that is lost, damaged or of another version is made again from
 * them.
 */
#ifndef ANALYSIS_CATALOGUE_CATALOGUE_H
#define ANALYSIS_CATALOGUE_CATALOGUE_H

#include <stddef.h>
#include "lib/err.h"
#include "lib/str.h"

struct catalogue;

/*
 * Opens the catalogue of a results directory. Runs that were complete when they were last read and
 * have not changed since are not read again; one that cannot be read is left out, with a printable
 * line in notes. NULL on failure.
 */
struct catalogue *catalogue_open(const char *results, struct strv *notes, struct err *err);
void catalogue_close(struct catalogue *c);

/* One metric of one cell on one kernel of one run. */
struct catalogue_figure {
	char *run, *created;   /* the name of its directory; "2026-11-20T08:50:00Z" */
	char *target, *kernel; /* "icount"; the release, or the spec where that is unknown */
	char *cell, *unit;
	double value, low, high; /* median of the boots, its 95 % interval */
	int boots;
};

struct catalogue_figures {
	struct catalogue_figure *v;
	size_t n;
};

/*
 * Every figure of a metric, of one workload only unless that is NULL, by cell, target and unit and
 * within those by time and in the order of the arms.
 */
int catalogue_history(struct catalogue *c, const char *metric, const char *workload,
		      struct catalogue_figures *out, struct err *err);
void catalogue_figures_release(struct catalogue_figures *f);

/* The metrics there are, appended to out. */
int catalogue_metrics(struct catalogue *c, struct strv *out, struct err *err);

/*
 * Complete runs of exactly two kernels, these, by the SHA-256 of their images, on a kind of target:
 * names of directories, newest first, appended to out.
 */
int catalogue_pairs(struct catalogue *c, const char *old_sha256, const char *new_sha256,
		    const char *target, struct strv *out, struct err *err);

#endif
