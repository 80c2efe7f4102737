/* A report as one HTML file: no script, nothing from the network, light or dark, wide or narrow. */
#ifndef ANALYSIS_WRITE_HTML_H
#define ANALYSIS_WRITE_HTML_H

#include "analysis/write/doc.h"

/* Appends text with & < > " ' escaped and control characters and broken UTF-8 left out. */
void html_escape(struct str *out, const char *text);

/* Appends the page. A figure that was not drawn is left out: the table below it says the same. */
void html_write(const struct doc *d, struct str *out);

#endif
