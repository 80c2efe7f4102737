/* A timeline's change points in words; what these return is owned by the caller and printable
 * ASCII. */
#ifndef ANALYSIS_WRITE_TIMELINE_WORDS_H
#define ANALYSIS_WRITE_TIMELINE_WORDS_H

#include "analysis/judge/timeline.h"

/* "exit-mlocked procs=16,lock=mlock", "null" */
char *timeline_cell(const struct timeline_series *s);
/*
 * What else changed in an arm's configuration, the compiler and what is known to move such figures
 * first: "configuration since 6.1: CC_VERSION_TEXT gcc-12 -> gcc-14; PREEMPT_LAZY n -> y; ...", or
 * that it did not, or that it is unknown.
 */
char *timeline_settings(const struct timeline *t, size_t at);
/* "exit-mlocked procs=16,lock=mlock: 3.1 times fewer instructions per page and process (2264 to
 * 735; ratio 0.325 (0.321..0.329))" */
char *timeline_sentence(const struct timeline_series *s, const struct timeline_change *c);
/* "confirmed by confirm-5.10-6.1, of which these figures are: 10 pairs", or what an A/B says
 * against it, or how certain the step itself is. */
char *timeline_standing(const struct timeline_change *c);

/* Told of a change of a series, its sentence and how it stands; texts last as long as the call. */
typedef void timeline_tell(void *to, const struct timeline_series *s,
			   const struct timeline_change *c, const char *sentence,
			   const char *standing);
/*
 * Tells of the changes between the two arms, unless `tell` is NULL, and returns how many there are;
 * with arms that lack figures they need not be neighbours.
 */
size_t timeline_changes(const struct timeline *t, size_t before, size_t at, timeline_tell *tell,
			void *to);
/* "59 of 225 steps are changes; 3 could not be judged, which takes 6 rounds with both kernels" */
char *timeline_tally(const struct timeline *t);
/* What the figures are and how they were got, in a sentence or two. */
char *timeline_method(const struct timeline *t);

#endif
