/* What the tests of lib and the runner share: cmocka and what it wants included before it. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/err.h"
#include "lib/fs.h"
#include "lib/str.h"

/* A message names its subject and what would be right: the test names the words that do. */
static inline void assert_says(const struct err *err, const char *words)
{
	if (!strstr(err->text, words))
		fail_msg("'%s' does not say '%s'", err->text, words);
}

/* Setup and teardown of a directory that is the test's own; its path is *state. */
static inline int make_dir(void **state)
{
	char *dir = xstrdup("/tmp/mlocklab-unit-XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static inline int remove_dir(void **state)
{
	struct err err;
	int ret = fs_remove_tree(*state, &err);

	free(*state);
	return ret;
}

/* A file of that content in a directory; its path, owned by the caller. */
static inline char *put_file(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *to = fopen(path, "w");

	if (!to || fputs(text, to) < 0 || fclose(to))
		fail_msg("cannot write '%s'", path);
	return path;
}

#endif
