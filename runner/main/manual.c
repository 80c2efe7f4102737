#include "runner/main/manual.h"

#include <stdlib.h>
#include <unistd.h>
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
	char *dir = paths_manuals();

	manual_argv(&argv, dir, verb);
	execvp(argv.v[0], argv.v);
	strv_release(&argv);
	free(dir);
}
