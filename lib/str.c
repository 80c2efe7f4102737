#include "lib/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/err.h"

/* What was buffered for a file or a pipe is not written: half of it is worse than nothing. */
static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "%s: out of memory\n", program_invocation_short_name);
		_exit(EXIT_USAGE);
	}
	return p;
}

void *xmalloc(size_t n)
{
	return must(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return must(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
	return must(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return must(strndup(s, n));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		must(NULL);
	return text;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return text;
}

void str_addn(struct str *s, const void *bytes, size_t n)
{
	if (s->len + n + 1 > s->cap) {
		s->cap = (s->len + n + 1) * 2;
		s->buf = xrealloc(s->buf, s->cap);
	}
	if (n)
		memcpy(s->buf + s->len, bytes, n);
	s->len += n;
	s->buf[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	str_add(s, text);
	free(text);
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->buf)
		s->buf[0] = '\0';
}

void str_release(struct str *s)
{
	free(s->buf);
	*s = (struct str)STR_INIT;
}

const char *str_text(const struct str *s)
{
	return s->buf ? s->buf : "";
}

/* Length of the UTF-8 sequence at p (RFC 3629), 0 where it is broken. */
static size_t sequence(const unsigned char *p)
{
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc2 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf5 ? 4
			       : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/*
 * What is not seen but changes what is: order of writing, line ends, joiners, tags (Unicode's Cf,
 * Zl, Zp); not a byte order mark, which begins some files.
 */
static bool formats(unsigned long code)
{
	static const struct {
		unsigned long from, to;
	} ranges[] = {
		{0xad, 0xad},	  {0x61c, 0x61c},   {0x180e, 0x180e},
		{0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		{0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i].from && code <= ranges[i].to)
			return true;
	return false;
}

/* Length of the printable UTF-8 character at p, 0 where there is none. */
static size_t printable(const unsigned char *p)
{
	size_t n = sequence(p);
	unsigned long code = n > 1 ? *p & (0xffu >> (n + 1)) : *p;

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (p[i] & 0x3f);
	if (code < 0x20)
		return code == '\n' || code == '\t';
	return (code >= 0x7f && code < 0xa0) || formats(code) ? 0 : n;
}

bool str_is_utf8(const char *text)
{
	while (*text) {
		size_t n = sequence((const unsigned char *)text);

		if (!n)
			return false;
		text += n;
	}
	return true;
}

void str_mend(char *text)
{
	while (*text) {
		size_t n = printable((unsigned char *)text);

		if (!n)
			*text = '?';
		text += n ? n : 1;
	}
}

static void push_owned(struct strv *s, char *text)
{
	if (s->n + 2 > s->cap) {
		s->cap = (s->n + 2) * 2;
		s->v = xrealloc(s->v, s->cap * sizeof(*s->v));
	}
	s->v[s->n++] = text;
	s->v[s->n] = NULL;
}

void strv_push(struct strv *s, const char *text)
{
	push_owned(s, xstrdup(text));
}

void strv_pushf(struct strv *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	push_owned(s, xvasprintf(fmt, ap));
	va_end(ap);
}

void strv_split(struct strv *s, const char *text, const char *seps)
{
	while (*(text += strspn(text, seps))) {
		size_t n = strcspn(text, seps);

		push_owned(s, xstrndup(text, n));
		text += n;
	}
}

bool strv_has(const struct strv *s, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i], text) == 0)
			return true;
	return false;
}

void strv_release(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	free(s->v);
	*s = (struct strv)STRV_INIT;
}

void strv_quote(const struct strv *s, struct str *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:=@_";

	for (size_t i = 0; i < s->n; i++) {
		const char *w = s->v[i];

		if (i)
			str_add(out, " ");
		if (*w && strspn(w, plain) == strlen(w)) {
			str_add(out, w);
			continue;
		}
		str_add(out, "'");
		for (; *w; w++) {
			if (*w == '\'')
				str_add(out, "'\\''");
			else
				str_addn(out, w, 1);
		}
		str_add(out, "'");
	}
}
