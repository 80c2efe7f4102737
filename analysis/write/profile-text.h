/* A profile in the forms in which people and other tools read it. */
#ifndef ANALYSIS_WRITE_PROFILE_TEXT_H
#define ANALYSIS_WRITE_PROFILE_TEXT_H

#include "analysis/cause/profile.h"
#include "analysis/write/doc.h"

/*
 * Plain text for a terminal or a mail, nothing wider than TABLE_WIDTH: the whole change, families,
 * and the functions with the largest change, at most `most` of them. inclusive: also with what
 * they call.
 */
void profile_text(const struct profile *p, size_t most, bool inclusive, struct str *out);
/* The same as tables of a document. name: of the CSV files of the report; NULL: none. */
/* The functions that changed most, at most so many, under a caption that says what they are part
 * of. */
struct table *profile_largest(const struct profile *p, size_t most);
void profile_tables(const struct profile *p, size_t most, const char *name, struct doc *d);
/* Every function, one a line: cell, names, family, and the figures of both. */
void profile_csv(const struct profile *p, struct str *out);
/*
 * Every call path, one a line: "do_syscall_64;ksys_read OLD NEW", instructions of its own on both
 * kernels for as many operations as the old one did. What flamegraph.pl and its like read.
 */
void profile_folded(const struct profile *p, struct str *out);

/* How well the totals agree with the unprofiled boots, and what is missing; each a line. */
void profile_remarks(const struct profile *p, struct strv *out);
/* "5.10.0-46-cloud-amd64", or the spec where no boot told the release. */
const char *profile_kernel(const struct profile *p, size_t side);

#endif
