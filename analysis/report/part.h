/*
 * What the sections of a report share. A section is one function that adds blocks to the document;
 * the list of them is in report.c.
 */
#ifndef ANALYSIS_REPORT_PART_H
#define ANALYSIS_REPORT_PART_H

#include "analysis/judge/compare.h"
#include "analysis/write/doc.h"

/* One of the kernels that the report is about. */
struct side {
	const struct run *run;
	const struct run_arm *arm;
	size_t arm_index; /* in run->arms */
	char *kernel;	  /* "6.1", or more of the release where the other side has that too */
	char *label;	  /* "new 6.1" */
};

struct report {
	const struct run *run;	      /* whose cells are shown, and that holds the report */
	const struct comparison *cmp; /* NULL: one kernel only */
	struct side sides[2];
	size_t n_sides;
	struct doc doc;
	size_t head;	   /* how many blocks of doc are the head that is not folded */
	struct str locks;  /* the lock evidence as plain text, for report.txt */
	struct strv names; /* of files, that report_file() gave out */
};

void report_part_init(struct report *r, const struct run *run, const struct comparison *c);
void report_part_release(struct report *r);

/* --- the sections --- */
void report_verdict(struct report *r);
void report_claims(struct report *r);
void report_ratios(struct report *r);
void report_profile(struct report *r);
void report_scaling(struct report *r);
void report_latency(struct report *r);
void report_locks(struct report *r);
void report_pairs(struct report *r);
void report_metrics(struct report *r);
void report_outcomes(struct report *r);
void report_environment(struct report *r);
void report_method(struct report *r);

/* --- for them --- */

/* Moves the block that was added last to the end of the head. */
void report_to_head(struct report *r);

/* The look of a side's series, or of its control's. */
enum plot_look report_look(size_t side, bool control);
/* Their name in the key of a picture; owned by the caller. */
char *report_key(const struct report *r, size_t side, bool control);
enum tone report_tone(enum verdict v);
/* "procs=32,lock=mlock": those parameters that differ between the run's cells of this workload, or
 * the workload's name where there are none. What these return, the caller owns. */
char *report_label(const struct report *r, const struct run_cell *c);
/* The label as a cell of a table, a control named as one. */
void report_name_cell(const struct report *r, struct table *t, const struct run_cell *c);
/* What all tables of results say of one: both figures, the change, its interval, its p. */
void report_change(struct table *t, const struct result *x);
/* "exit-mlocked size=2M": the workload and what of its parameters is special to all its cells. */
char *report_common(const struct report *r, const struct run_cell *c);
/* Both together, "exit-mlocked procs=32,size=2M,lock=mlock", leaving out the parameter `but`. */
char *report_cell(const struct report *r, const struct run_cell *c, const char *but);
/* "exit: instructions per page (icount)": what an axis shows and where it was measured. */
char *report_axis(const struct report *r, const struct run_metric *m);
/* A name for files and ids: letters, digits and dashes of prefix and text, none twice. */
char *report_file(struct report *r, const char *prefix, const char *text);
/*
 * All cells, what matters first: worse, better, changed, inconclusive, the rest, and in each the
 * largest change first; without a comparison in their order. The list is for the caller to free.
 */
const struct run_cell **report_ranked(const struct report *r, size_t *n);
/* The distinct workloads of the run in the order of its cells; pointers into the run. */
struct strv report_workloads(const struct report *r);

/* The boot medians of one side, see load_values(); metric NULL: the primary one. */
struct values report_values(const struct side *s, const char *cell, const char *metric);

#endif
