/* mlocklab VERB: runs the program that owns the verb, as git does. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/err.h"
#include "lib/str.h"
#include "lib/paths.h"

static const struct {
	const char *verb, *help;
} verbs[] = {
	{"ab", "measure two kernels, print the verdict, write the report"},
	{"run", "boot the kernels of an experiment and store what is measured"},
	{"compare", "compare the arms of a stored run, or two stored runs"},
	{"report", "write a stored run's report: HTML with pictures, Markdown, text"},
	{"repeat", "a stored run's experiment again, or on other kernels"},
	{"gate", "a new kernel against a stored run, with an exit code for CI"},
	{"timeline", "a run of many kernels release by release, and where figures changed"},
	{"calibrate", "a kernel against itself: how far the verdicts here can be trusted"},
	{"calibration", "a stored calibration, counted again"},
	{"plan", "how many boots and iterations a change of some size takes, from a stored run"},
	{"history", "one metric over all stored runs"},
	{"profile", "which kernel functions make two kernels differ in a workload"},
	{"explain", "the same for a stored run that has profiled boots"},
	{"locks", "who waited for which lock, in a run that recorded it"},
	{"claims", "the ledger: every claim of the munlock rework, with its verdict"},
	{"list", "the workloads"},
	{"describe", "a workload's parameters and metrics"},
	{"kernels", "the kernels that are cached and that can be had"},
	{"qemu", "newer QEMUs in the cache: list, or fetch one from Debian"},
	{"doctor", "what this machine can do, and what mends each lack"},
};

static int usage(FILE *out)
{
	fputs("usage: mlocklab VERB [argument...]\n\n", out);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(out, "  %-11s %s\n", verbs[i].verb, verbs[i].help);
	fputs("\n'mlocklab VERB --help' tells more. 'make ab' in the source tree does it all.\n", out);
	return out == stdout ? EXIT_OK : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	char *path;

	if (!*verb)
		return usage(stderr);
	if (!strcmp(verb, "--help") || !strcmp(verb, "-h") || !strcmp(verb, "help"))
		return usage(stdout);
	if (!strcmp(verb, "--version")) {
		printf("mlocklab %s\n", MLOCKLAB_VERSION);
		return EXIT_OK;
	}
	if (!strcmp(verb, "list") || !strcmp(verb, "describe")) {
		path = paths_program("mlockbench");
		execv(path, argv);
	} else if (strspn(verb, "abcdefghijklmnopqrstuvwxyz-") == strlen(verb)) {
		char *dir = paths_libexec();

		path = xasprintf("%s/mlocklab-%s", dir, verb);
		execv(path, argv + 1);
		free(dir);
	} else {
		errno = ENOENT;
		path = xstrdup(verb);
	}
	if (errno == ENOENT)
		fprintf(stderr, "mlocklab: no verb '%s'; 'mlocklab --help' lists them\n", verb);
	else
		fprintf(stderr, "mlocklab: cannot run '%s': %s\n", path, strerror(errno));
	free(path);
	return EXIT_USAGE;
}
