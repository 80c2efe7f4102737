/* mlocklab list: the workloads. */
#include <stdlib.h>
#include <unistd.h>
#include "lib/options.h"
#include "lib/paths.h"

static const struct opt opts[] = {OPT_END};

static const struct command command = {
	.name = "list",
	.usage = "",
	.about = "Lists the workloads, a line each. 'mlocklab describe WORKLOAD' tells more of one.\n",
	.opts = opts,
	.want = "no argument is wanted",
};

int main(int argc, char **argv)
{
	char *bench = paths_program("mlockbench");
	struct err err;

	command_parse(&command, NULL, argc, argv);
	execl(bench, bench, "list", NULL);
	err_sys(&err, "cannot run '%s'", bench);
	free(bench);
	return command_fail(&err);
}
