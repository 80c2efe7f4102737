#include "runner/boot/console.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

#define LINE_MAX_SHOWN 200

char *console_clean(const char *text, int max)
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

static int holds_any(const char *line, const char *const *words)
{
	for (; *words; words++)
		if (strstr(line, *words))
			return 1;
	return 0;
}

char *console_trouble(const char *path, int *panic)
{
	static const char *const panics[] = {"Kernel panic", NULL};
	static const char *const oopses[] = {"BUG: ", "Oops: ", "kernel BUG at", "general protection fault",
					     "WARNING: CPU", "Out of memory: Killed", NULL};
	FILE *f = fopen(path, "re");
	char *line = NULL, *found = NULL;
	size_t cap = 0;

	*panic = 0;
	while (f && !*panic && getline(&line, &cap, f) > 0) {
		int is_panic = holds_any(line, panics);

		if (is_panic || (!found && holds_any(line, oopses))) {
			/* "[    1.234567] text" */
			const char *text = *line == '[' && strchr(line, ']') ? strchr(line, ']') + 1 : line;

			free(found);
			found = console_clean(text + strspn(text, " "), LINE_MAX_SHOWN);
			*panic = is_panic;
		}
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}
