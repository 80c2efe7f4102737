#include "analysis/write/gnuplot.h"

#include <stdlib.h>

#include "lib/jail.h"
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
	/* The script holds what guests and stored runs sent. */
	char *writes = realpath(dir, NULL); /* it is seen from `dir` */
	const struct jail jail = {
		.writes = writes, .memory = 4ull << 30, .file = 64 << 20, .keep_uid = true};
	struct child c = CHILD_INIT;
	struct strv argv = STRV_INIT;
	int ret;

	plot_gnuplot_argv(script, &argv);
	c.argv = argv.v;
	c.dir = dir;
	c.env = env;
	c.jail = &jail;
	ret = child_start(&c, err) < 0 ? -1 : child_end(&c, err);
	strv_release(&argv);
	free(writes);
	return ret;
}
