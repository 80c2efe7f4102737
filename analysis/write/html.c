#include "analysis/write/html.h"

#include <stdint.h>
#include <string.h>

#include "analysis/write/html-style.h"

/* Length of the UTF-8 sequence at s, or 0 where it is broken or stands for a control character. */
static size_t utf8_length(const unsigned char *s)
{
	size_t n = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : (*s & 0xf0) == 0xe0 ? 3 : 4;
	uint32_t code = *s & (0xff >> (n == 1 ? 1 : n + 1));

	if ((*s >= 0x80 && *s < 0xc2) || *s > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	/* Overlong forms, surrogates, and the marks that turn the direction of writing. */
	if ((n == 3 && code < 0x800) || (n == 4 && code < 0x10000) || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000) || (code >= 0x202a && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return 0;
	return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0) ? 0
											      : n;
}

void html_escape(struct str *out, const char *text)
{
	while (*text) {
		size_t n = utf8_length((const unsigned char *)text);
		const char *entity = *text == '&'    ? "&amp;"
				     : *text == '<'  ? "&lt;"
				     : *text == '>'  ? "&gt;"
				     : *text == '"'  ? "&quot;"
				     : *text == '\'' ? "&#39;"
						     : NULL;

		if (entity)
			str_add(out, entity);
		else
			str_addn(out, text, n);
		text += n ? n : 1;
	}
}

static const char *tone_class(enum tone tone)
{
	static const char *const names[] = {"", "better", "worse", "even", "unsure"};

	return names[tone];
}

/* <TAG class=TONE>text</TAG> */
static void element(struct str *out, const char *tag, enum tone tone, const char *text)
{
	str_addf(out, "<%s", tag);
	if (tone != TONE_PLAIN)
		str_addf(out, " class=\"%s\"", tone_class(tone));
	str_add(out, ">");
	html_escape(out, text);
	str_addf(out, "</%s>", tag);
}

static void row(struct str *out, const struct table *t, size_t first)
{
	str_add(out, "<tr>");
	for (size_t i = 0; i < t->n_cols; i++) {
		const struct table_cell *c = &t->cells[first + i];
		const char *tag = i == 0 ? "th scope=\"row\"" : "td";

		str_addf(out, "<%s", tag);
		if (t->cols[i].number || c->tone != TONE_PLAIN)
			str_addf(out, " class=\"%s%s%s\"", t->cols[i].number ? "n" : "",
				 t->cols[i].number && c->tone != TONE_PLAIN ? " " : "",
				 tone_class(c->tone));
		str_add(out, ">");
		html_escape(out, c->text);
		str_add(out, i == 0 ? "</th>" : "</td>");
	}
	str_add(out, "</tr>\n");
}

/* A table without a column of figures holds sentences, which must wrap. */
static bool has_figures(const struct table *t)
{
	for (size_t i = 0; i < t->n_cols; i++)
		if (t->cols[i].number)
			return true;
	return false;
}

static void table(struct str *out, const struct table *t)
{
	str_addf(out, "<div class=\"scroll\" tabindex=\"0\"><table%s>\n<caption>",
		 has_figures(t) ? "" : " class=\"prose\"");
	html_escape(out, t->caption);
	if (t->name)
		str_addf(out, " (%s.csv)", t->name);
	str_add(out, "</caption>\n<thead><tr>");
	for (size_t i = 0; i < t->n_cols; i++) {
		str_addf(out, "<th scope=\"col\"%s>", t->cols[i].number ? " class=\"n\"" : "");
		html_escape(out, t->cols[i].head);
		str_add(out, "</th>");
	}
	str_add(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i + t->n_cols <= t->n; i += t->n_cols)
		row(out, t, i);
	str_add(out, "</tbody></table></div>\n");
}

static void nav(struct str *out, const struct doc *d)
{
	str_add(out, "<nav aria-label=\"sections\"><ul>\n");
	for (size_t i = 0; i < d->n; i++) {
		if (d->v[i].kind != DOC_SECTION)
			continue;
		str_addf(out, "<li><a href=\"#%s\">", d->v[i].name);
		html_escape(out, d->v[i].text);
		str_add(out, "</a></li>\n");
	}
	str_add(out, "</ul></nav>\n");
}

static void block(struct str *out, const struct block *b)
{
	switch (b->kind) {
	case DOC_SECTION:
		str_addf(out, "<h2 id=\"%s\">", b->name);
		html_escape(out, b->text);
		str_add(out, "</h2>\n");
		break;
	case DOC_HEADING:
		element(out, "h3", b->tone, b->text);
		break;
	case DOC_PARA:
		element(out, "p", b->tone, b->text);
		break;
	case DOC_PRE:
		str_add(out, "<div class=\"scroll\" tabindex=\"0\">");
		element(out, "pre", b->tone, b->text);
		str_add(out, "</div>");
		break;
	case DOC_TABLE:
		table(out, b->table);
		break;
	case DOC_FIGURE:
	case DOC_DRAWING:
		if (b->svg)
			str_addf(out,
				 "<figure><div class=\"scroll\" tabindex=\"0\">%s</div></figure>",
				 b->svg);
		break;
	case DOC_OPEN:
		str_addf(out, "<details%s>", b->open ? " open" : "");
		element(out, "summary", b->tone, b->text);
		break;
	case DOC_CLOSE:
		str_add(out, "</details>");
		break;
	}
	str_add(out, "\n");
}

void html_write(const struct doc *d, struct str *out)
{
	bool listed = false;

	str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		     "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_escape(out, d->title);
	str_addf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", html_style);
	element(out, "h1", TONE_PLAIN, d->title);
	str_add(out, "\n");
	for (size_t i = 0; i < d->n; i++) {
		/* What stands before the first section is the summary; the way on comes after it.
		 */
		if (d->v[i].kind == DOC_SECTION && !listed)
			nav(out, d);
		listed |= d->v[i].kind == DOC_SECTION;
		block(out, &d->v[i]);
	}
	str_add(out, "</main>\n</body>\n</html>\n");
}
