#include "lib/paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

/* As install.mk lays it: a link to the data, beside the programs. */
#define DATA "share"

static int holds(const char *dir, const char *what)
{
	char *path = xasprintf("%s/%s", dir, what);
	int found = fs_exists(path);

	free(path);
	return found;
}

void paths_locate(const char *exe, char **top, char **home)
{
	char *dir = xstrdup(exe);

	*top = *home = NULL;
	/* The deepest executable is four below the top: build/unit/ROOM/TEST. */
	for (int level = 0; level < 4 && !*top && !*home; level++) {
		char *slash = strrchr(dir, '/');

		if (!slash)
			break;
		*slash = '\0';
		if (level == 0 && holds(dir, DATA "/configs"))
			*home = xstrdup(dir);
		else if (holds(dir, "configs"))
			*top = xstrdup(dir);
	}
	free(dir);
}

static void locate(char **top, char **home)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n < 0 ? 0 : n] = '\0';
	paths_locate(exe, top, home);
}

/* TOP, in_tree and name in a source tree; HOME, installed and name elsewhere; else NULL. */
static char *beside(const char *in_tree, const char *installed, const char *name)
{
	char *top, *home, *path = NULL;

	locate(&top, &home);
	if (top)
		path = xasprintf("%s%s%s", top, in_tree, name);
	else if (home && installed)
		path = xasprintf("%s%s%s", home, installed, name);
	free(top);
	free(home);
	return path;
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* mlocklab's own part of a directory of the XDG Base Directory Specification, which says that one
 * that is not absolute does not count. */
static char *xdg(const char *name, const char *in_home, const char *what)
{
	const char *dir = env(name), *home = env("HOME");

	if (dir && *dir == '/')
		return xasprintf("%s/mlocklab%s", dir, what);
	if (home)
		return xasprintf("%s/%s/mlocklab%s", home, in_home, what);
	fprintf(stderr, "mlocklab: HOME is not set: set it, or %s, to say where to keep things\n",
		name);
	exit(EXIT_USAGE);
}

char *paths_cache(void)
{
	char *path;

	if (env("MLOCKLAB_CACHE"))
		return xstrdup(env("MLOCKLAB_CACHE"));
	path = beside("/cache", NULL, "");
	return path ? path : xdg("XDG_CACHE_HOME", ".cache", "");
}

char *paths_results(void)
{
	char *path = beside("/results", NULL, "");

	return path ? path : xdg("XDG_DATA_HOME", ".local/share", "/results");
}

char *paths_config(const char *name)
{
	char *dir = beside("/configs", "/" DATA "/configs", ""), *real, *path;

	/* in messages and in run.json the place that a user knows, not our link to it */
	real = dir ? realpath(dir, NULL) : NULL;
	path = xasprintf("%s%s%s", real ? real : "configs", *name ? "/" : "", name);
	free(real);
	free(dir);
	return path;
}

char *paths_named(const char *file)
{
	if (strncmp(file, "configs/", 8) == 0 && !fs_exists(file))
		return paths_config(file + 8);
	return xstrdup(file);
}

char *paths_libexec(void)
{
	char *path = beside("/build/libexec", "", "");

	return path ? path : xstrdup("libexec");
}

char *paths_program(const char *name)
{
	char *path = beside("/build/", "/", name);

	return path ? path : xstrdup(name);
}

char *paths_manuals(void)
{
	return beside("/docs/man", "/man/man1", "");
}
