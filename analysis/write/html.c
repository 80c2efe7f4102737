#include "analysis/write/html.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/write/html-style.h"
#include "analysis/write/xml.h"

/* Nothing runs and nothing comes from elsewhere, whatever a text in the page is taken for. */
#define POLICY                                                                                     \
	"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:; base-uri "     \
	"'none'; "                                                                                 \
	"form-action 'none'"

/* class="n better": a figure's place and the tone, where there is any */
static void classes(struct xml *x, bool number, enum tone tone)
{
	bool toned = tone != TONE_PLAIN;

	if (number || toned)
		xml_attrf(x, "class", "%s%s%s", number ? "n" : "", number && toned ? " " : "",
			  tone_class(tone));
}

static void element(struct xml *x, const char *tag, enum tone tone, const char *text)
{
	xml_open(x, tag);
	classes(x, false, tone);
	xml_text(x, text);
	xml_close(x);
	xml_text(x, "\n");
}

/* What is wider than the page scrolls in a box of its own. */
static void scroll(struct xml *x)
{
	xml_open(x, "div");
	xml_attr(x, "class", "scroll");
	xml_attr(x, "tabindex", "0");
}

/* The name of a row, a cell's above all, may be broken after each of its parameters. */
static void row_name(struct xml *x, const char *text)
{
	const char *comma;

	for (; (comma = strchr(text, ',')); text = comma + 1) {
		xml_textf(x, "%.*s", (int)(comma + 1 - text), text);
		xml_open(x, "wbr");
		xml_empty(x);
	}
	xml_text(x, text);
}

static void row(struct xml *x, const struct table *t, size_t first)
{
	xml_open(x, "tr");
	for (size_t i = 0; i < t->n_cols; i++) {
		const struct table_cell *c = &t->cells[first + i];

		xml_open(x, i ? "td" : "th");
		if (!i)
			xml_attr(x, "scope", "row");
		classes(x, t->cols[i].number, c->tone);
		if (i)
			xml_text(x, c->text);
		else
			row_name(x, c->text);
		xml_close(x);
	}
	xml_close(x);
	xml_text(x, "\n");
}

/* A table without a column of figures holds sentences, which must wrap. */
static bool has_figures(const struct table *t)
{
	for (size_t i = 0; i < t->n_cols; i++)
		if (t->cols[i].number)
			return true;
	return false;
}

static void table(struct xml *x, const struct table *t)
{
	scroll(x);
	xml_open(x, "table");
	if (!has_figures(t) || t->name)
		xml_attr(x, "class", has_figures(t) ? t->name : "prose");
	xml_open(x, "caption");
	xml_text(x, t->caption);
	if (t->name)
		xml_textf(x, " (%s.csv)", t->name);
	xml_close(x);
	xml_open(x, "thead");
	xml_open(x, "tr");
	for (size_t i = 0; i < t->n_cols; i++) {
		xml_open(x, "th");
		xml_attr(x, "scope", "col");
		classes(x, t->cols[i].number, TONE_PLAIN);
		xml_text(x, t->cols[i].head);
		xml_close(x);
	}
	xml_close(x);
	xml_close(x);
	xml_text(x, "\n");
	xml_open(x, "tbody");
	for (size_t i = 0; i + t->n_cols <= t->n; i += t->n_cols)
		row(x, t, i);
	xml_close(x);
	xml_close(x);
	xml_close(x);
	xml_text(x, "\n");
}

static void nav(struct xml *x, const struct doc *d)
{
	xml_open(x, "nav");
	xml_attr(x, "aria-label", "sections");
	xml_open(x, "ul");
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].kind != DOC_SECTION)
			continue;
		xml_open(x, "li");
		xml_open(x, "a");
		xml_attrf(x, "href", "#%s", d->v[i].name);
		xml_text(x, d->v[i].text);
		xml_close(x);
		xml_close(x);
	}
	xml_close(x);
	xml_close(x);
	xml_text(x, "\n");
}

/* An image never runs anything; it leads to its file, where it is as large as the window. */
static void picture(struct xml *x, const struct block *b, bool whole)
{
	if (!b->svg)
		return;
	xml_open(x, "figure");
	if (!whole) {
		xml_open(x, "a");
		xml_attrf(x, "href", "%s.svg", b->name);
	}
	xml_open(x, "img");
	xml_attr(x, "alt", b->text);
	xml_attr(x, "loading", "lazy");
	xml_attrf(x, "width", "%d", b->width);
	xml_attrf(x, "height", "%d", b->height);
	if (whole)
		xml_attr_data(x, "src", "data:image/svg+xml;base64,", b->svg);
	else
		xml_attrf(x, "src", "%s.svg", b->name);
	xml_empty(x);
	if (!whole)
		xml_close(x);
	xml_close(x);
	xml_text(x, "\n");
}

static void section(struct xml *x, const struct block *b, bool folded)
{
	if (folded) {
		xml_open(x, "details");
		xml_attr(x, "class", "section");
		xml_open(x, "summary");
	}
	xml_open(x, "h2");
	xml_attr(x, "id", b->name);
	xml_text(x, b->text);
	xml_close(x);
	if (folded)
		xml_close(x);
	xml_text(x, "\n");
}

static void badge(struct xml *x, const struct block *b)
{
	xml_open(x, "p");
	xml_attrf(x, "class", "badge %s", tone_class(b->tone));
	xml_element(x, "strong", b->name);
	xml_textf(x, " %s", b->text);
	xml_close(x);
	xml_text(x, "\n");
}

static void block(struct xml *x, const struct doc *d, const struct block *b)
{
	switch (b->kind) {
	case DOC_SECTION:
		section(x, b, d->folded);
		break;
	case DOC_BADGE:
		badge(x, b);
		break;
	case DOC_FOREST:
		forest_html(b->forest, x);
		break;
	case DOC_HEADING:
		element(x, "h3", b->tone, b->text);
		break;
	case DOC_PARA:
		element(x, "p", b->tone, b->text);
		break;
	case DOC_PRE:
		scroll(x);
		element(x, "pre", b->tone, b->text);
		xml_close(x);
		break;
	case DOC_TABLE:
		table(x, b->table);
		break;
	case DOC_FIGURE:
	case DOC_DRAWING:
		picture(x, b, d->whole);
		break;
	case DOC_OPEN:
		xml_open(x, "details");
		if (b->open)
			xml_attr(x, "open", "open");
		element(x, "summary", b->tone, b->text);
		break;
	case DOC_CLOSE:
		xml_close(x);
		xml_text(x, "\n");
		break;
	}
}

static void meta(struct xml *x, const char *key, const char *name, const char *content)
{
	xml_open(x, "meta");
	xml_attr(x, key, name);
	if (content)
		xml_attr(x, "content", content);
	xml_empty(x);
	xml_text(x, "\n");
}

static void head(struct xml *x, const char *title)
{
	char *sheet = xasprintf("%s%s", html_style, forest_style);

	xml_open(x, "head");
	meta(x, "charset", "utf-8", NULL);
	meta(x, "http-equiv", "Content-Security-Policy", POLICY);
	meta(x, "name", "viewport", "width=device-width, initial-scale=1");
	meta(x, "name", "color-scheme", "light dark");
	xml_element(x, "title", title);
	xml_style(x, sheet);
	free(sheet);
	xml_close(x);
	xml_text(x, "\n");
}

void html_write(const struct doc *d, struct str *out)
{
	size_t sections = 0;
	struct xml x;

	str_add(out, "<!DOCTYPE html>\n");
	xml_begin(&x);
	xml_open(&x, "html");
	xml_attr(&x, "lang", "en");
	head(&x, d->title);
	xml_open(&x, "body");
	xml_open(&x, "main");
	element(&x, "h1", TONE_PLAIN, d->title);
	for (size_t i = 0; i < d->n; i++) {
		bool begins = d->v[i].kind == DOC_SECTION;

		/* What stands before the first section is the summary; the way on comes after it.
		 */
		if (begins && !sections && !d->folded)
			nav(&x, d);
		if (begins && sections && d->folded)
			xml_close(&x);
		sections += begins;
		block(&x, d, &d->v[i]);
	}
	xml_end(&x, out);
}
