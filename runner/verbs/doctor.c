/* mlocklab doctor: what this machine can do, and the command that mends each lack. */
#include <stdio.h>
#include <stdlib.h>
#include "lib/options.h"
#include "lib/paths.h"
#include "runner/doctor/doctor.h"

struct options {
	const char *mirror;
};

static const struct opt opts[] = {
	OPT_TEXT("mirror", "URI", NULL, offsetof(struct options, mirror),
		 "look for this Debian mirror instead of this machine's own"),
	OPT_END,
};

static const struct command command = {
	.name = "doctor",
	.usage = "[--mirror URI]",
	.about = "Tries what this machine can do for the lab: one line a thing, and under each\n"
		 "lack the command that mends it. A probe guest that worked is remembered.\n"
		 "Exit code 2 where there is no QEMU at all, else 0.\n",
	.opts = opts,
	.want = "no argument is wanted",
};

int main(int argc, char **argv)
{
	struct options given = {0};
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_opts o = {.cache = cache, .config = config};
	struct doctor d = {.out = stdout};
	int ret;

	command_parse(&command, &given, argc, argv);
	o.mirror = given.mirror;
	ret = doctor_qemu(&d, &o);
	doctor_programs(&d);
	doctor_mirror(&d, &o);
	doctor_machine(&d);
	if (d.lacks)
		printf("\n%d lack%s; a line with -> says what mends it\n", d.lacks,
		       d.lacks == 1 ? "" : "s");
	free(cache);
	free(config);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
