#include "lib/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

static int holds(const char *dir, const char *what)
{
	char *path = xasprintf("%s/%s", dir, what);
	int found = fs_exists(path);

	free(path);
	return found;
}

void paths_locate(const char *exe, char **top, char **prefix)
{
	char *dir = xstrdup(exe);

	*top = *prefix = NULL;
	/* The deepest executable is three below the top: build/libexec/mlocklab-VERB. */
	for (int level = 0; level < 3 && !*top && !*prefix; level++) {
		char *slash = strrchr(dir, '/');

		if (!slash)
			break;
		*slash = '\0';
		if (holds(dir, "configs"))
			*top = xstrdup(dir);
		else if (holds(dir, "share/mlocklab/configs"))
			*prefix = xstrdup(dir);
	}
	free(dir);
}

static void locate(char **top, char **prefix)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n < 0 ? 0 : n] = '\0';
	paths_locate(exe, top, prefix);
}

/* TOP/in_tree in a source tree, PREFIX/installed elsewhere, else NULL; name is added. */
static char *beside(const char *in_tree, const char *installed, const char *name)
{
	char *top, *prefix, *path = NULL;

	locate(&top, &prefix);
	if (top)
		path = xasprintf("%s/%s%s", top, in_tree, name);
	else if (prefix && installed)
		path = xasprintf("%s/%s%s", prefix, installed, name);
	free(top);
	free(prefix);
	return path;
}

static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

char *paths_cache(void)
{
	char *path;

	if (env("MLOCKLAB_CACHE"))
		return xstrdup(env("MLOCKLAB_CACHE"));
	path = beside("cache", NULL, "");
	if (path)
		return path;
	if (env("XDG_CACHE_HOME"))
		return xasprintf("%s/mlocklab", env("XDG_CACHE_HOME"));
	return xasprintf("%s/.cache/mlocklab", env("HOME") ? env("HOME") : "");
}

char *paths_results(void)
{
	char *path = beside("results", NULL, "");

	return path ? path : xstrdup("results");
}

char *paths_config(const char *name)
{
	char *path = beside("configs/", "share/mlocklab/configs/", name);

	return path ? path : xasprintf("configs/%s", name);
}

char *paths_libexec(void)
{
	char *path = beside("build/libexec", "libexec/mlocklab", "");

	return path ? path : xstrdup("libexec");
}

char *paths_program(const char *name)
{
	char *path = beside("build/", "libexec/mlocklab/", name);

	return path ? path : xstrdup(name);
}
