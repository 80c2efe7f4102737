#include "runner/boot/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/text.h"

#define LINE_MAX_SHOWN 200

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
			found = text_clean(text + strspn(text, " "), LINE_MAX_SHOWN);
			*panic = is_panic;
		}
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}
