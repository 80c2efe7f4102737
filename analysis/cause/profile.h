/*
 * Exact profiles: where the instructions of a cell went on two kernels, and what makes up the
 * difference. Figures are instructions per operation, summed over all measured iterations of the
 * profiled boots; being counts of the same work, they add up to the whole.
 */
#ifndef ANALYSIS_CAUSE_PROFILE_H
#define ANALYSIS_CAUSE_PROFILE_H

#include "analysis/cause/calls.h"
#include "analysis/cause/families.h"
#include "analysis/load/load.h"

/* A stored run's profiled boots. */
struct profiles {
	struct run run;		       /* of kind "profile" */
	struct run timed;	       /* the boots that they explain */
	struct profile_index *indices; /* by boot of run */
	struct families families;
};

/* families: the path of families.ini. A run without profiled boots has run.n_boots 0. */
int profiles_load(struct profiles *p, const char *path, const char *families, struct err *err);
void profiles_release(struct profiles *p);

/* One kernel's profile of one cell. */
struct profile_side {
	const struct run_arm *arm;
	struct calls calls;
	double ops; /* operations in all regions; 0: nothing was measured */
	double boots;
	double unprofiled; /* instructions of the same regions by the clock of the timed boots; NAN:
			      unknown */
	struct strv notes; /* printable: what is missing or doubtful */
};

/* Adds up a cell's profiled boots on one arm (indices in the run), or that of one pair. */
#define PROFILE_ALL_PAIRS (-1)
int profile_side_load(struct profile_side *s, const struct profiles *from, size_t cell, size_t arm,
		      int pair, struct err *err);
void profile_side_release(struct profile_side *s);

/* What one function or family has on both kernels, instructions per operation. */
struct profile_row {
	char *name;		 /* of the function; where it was renamed, the last of its names */
	const char *known_as[2]; /* its name in each kernel, NULL where it is not executed there */
	size_t family;
	double self[2];	 /* of its own */
	double total[2]; /* with what it calls; 0 in rows of families */
	double calls[2];
};

struct profile {
	const struct run_cell *cell;
	const struct profiles *from;
	const char *op;				  /* "page": what an operation is */
	struct profile_side side[2];		  /* old, new */
	double whole[2];			  /* instructions per operation */
	struct profile_row *functions, *families; /* the largest change first */
	size_t n_functions, n_families;
};

/* The profile of a cell (its index in run.cells) on two arms. */
int profile_load(struct profile *p, const struct profiles *from, size_t cell, size_t old,
		 size_t new, struct err *err);
/* The same by the boots of one pair, which have one layout; a side that has none has ops 0. */
int profile_load_pair(struct profile *p, const struct profiles *from, size_t cell, size_t old,
		      size_t new, int pair, struct err *err);
void profile_release(struct profile *p);

/* new - old of a row's own instructions. */
double profile_change(const struct profile_row *r);
/* The part of the whole change that a row's is, NAN where there is no change. */
double profile_share(const struct profile *p, const struct profile_row *r);

#endif
