/* Cells: a workload with one checked set of parameter values, and its canonical name. */
#ifndef WORKLOADS_PARAMS_H
#define WORKLOADS_PARAMS_H

#include "lib/err.h"
#include "workloads/workload.h"

#define MAX_PARAMS 16

struct cell {
	const struct workload *w;
	char *values[MAX_PARAMS]; /* canonical text, in the descriptor's order */
	char *id;		  /* "exit-mlocked/procs=32,size=8M,lock=mlock" */
	char *control;		  /* the control's id; NULL where there is none, or this is it */
};

/* The i-th parameter of a workload, its own first, then those that every workload has; NULL after
 * the last. */
const struct param *workload_param(const struct workload *w, size_t i);

/* Reads "key=value" words, each key at most once; what is not given has its default. */
int cell_parse(struct cell *c, const struct workload *w, char *const words[], size_t n,
	       struct err *err);
void cell_release(struct cell *c);

/* The value of a parameter; the workload's author must name one that exists. */
const char *cell_text(const struct cell *c, const char *param);
uint64_t cell_int(const struct cell *c, const char *param);

/* Checks one value and gives its one canonical spelling (new string): 8192K is 8M. NULL: err. */
char *param_canonical(const struct param *p, const char *value, struct err *err);
/* Bytes as 4096, 64K, 8M or 1G, the largest unit that leaves a whole number (new string). */
char *size_text(uint64_t bytes);

#endif
