/*
 * A series patch by patch: the steps of a run (steps.h) as rows, in the order and with the words of
 * RUN/series.json (docs/formats.md), where the run has one; else a row an arm.
 */
#ifndef ANALYSIS_JUDGE_PATCHES_H
#define ANALYSIS_JUDGE_PATCHES_H

#include "analysis/judge/steps.h"

struct patch_row {
	int n;			/* 0 is the base */
	char *subject, *commit; /* printable; commit "" where there is none */
	size_t arm;		/* index in the run, SIZE_MAX: none of its own */
	int same;		/* the row whose image it has, -1: none */
	char *trouble;		/* why it has no figures, or not all, printable, or NULL */
	struct strv
		where; /* lines of which functions the steps lie in, from a profile of both sides */
	/* printable lines of its configuration that differ from the patch before; of the base what
	   fragments ask for and it does not take */
	struct strv config;
};

/* A figure that moved at some step, or from end to end. */
struct patch_column {
	const struct run_cell *cell;
	const struct run_metric *metric;
};

struct patches {
	const struct run *run;
	char *range;  /* "v5.17..HEAD", or the run's name */
	bool commits; /* the rows are commits of a range; else the run's kernels */
	struct steps steps;
	struct comparison whole; /* the first arm that has figures against the last */
	bool has_whole;
	struct patch_row *rows;
	size_t n_rows;
	struct patch_column *columns; /* primary metrics but the floor, in the run's order */
	size_t n_columns;
};

#define PATCHES_SHOWN 3 /* figures of one patch in words, and profiled */

/* The run must outlive p; margin as of steps_make(). p is empty on failure. */
int patches_make(struct patches *p, const struct run *run, double margin, struct err *err);
void patches_release(struct patches *p);

/* The step that a row makes in a column, or NULL. */
const struct step *patches_step(const struct patches *p, const struct patch_row *row,
				const struct patch_column *column);
/* Whether the step moves something by the margin at least, in any column. */
bool patches_moves(const struct patches *p, const struct patch_row *row);
/*
 * The largest steps of a row that are changes, the largest first, at most `most` of them; all,
 * where not NULL, is set to how many there are. Returns how many are in v.
 */
size_t patches_largest(const struct patches *p, const struct patch_row *row, const struct step **v,
		       size_t most, size_t *all);
/*
 * The rows that `whole` is from and to: those of its kernels, and where the last rows have the
 * image of one before, the last of them.
 */
void patches_ends(const struct patches *p, const struct patch_row **from,
		  const struct patch_row **to);
/* Where the steps that a row makes begin: the row before it that has figures, or NULL. */
const struct patch_row *patches_before(const struct patches *p, const struct patch_row *row);

#endif
