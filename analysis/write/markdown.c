#include "analysis/write/markdown.h"

#include <stdlib.h>
#include <string.h>

void markdown_escape(struct str *out, const char *text)
{
	char *clean = xstrdup(text);

	str_mend(clean);
	for (const char *c = clean; *c; c++) {
		if (*c == '\n' || *c == '\t')
			str_add(out, " ");
		else if (strchr("\\`*_{}[]<>#|~&!", *c))
			str_addf(out, "\\%c", *c);
		else
			str_addn(out, c, 1);
	}
	free(clean);
}

static void table(struct str *out, const struct table *t)
{
	for (size_t i = 0; i < t->n_cols; i++) {
		str_add(out, i ? " " : "| ");
		markdown_escape(out, t->cols[i].head);
		str_add(out, " |");
	}
	str_add(out, "\n|");
	for (size_t i = 0; i < t->n_cols; i++)
		str_add(out, t->cols[i].number ? "---:|" : "---|");
	str_add(out, "\n");
	for (size_t i = 0; i < t->n; i++) {
		str_add(out, i % t->n_cols ? " " : "| ");
		markdown_escape(out, t->cells[i].text);
		str_add(out, (i + 1) % t->n_cols ? " |" : " |\n");
	}
}

/* Four spaces make each line code, whatever it holds. */
static void code(struct str *out, const char *text)
{
	char *clean = xstrdup(text);

	str_mend(clean);
	str_add(out, "    ");
	for (const char *c = clean; *c; c++) {
		str_addn(out, c, *c != '\n' || c[1]);
		str_add(out, *c == '\n' && c[1] ? "    " : "");
	}
	str_add(out, "\n");
	free(clean);
}

static void line(struct str *out, const char *before, const char *text, const char *after)
{
	str_add(out, before);
	markdown_escape(out, text);
	str_add(out, after);
	str_add(out, "\n");
}

static void block(struct str *out, const struct block *b)
{
	switch (b->kind) {
	case DOC_SECTION:
		line(out, "## ", b->text, "");
		break;
	case DOC_HEADING:
		line(out, "### ", b->text, "");
		break;
	case DOC_PARA:
		line(out, "", b->text, "");
		break;
	case DOC_OPEN:
		line(out, "#### ", b->text, "");
		break;
	case DOC_PRE:
		code(out, b->text);
		break;
	case DOC_TABLE:
		line(out, "", b->table->caption, "\n");
		table(out, b->table);
		break;
	case DOC_BADGE:
		str_add(out, "**");
		markdown_escape(out, b->name);
		str_add(out, "** ");
		line(out, "", b->text, "");
		break;
	case DOC_FOREST:
	case DOC_FIGURE:
	case DOC_DRAWING:
		if (!b->svg)
			return;
		str_add(out, "![");
		markdown_escape(out, b->text);
		str_addf(out, "](%s.svg)\n", b->name);
		break;
	case DOC_CLOSE:
		return;
	}
	str_add(out, "\n");
}

void markdown_write(const struct doc *d, struct str *out)
{
	line(out, "# ", d->title, "\n");
	for (size_t i = 0; i < d->n; i++)
		block(out, &d->v[i]);
}
