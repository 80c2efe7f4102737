#include "runner/boot/console.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/text.h"

#define LINE_MAX_SHOWN 200

/* "Oops: ..." within so many lines of a "BUG: ..." is of the same one. */
#define SAME_OOPS 10

/*
 * What a kernel says when something is wrong with it, the first that fits: panic() in
 * kernel/panic.c, lockdep.c and lockdep-RCU, watchdog.c and workqueue.c, rcu/tree_stall.h,
 * hung_task.c, and what architectures and mm say of a BUG. Not at the beginning of a word, since
 * "DEBUG: " is none.
 */
static const struct {
	const char *words, *kind;
	bool head; /* only at the beginning of the line */
} signs[] = {
	{"Kernel panic", "panic", false},
	{"possible circular locking dependency", "lockdep", false},
	{"possible recursive locking", "lockdep", false},
	{"possible irq lock inversion", "lockdep", false},
	{"lock order detected", "lockdep", false},
	{"inconsistent lock state", "lockdep", false},
	{"suspicious RCU usage", "lockdep", false},
	{"bad unlock balance", "lockdep", false},
	{"bad contention detected", "lockdep", false},
	{"held lock freed", "lockdep", false},
	{"still has locks held", "lockdep", false},
	{"lock held when returning to user space", "lockdep", false},
	{"Nested lock was not taken", "lockdep", false},
	{"Invalid wait context", "lockdep", false},
	{"soft lockup", "lockup", false},
	{"hard LOCKUP", "lockup", false},
	{"workqueue lockup", "lockup", false},
	{"detected stalls on", "stall", false},
	{"detected expedited stalls", "stall", false},
	{"self-detected stall", "stall", false},
	{"blocked for more than", "hung-task", false},
	{"BUG: ", "oops", false},
	{"Oops: ", "oops", false},
	{"kernel BUG at", "oops", false},
	{"general protection fault", "oops", false},
	{"WARNING: ", "warning", true},
	{"UBSAN: ", "warning", true},
};

/* The line's text after "[    1.234567] ", and after "[    T1] " where the kernel tells its
 * callers. */
static const char *text_of(const char *line)
{
	while (*line == '[') {
		const char *end = strchr(line, ']');
		size_t stamp = strspn(line + 1, " 0123456789.TC");

		if (!end || line + 1 + stamp != end)
			break;
		line = end + 1;
		line += strspn(line, " ");
	}
	return line;
}

static bool says(const char *text, const char *words, bool head)
{
	const char *at = head ? (strncmp(text, words, strlen(words)) == 0 ? text : NULL)
			      : strstr(text, words);

	return at && (at == text || !isalnum((unsigned char)at[-1]));
}

static const char *kind_of(const char *text)
{
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (says(text, signs[i].words, signs[i].head))
			return signs[i].kind;
	return NULL;
}

static void add(struct console *c, const char *kind, const char *text)
{
	char *clean = text_clean(text, LINE_MAX_SHOWN);

	c->panic = strcmp(kind, "panic") == 0;
	if (c->panic && json_array_size(c->findings) == CONSOLE_FINDINGS)
		json_array_remove(c->findings, CONSOLE_FINDINGS - 1);
	if (json_array_size(c->findings) < CONSOLE_FINDINGS)
		json_array_append_new(c->findings,
				      json_pack("{s:s, s:s}", "kind", kind, "text", clean));
	if (c->panic || !c->trouble) {
		free(c->trouble);
		c->trouble = xstrdup(clean);
	}
	free(clean);
}

void console_read(struct console *c, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	int since_bug = SAME_OOPS;

	*c = (struct console){.findings = json_array()};
	while (f && !c->panic && getline(&line, &cap, f) > 0) {
		const char *text = text_of(line), *kind = kind_of(text);

		since_bug++;
		if (kind && !(since_bug <= SAME_OOPS && says(text, "Oops: ", false)))
			add(c, kind, text);
		else if (!c->trouble && says(text, "Out of memory: Killed", false))
			c->trouble = text_clean(text, LINE_MAX_SHOWN);
		if (kind && strcmp(kind, "oops") == 0)
			since_bug = 0;
	}
	free(line);
	if (f)
		fclose(f);
}

void console_release(struct console *c)
{
	json_decref(c->findings);
	free(c->trouble);
	*c = (struct console){0};
}

char *console_complaint(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *last = NULL, *reason = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		char *clean = text_clean(line, LINE_MAX_SHOWN);
		bool meant = *clean && !strstr(clean, "warning: ");

		if (meant && !strstr(clean, "Assertion `")) {
			free(reason);
			reason = clean;
		} else if (meant) {
			free(last);
			last = clean;
		} else {
			free(clean);
		}
	}
	free(line);
	if (f)
		fclose(f);
	if (!reason)
		return last;
	free(last);
	return reason;
}
