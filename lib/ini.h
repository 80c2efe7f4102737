/* Experiment, kernel and claim files: sections of key=value lines, each remembering where it stood.
 */
#ifndef LIB_INI_H
#define LIB_INI_H

#include <stddef.h>
#include "lib/err.h"
#include "lib/index.h"

struct ini_entry {
	char *key, *value;
	int line;
};

struct ini_section {
	char *name; /* "" for lines before the first section */
	int line;
	struct ini_entry *entries;
	size_t n;
	struct index by_key; /* to places in entries */
};

struct ini_file {
	char *path;
	struct ini_section *sections;
	size_t n;
	struct index by_name; /* to places in sections */
};

/*
 * Parses a file with inih. Two sections of one name, a key twice in a section, a line longer than
 * inih reads, one that begins with a blank and more than 20000 lines are errors.
 */
int ini_load(struct ini_file *f, const char *path, struct err *err);
void ini_release(struct ini_file *f);
const struct ini_section *ini_find(const struct ini_file *f, const char *section);
/* The value, or NULL. */
const char *ini_get(const struct ini_section *s, const char *key);

#endif
