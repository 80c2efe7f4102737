#include "analysis/write/gnuplot.h"

#include <stdlib.h>

#include "lib/spawn.h"

bool plot_gnuplot_found(void)
{
	char *path = spawn_which("gnuplot");
	bool found = path;

	free(path);
	return found;
}

void plot_gnuplot_argv(const char *script, struct strv *argv)
{
	strv_push(argv, "gnuplot");
	strv_push(argv, "--default-settings");
	strv_push(argv, script);
}

int plot_gnuplot_run(const char *dir, const char *script, struct err *err)
{
	/* The locale decides how numbers are read; the same script must give the same bytes. */
	static const char *const env[] = {"LC_ALL=C.UTF-8", NULL};
	struct spawn_opts opts = SPAWN_OPTS;
	struct strv argv = STRV_INIT;
	pid_t pid;

	opts.dir = dir;
	opts.env = env;
	plot_gnuplot_argv(script, &argv);
	pid = spawn_start(argv.v, &opts, err);
	strv_release(&argv);
	return pid < 0 ? -1 : spawn_wait(pid, "gnuplot", err);
}
