/* mlocklab list: the workloads. */
#include <stdlib.h>
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/text.h"

static const struct opt opts[] = {OPT_END};

static const struct command command = {
	.name = "list",
	.usage = "",
	.about = "Lists the workloads, a line each. 'mlocklab describe WORKLOAD' tells more of "
		 "one.\n",
	.opts = opts,
	.want = "no argument is wanted",
};

int main(int argc, char **argv)
{
	char *bench = paths_program("mlockbench"), *const said[] = {bench, "list", NULL};
	struct str out = STR_INIT;
	struct err err;
	int ret;

	command_parse(&command, NULL, argc, argv);
	ret = spawn_capture(said, &out, &err);
	if (ret == 0)
		ret = text_deliver(&out, NULL, &err);
	str_release(&out);
	free(bench);
	return ret < 0 ? command_fail(&err) : EXIT_OK;
}
