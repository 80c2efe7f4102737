#include "runner/main/manual.h"

#include <stdlib.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/paths.h"

void manual_argv(struct strv *argv, const char *dir, const char *verb)
{
	strv_push(argv, "man");
	if (dir)
		strv_pushf(argv, "%s/mlocklab-%s.1", dir, verb);
	else
		strv_pushf(argv, "mlocklab-%s", verb);
}

void manual_exec(const char *verb)
{
	struct strv argv = STRV_INIT;
	char *dir = paths_manuals(), *page = dir ? xasprintf("%s/mlocklab-%s.1", dir, verb) : NULL;

	/* packed, or put elsewhere by who installed it, man finds it */
	if (page && !fs_exists(page)) {
		free(dir);
		dir = NULL;
	}
	free(page);
	manual_argv(&argv, dir, verb);
	execvp(argv.v[0], argv.v);
	strv_release(&argv);
	free(dir);
}
