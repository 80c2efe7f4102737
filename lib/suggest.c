#include "lib/suggest.h"

#include <stdio.h>
#include <string.h>

#define LONGEST 128

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Rows of the usual table, of which the last three are kept: row[i % 3] is of the first i letters
 * of a. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][LONGEST + 1], na = strlen(a), nb = strlen(b);

	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *swap = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1,
				       above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], swap[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

const char *suggest(const char *typed, const char *const *names, size_t n)
{
	const char *nearest = NULL;
	size_t len = strlen(typed), best = LONGEST, dashes = strspn(typed, "-");

	if (len < 2 || len > LONGEST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d, longer = strlen(names[i]);

		if (longer > LONGEST)
			continue;
		d = strncmp(names[i], typed, len) == 0 ? 1 : distance(typed, names[i]);
		if (d > 2 && len > 2 && strstr(names[i], typed))
			d = 2;
		longer = (longer > len ? longer : len) - dashes;
		if (d < best && 3 * d <= longer + (longer < 6)) {
			best = d;
			nearest = names[i];
		}
	}
	return nearest;
}

int err_suggest(struct err *err, const char *typed, const char *const *names, size_t n)
{
	const char *name = suggest(typed, names, n);
	size_t len = strlen(err->text);

	if (name)
		snprintf(err->text + len, sizeof(err->text) - len, "; did you mean '%s'?", name);
	return -1;
}
