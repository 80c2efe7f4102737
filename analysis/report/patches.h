/* A series as a document, and the profiles that say where its steps lie. */
#ifndef ANALYSIS_REPORT_PATCHES_H
#define ANALYSIS_REPORT_PATCHES_H

#include "analysis/cause/locks.h"
#include "analysis/judge/patches.h"
#include "analysis/write/doc.h"

/* The tables and, with pictures, a waterfall of each figure that moved; the lock evidence, where
 * there is. */
void report_patches(const struct patches *p, const struct locks *locks, bool pictures,
		    struct doc *d);

/* Appends the job of an experiment that measures a cell: a section "job" and its number. */
void report_patches_job(const struct run_cell *c, size_t n, struct str *out);
/*
 * Makes the run dir of an experiment, told of as NAME.ini, or what is missing of it; what: what is
 * said on stderr before that. 0 where dir has all its boots.
 */
int report_patches_measure(const char *name, const struct str *text, const char *what,
			   const char *dir, struct err *err);

/*
 * Fills rows' `where` from exact profiles of the kernels on both sides of each step that moved
 * something: RUN/profiles/ARM. With measure, those that are not there are made (icount). A profile
 * that cannot be had is a note.
 */
int report_patches_profile(struct patches *p, bool measure, struct strv *notes, struct err *err);

/*
 * Who waited for which lock in the kernels of the base, the tip, and both sides of each step that
 * moved something: RUN/locks. With make, what is missing of it is measured first, under the run's
 * own target where that has several CPUs, else under tcg; what fails of that is a note. Without
 * any, l has no cells.
 */
int report_patches_locks(const struct patches *p, bool make, struct locks *l, struct strv *notes,
			 struct err *err);

#endif
