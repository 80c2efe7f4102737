/* A report as Markdown (tables as GitHub has them), its pictures as links to the SVG files beside
 * it. */
#ifndef ANALYSIS_WRITE_MARKDOWN_H
#define ANALYSIS_WRITE_MARKDOWN_H

#include "analysis/write/doc.h"

/* Appends text on one line, so that no character of it is markup; a control character becomes '?'.
 */
void markdown_escape(struct str *out, const char *text);
void markdown_write(const struct doc *d, struct str *out);

#endif
