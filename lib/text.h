/* Text that may go to a terminal or into a mail. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include "lib/err.h"
#include "lib/str.h"

/* Appends text from outside: what is not printable ASCII is written \xNN, a backslash \\. */
void text_escape(struct str *out, const char *text);

/* A copy of text with blanks for all but printable ASCII, at most max characters. */
char *text_clean(const char *text, int max);

/* Appends text broken at spaces into lines of at most width columns, each after indent spaces. */
void text_wrap(struct str *out, const char *text, size_t width, size_t indent);

/*
 * Appends text whose paragraphs are broken anew at width columns. Empty lines stay, and so do those
 * that begin with a blank: examples and tables.
 */
void text_reflow(struct str *out, const char *text, size_t width);

/*
 * Appends a label, and text beside it from the given column on, in lines of at most width columns;
 * below it where the label reaches too far.
 */
void text_entry(struct str *out, const char *label, const char *text, size_t width, size_t column);

/* How many bytes of a text to keep, at most `most`, so that no UTF-8 character is cut in two. */
size_t text_cut(const char *text, size_t most);

/* Writes it to the file, whole or not at all, or without a path to standard output. */
int text_deliver(const struct str *text, const char *path, struct err *err);

#endif
