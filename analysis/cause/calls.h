/* A tree of calls with exact counts, as a profiled boot leaves it (docs/formats.md, profile.txt).
 */
#ifndef ANALYSIS_CAUSE_CALLS_H
#define ANALYSIS_CAUSE_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include "analysis/load/load.h"

struct call {
	char *function; /* "" at the root; text of a guest's kernel: escape it */
	struct call *parent, *child, *next; /* children in the order of their names */
	struct call *last;		    /* the child that was added to last */
	double calls, self;		    /* how often it was entered; instructions of its own */
	double total;			    /* with all below, once calls_sum() was called */
};

/* What the profiled boots of one cell counted. */
struct calls {
	struct call root;
	double insns; /* in all regions */
	size_t regions;
	double *region;	 /* of each, in order */
	double strays;	 /* returns whose caller was not known */
	double doubtful; /* instructions that may not have been executed */
	bool open;     /* a region was never closed: what it counted is in the tree, not in insns */
	bool whole;    /* the cell's section has its end */
	bool misnamed; /* the symbols were another kernel's */
};

/* Where each cell's lines are in a boot's profile.txt. */
struct profile_index {
	struct file_part *cells; /* by cell of the run; NULL: the boot left no profile */
	bool misnamed;
};
/* Reads the file through once and checks it; the caller frees index->cells, after an error too. */
int profile_index_read(struct profile_index *index, const struct run *r, const struct run_boot *b,
		       struct err *err);

/*
 * Adds cell number `cell` of a boot's profile.txt to c, zeroed before the first. The variants that
 * a compiler makes of a function (foo.isra.0, foo.constprop.0, foo.part.0) count as the function,
 * since two kernels rarely agree on them. A file that ends early is no error: see `whole`;
 * one whose functions are far from the order of their names is, since it would take long, and one
 * that would take over ten times its size of memory and LOAD_HELD_OVER.
 */
int calls_read(struct calls *c, const struct run *r, const struct run_boot *b,
	       const struct profile_index *index, size_t cell, struct err *err);
void calls_release(struct calls *c);

/* Fills in `total` of a tree. */
void calls_sum(struct call *root);

#endif
