/* mlocklab describe: a workload's parameters and metrics. */
#include <stdlib.h>
#include <unistd.h>
#include "lib/options.h"
#include "lib/paths.h"
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
	.about = "Prints what a workload measures: its parameters with their defaults and choices,\n"
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
	struct err err;
	json_t *known = bench_describe(bench, name, &err);

	if (known) {
		json_decref(known);
		execl(bench, bench, "describe", name, o.json ? "--json" : NULL, NULL);
		err_sys(&err, "cannot run '%s'", bench);
	}
	free(bench);
	return command_fail(&err);
}
