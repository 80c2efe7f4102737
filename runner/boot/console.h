/* What a kernel's console tells of it. The text is the guest's: data, never trusted. */
#ifndef RUNNER_BOOT_CONSOLE_H
#define RUNNER_BOOT_CONSOLE_H

#include <jansson.h>
#include <stdbool.h>

/* Findings that are kept of a console, the first ones; a panic is always among them. */
#define CONSOLE_FINDINGS 16

struct console {
	json_t *findings; /* [{"kind","text"}], as boot.json has them (docs/formats.md) */
	char *trouble;	  /* the panic's text, else that of the first oops, warning or OOM kill; or
			     NULL */
	bool panic;
};

/*
 * Reads it up to a panic. A text is the line that says so, printable ASCII only, at most 200
 * characters, without its time stamp. A console that is not there has nothing.
 */
void console_read(struct console *c, const char *path);
void console_release(struct console *c);

/*
 * Why QEMU ended, in its own words: of the lines that it wrote to its standard error the last one
 * that is no mere warning and no assertion's expression, unless there is nothing else. Printable,
 * at most 200 characters; a new string, or NULL where it said nothing.
 */
char *console_complaint(const char *path);

#endif
