/* A growing string, and a growing list of strings that is always a valid argv. */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Running out of memory ends the program, with a message and exit code 2: nothing here can be
 * undone half way. */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
/* A new string, owned by the caller. */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

struct str {
	char *buf; /* NUL-terminated once anything was added; NULL before */
	size_t len, cap;
};
#define STR_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}

void str_add(struct str *s, const char *text);
void str_addn(struct str *s, const void *bytes, size_t n);
void str_addf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Empties the string and keeps its memory. */
void str_clear(struct str *s);
void str_release(struct str *s);
/* The text, never NULL; owned by s. */
const char *str_text(const struct str *s);

/*
 * Makes outside text fit for a terminal, for JSON and for XML, in place and at the same length:
 * each byte of a control character other than newline and tab, of one that is not seen but turns or
 * hides what is (bidirectional controls, joiners), and each that is no part of UTF-8, becomes '?'.
 */
void str_mend(char *text);
bool str_is_utf8(const char *text);

struct strv {
	char **v; /* NULL-terminated, each string owned */
	size_t n, cap;
};
#define STRV_INIT                                                                                  \
	{                                                                                          \
		0                                                                                  \
	}

void strv_push(struct strv *s, const char *text);
void strv_pushf(struct strv *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Splits at any of the characters in seps, skips empty pieces, appends them. */
void strv_split(struct strv *s, const char *text, const char *seps);
bool strv_has(const struct strv *s, const char *text);
void strv_release(struct strv *s);
/* The list as one line a shell would read back, each word quoted where it must be; appended to out.
 */
void strv_quote(const struct strv *s, struct str *out);

#endif
