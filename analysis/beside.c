#include "analysis/beside.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

/* The running executable's directory with `levels` more taken off. A new string, "." where that fails. */
static char *directory(int levels)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n < 0 ? 0 : n] = '\0';
	for (; levels >= 0; levels--) {
		char *slash = strrchr(exe, '/');

		if (!slash)
			return xstrdup(".");
		*slash = '\0';
	}
	return xstrdup(exe);
}

char *beside_verb(const char *name)
{
	char *dir = directory(0), *path = xasprintf("%s/mlocklab-%s", dir, name);

	free(dir);
	return path;
}

char *beside_results(void)
{
	char *top = directory(2), *configs = xasprintf("%s/configs", top);
	char *path = fs_exists(configs) ? xasprintf("%s/results", top) : xstrdup("results");

	free(configs);
	free(top);
	return path;
}
