/* A series as text for a terminal or a mail, nothing wider than TABLE_WIDTH, and as data. */
#ifndef ANALYSIS_WRITE_PATCHES_TEXT_H
#define ANALYSIS_WRITE_PATCHES_TEXT_H

#include "analysis/judge/patches.h"

/* A row a patch, a column a figure that moved anywhere; the whole; the patches that matter in
 * words. */
void patches_text(const struct patches *p, struct str *out);
/* A line for each step of each figure, moved or not. */
void patches_csv(const struct patches *p, struct str *out);
/* docs/formats.md; a new reference. */
json_t *patches_json(const struct patches *p);

/* --- for the other forms --- */
/* "+5.2%!": the step and its mark, "" where it is equivalent, "-" where there is none. */
void patches_cell(char out[32], const struct step *s);
/* The step in words: "exit-mlocked procs=2: 5.2 % more instructions per page (1.052, 95 % interval
 * 1.051..1.053)"; owned by the caller. */
char *patches_sentence(const struct result *r);
/* "exit-mlocked procs=2"; owned by the caller. */
char *patches_label(const struct run_cell *c);
/* What the marks mean, in one sentence. */
extern const char patches_marks[];
/* Whether anything moved, and how many steps are inconclusive, as one sentence without its full
 * stop; "" where something moved and every step is certain. Owned by the caller. */
char *patches_summary(const struct patches *p);
/* What `whole` is of: "the whole series", "from first to last" of other kernels, or "from 0 to 4"
 * where the rest has no figures. Owned by the caller. */
char *patches_whole(const struct patches *p);
/* The lines of row->config, of which there is one at least, as one sentence. Owned by the caller.
 */
char *patches_config(const struct patch_row *row);
/* What became of a row without figures, or of one that is measured elsewhere; "" where nothing is
 * to be said. Owned by the caller. */
char *patches_note(const struct patches *p, const struct patch_row *row);

#endif
