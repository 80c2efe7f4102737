#include "lib/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"

void text_escape(struct str *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '\\')
			str_add(out, "\\\\");
		else if (*p >= 0x20 && *p < 0x7f)
			str_addn(out, p, 1);
		else
			str_addf(out, "\\x%02x", *p);
	}
}

char *text_clean(const char *text, int max)
{
	char *copy = xstrndup(text, (size_t)max);
	char *p;

	for (p = copy; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = ' ';
	while (p > copy && p[-1] == ' ')
		*--p = '\0';
	return copy;
}

void text_wrap(struct str *out, const char *text, size_t width, size_t indent)
{
	size_t column = 0;

	for (;;) {
		size_t len;

		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (!len)
			break;
		/* A number and its "%" stay together. */
		if (text[len] == ' ' && text[len + 1] == '%')
			len += 1 + strcspn(text + len + 1, " ");
		if (column && column + 1 + len > width) {
			str_add(out, "\n");
			column = 0;
		}
		str_addf(out, "%*s", column ? 1 : (int)indent, "");
		column += column ? 1 : indent;
		str_addn(out, text, len);
		column += len;
		text += len;
	}
	str_add(out, "\n");
}

void text_reflow(struct str *out, const char *text, size_t width)
{
	struct str paragraph = STR_INIT;

	while (*text) {
		size_t len = strcspn(text, "\n");
		const char *next = text + len + (text[len] == '\n');

		if (!len || *text == ' ')
			str_addf(out, "%.*s\n", (int)len, text);
		else
			str_addf(&paragraph, "%.*s ", (int)len, text);
		if (paragraph.len && (!*next || *next == '\n' || *next == ' ')) {
			text_wrap(out, paragraph.buf, width, 0);
			str_clear(&paragraph);
		}
		text = next;
	}
	str_release(&paragraph);
}

void text_entry(struct str *out, const char *label, const char *text, size_t width, size_t column)
{
	struct str wrapped = STR_INIT;
	bool below = strlen(label) + 2 > column;

	text_wrap(&wrapped, text, width, column);
	/* in place of the blanks that its first line begins with */
	str_addf(out, "%s%s%s", label, below ? "\n" : "",
		 str_text(&wrapped) + (below ? 0 : strlen(label)));
	str_release(&wrapped);
}

size_t text_cut(const char *text, size_t most)
{
	size_t n = strnlen(text, most + 1);

	if (n <= most)
		return n;
	for (n = most; n && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
		;
	return n;
}

int text_deliver(const struct str *text, const char *path, struct err *err)
{
	if (path)
		return fs_write_atomic(path, str_text(text), text->len, err);
	if (fwrite(str_text(text), 1, text->len, stdout) != text->len || fflush(stdout))
		return err_sys(err, "cannot write standard output");
	return 0;
}
