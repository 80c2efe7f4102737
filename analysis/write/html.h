/*
 * A report as an HTML page: no script, nothing from the network, light or dark, wide or narrow. It
 * is well-formed XML too.
 */
#ifndef ANALYSIS_WRITE_HTML_H
#define ANALYSIS_WRITE_HTML_H

#include "analysis/write/doc.h"

/*
 * Appends the page. Its pictures are the files NAME.svg beside it, or stand in it where d->whole.
 * One that was not drawn is left out: the table below it says the same.
 */
void html_write(const struct doc *d, struct str *out);

#endif
