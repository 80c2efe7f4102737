/* mlocklab doctor: what this machine can do, and the command that mends each lack. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include "runner/doctor/doctor.h"
#include "lib/paths.h"

static const char usage_text[] =
	"usage: mlocklab doctor [--mirror URI]\n"
	"\n"
	"Tries what this machine can do for the lab: one line a thing, and under each\n"
	"lack the command that mends it. Probe guests are booted once and remembered.\n"
	"Exit code 2 where there is no QEMU at all, else 0.\n"
	"\n"
	"  --mirror URI  look for this Debian mirror instead of this machine's own\n"
	"  --help        this text\n";

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"mirror", required_argument, NULL, 'm'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_opts o = {.cache = cache, .config = config};
	struct doctor d = {.out = stdout};
	int c, ret;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c != 'm') {
			fputs(usage_text, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_OK : EXIT_USAGE;
		}
		o.mirror = optarg;
	}
	if (optind < argc) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
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
