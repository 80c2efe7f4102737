/*
 * A report as a list of blocks, which html.h and markdown.h write each in their way. Texts are
 * plain: whoever writes them escapes them, so a section may pass on what a guest said.
 */
#ifndef ANALYSIS_WRITE_DOC_H
#define ANALYSIS_WRITE_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include "analysis/write/forest.h"
#include "analysis/write/plot.h"
#include "analysis/write/tone.h"
#include "lib/str.h"

struct column {
	char *head;
	bool number; /* to the right */
};

struct table_cell {
	char *text; /* as read */
	char *raw;  /* as written to the CSV file; NULL: text */
	enum tone tone;
};

struct table {
	char *name; /* of the CSV file, without suffix; NULL: none */
	char *caption;
	struct column *cols;
	size_t n_cols;
	struct table_cell *cells; /* row by row */
	size_t n;
};

struct table *table_new(const char *name, const char *caption);
void table_free(struct table *t);
/* Columns of words, or of numbers, by their heads; the last is NULL. */
void table_columns(struct table *t, bool numbers, const char *head, ...) __attribute__((sentinel));
void table_text(struct table *t, const char *text);
void table_tone(struct table *t, const char *text, enum tone tone);
/* A figure, four digits to read and all of them in the CSV; NAN is empty. */
void table_number(struct table *t, double v);
/* A figure that is read as text; NAN is empty. */
void table_figure(struct table *t, const char *text, double v);

enum block_kind {
	DOC_SECTION, /* name: id, text: heading */
	DOC_HEADING, /* text */
	DOC_PARA,    /* text, tone */
	DOC_BADGE,   /* name: a word or two, text: the rest of the sentence, tone */
	DOC_PRE,     /* text, kept line by line */
	DOC_TABLE,
	DOC_FIGURE,
	DOC_DRAWING, /* a picture that is drawn already */
	DOC_FOREST,  /* one that stands in the page itself, and beside it as a file */
	DOC_OPEN,    /* the blocks up to DOC_CLOSE are folded away under text unless `open` */
	DOC_CLOSE,
};

struct block {
	enum block_kind kind;
	char *name, *text;
	enum tone tone;
	bool open;
	struct table *table;
	struct plot *plot;
	struct forest *forest;
	/* of a picture: name is its file's, without suffix, text what it shows */
	char *svg;	   /* NULL until it is drawn */
	int width, height; /* px */
};

struct doc {
	char *title;
	bool whole;  /* a page holds its pictures; else they are files beside it */
	bool folded; /* the sections of a page are folded, and are their own contents */
	struct block *v;
	size_t n;
};

void doc_init(struct doc *d, const char *title);
void doc_release(struct doc *d);
/* id: lower case letters and dashes, the anchor of the section. */
void doc_section(struct doc *d, const char *id, const char *heading);
void doc_heading(struct doc *d, const char *heading);
void doc_para(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doc_toned(struct doc *d, enum tone tone, const char *text);
void doc_badge(struct doc *d, enum tone tone, const char *word, const char *text);
void doc_pre(struct doc *d, const char *text);
void doc_open(struct doc *d, bool open, const char *summary);
void doc_close(struct doc *d);
/* The document owns the table or picture from here on. A table without rows is not shown: false. */
bool doc_table(struct doc *d, struct table *t);
void doc_figure(struct doc *d, struct plot *p);
void doc_forest(struct doc *d, struct forest *f);
/* Moves the block that was added last to before the one at `at`. */
void doc_move_last(struct doc *d, size_t at);
/* A picture that is drawn already, the file NAME.svg. */
void doc_drawing(struct doc *d, const char *name, const char *shows, const char *svg, int width,
		 int height);

#endif
