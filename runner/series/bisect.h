/*
 * Where between two commits a figure moved: one cell measured on commits against GOOD, and git's
 * own bisection that asks for them.
 */
#ifndef RUNNER_SERIES_BISECT_H
#define RUNNER_SERIES_BISECT_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/build.h"

struct bisect {
	struct git g;
	struct kernel_recipe recipe;
	struct kernel_opts kernels;
	const char *metric, *target; /* metric NULL: the cell's primary one */
	const struct strv *rest;     /* more options of run */
	int pairs;
	char *cell; /* its id, as tables have it */
	char *dir;  /* of its runs */
	struct str experiment;
	struct git_commit good;
	char *good_run;	 /* of GOOD alone, whose boots are taken again; NULL: none can be */
	char *ends_run;	 /* of both ends */
	char *images[2]; /* identities of GOOD's image and of BAD's */
	bool rises;	 /* the way BAD moved the figure */
	int steps;
};

/* Takes the cell as a user names it, and makes the experiment of it and its control. */
int bisect_cell(struct bisect *b, const char *cell, struct err *err);
void bisect_release(struct bisect *b);

/* The cell's entry in what compare says of a run, --format json: a new reference, or NULL. */
json_t *bisect_figure(const struct bisect *b, const char *run, struct err *err);

/* How large it is: "worse, ratio 1.2, 95 % interval 1.1 to 1.3", or of a figure that was 0
 * "changed, difference +12, ..."; owned by the caller. */
char *bisect_size(const json_t *figure);

/* Builds and measures both ends, GOOD being b->good. 0 where they differ, 1 where they do not, -1.
 */
int bisect_ends(struct bisect *b, const struct git_commit *bad, struct err *err);
/*
 * The run of a commit and its parent: a new one in b->dir, or that of the ends where it is of their
 * images. A new string, or NULL.
 */
char *bisect_step(const struct bisect *b, const struct git_commit *parent,
		  const struct git_commit *c, struct err *err);

enum bisect_answer { BISECT_GOOD, BISECT_BAD, BISECT_SKIP, BISECT_UNABLE };
/*
 * Builds a commit and judges it against GOOD; err says why it is skipped, or why no commit could be
 * built here.
 */
enum bisect_answer bisect_ask(struct bisect *b, const struct git_commit *c, struct err *err);
/*
 * Bisects along first parents from b->good to bad: 0 with the first bad commit's id; 1, after
 * saying which, where only commits that were skipped are left; -1.
 */
int bisect_search(struct bisect *b, const char *bad, char id[65], struct err *err);

#endif
