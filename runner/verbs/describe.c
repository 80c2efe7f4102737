/* mlocklab describe: a workload's parameters and metrics. */
#include <stdlib.h>
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/text.h"
#include "runner/plan/catalogue.h"

struct options {
	bool json;
};

static const struct opt opts[] = {
	OPT_FLAG("json", offsetof(struct options, json), "as JSON, in a line"),
	OPT_END,
};

static const struct command command = {
	.name = "describe",
	.usage = "WORKLOAD [--json]",
	.about =
		"Prints what a workload measures: its parameters with their defaults and choices,\n"
		"its metrics, what it needs, and its control.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.words = OFFER_WORKLOAD,
	.want = "which workload? 'mlocklab list' names them",
};

int main(int argc, char **argv)
{
	struct options o = {0};
	const char *name = command_parse(&command, &o, argc, argv)[0];
	char *bench = paths_program("mlockbench");
	char *const said[] = {bench, "describe", (char *)name, o.json ? "--json" : NULL, NULL};
	struct str out = STR_INIT;
	struct err err;
	json_t *known = bench_describe(bench, name, &err);
	int ret = known ? spawn_capture(said, &out, &err) : -1;

	if (ret == 0)
		ret = text_deliver(&out, NULL, &err);
	json_decref(known);
	str_release(&out);
	free(bench);
	return ret < 0 ? command_fail(&err) : EXIT_OK;
}
