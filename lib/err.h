/* Errors carry their text from where they happen to the one place that prints them. */
#ifndef LIB_ERR_H
#define LIB_ERR_H

/*
 * Convention of the whole project: a function that can fail takes `struct err *` last, returns
 * 0 (or a valid pointer) on success and -1 (or NULL) on failure with the text set. A message is
 * lower case, has no full stop, quotes its subject, and says what would be right. Whatever it
 * quotes, the text is printable UTF-8: see str_mend().
 */
struct err {
	char text[512];
};

/* Exit codes of every program. */
enum {
	EXIT_OK = 0,
	EXIT_REGRESSION = 1,
	EXIT_USAGE = 2,
	EXIT_INCONCLUSIVE = 4,
	EXIT_SKIP = 77,
	EXIT_UNJUDGED = 125 /* what git bisect run skips */
};

/* Sets the text, printf manner. Always returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* As err_set, with ": " and strerror(errno) at the end. */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts a prefix and ": " before the text that is there. Always returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
