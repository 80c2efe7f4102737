/* mlocklab VERB: runs the program that owns the verb, as git does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/err.h"
#include "lib/paths.h"
#include "lib/str.h"
#include "lib/suggest.h"
#include "lib/verb.h"
#include "runner/main/manual.h"

static const struct {
	const char *verb, *help;
} verbs[] = {
	{"ab", "measure two kernels, print the verdict, write the report"},
	{"run", "boot the kernels of an experiment and store what is measured"},
	{"compare", "compare the arms of a stored run, or two stored runs"},
	{"report", "write a stored run's report: HTML with pictures, Markdown, text"},
	{"repeat", "a stored run's experiment again, or on other kernels"},
	{"gate", "a new kernel against a stored run, with an exit code for CI"},
	{"series", "every patch of a range of commits, measured: the cost of each step"},
	{"steps", "a stored run of many kernels, or of a series, step by step"},
	{"bisect", "the first commit that moved a figure, by git bisect"},
	{"timeline", "a run of many kernels one by one, and where figures changed"},
	{"calibrate", "a kernel against itself: how far the verdicts here can be trusted"},
	{"calibration", "a stored calibration, counted again"},
	{"plan", "how many boots and iterations it takes to see a change"},
	{"history", "one metric over all stored runs"},
	{"fsck", "whether stored runs are as they were measured"},
	{"profile", "which kernel functions make two kernels differ in a workload"},
	{"explain", "the same for a stored run that has profiled boots"},
	{"locks", "who waited for which lock, in a run that recorded it"},
	{"claims", "the ledger: every claim of the munlock rework, with its verdict"},
	{"campaign", "an A/B of kernels that this machine itself boots, unattended"},
	{"list", "the workloads"},
	{"describe", "a workload's parameters and metrics"},
	{"kernels", "the kernels that are cached and that can be had"},
	{"qemu", "newer QEMUs in the cache: list, or fetch one from Debian"},
	{"doctor", "what this machine can do, and what fixes each gap"},
};

static int usage(FILE *out)
{
	fputs("usage: mlocklab VERB [argument...]\n"
	      "       mlocklab help [VERB]\n"
	      "       mlocklab --version | --paths\n\n",
	      out);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		fprintf(out, "  %-11s %s\n", verbs[i].verb, verbs[i].help);
	fputs("\n'mlocklab VERB --help' tells more, 'mlocklab help VERB' is its manual page.\n",
	      out);
	return out == stdout ? EXIT_OK : EXIT_USAGE;
}

/* For scripts, such as the completion of command lines. */
static int print_paths(void)
{
	char *results = paths_results(), *cache = paths_cache(), *configs = paths_config("");

	printf("results %s\ncache %s\nconfigs %s\n", results, cache, configs);
	free(results);
	free(cache);
	free(configs);
	return EXIT_OK;
}

static void no_verb(const char *verb)
{
	const char *names[sizeof(verbs) / sizeof(*verbs)], *meant;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		names[i] = verbs[i].verb;
	meant = suggest(verb, names, sizeof(names) / sizeof(*names));
	if (meant)
		fprintf(stderr, "mlocklab: no verb '%s'; did you mean '%s'?\n", verb, meant);
	else
		fprintf(stderr, "mlocklab: no verb '%s'; 'mlocklab --help' lists them\n", verb);
}

/* Becomes the program of the verb argv[1]; returns only where there is none that can be run. */
static int run_verb(char **argv)
{
	const char *verb = argv[1];
	char *path;

	if (strspn(verb, "abcdefghijklmnopqrstuvwxyz-") == strlen(verb)) {
		path = verb_path(verb);
		execv(path, argv + 1);
	} else {
		errno = ENOENT;
		path = xstrdup(verb);
	}
	if (errno == ENOENT)
		no_verb(verb);
	else
		fprintf(stderr, "mlocklab: cannot run '%s': %s\n", path, strerror(errno));
	free(path);
	return EXIT_USAGE;
}

/* The manual page of the verb argv[2]; its --help where there is no man. */
static int help(char **argv)
{
	char *words[] = {argv[0], argv[2], "--help", NULL};

	if (!argv[2])
		return usage(stdout);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strcmp(verbs[i].verb, argv[2]) == 0)
			manual_exec(argv[2]);
	return run_verb(words);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!*verb)
		return usage(stderr);
	if (!strcmp(verb, "--help") || !strcmp(verb, "-h"))
		return usage(stdout);
	if (!strcmp(verb, "help"))
		return help(argv);
	if (!strcmp(verb, "--paths"))
		return print_paths();
	if (!strcmp(verb, "--version")) {
		printf("mlocklab %s\n", MLOCKLAB_VERSION);
		return EXIT_OK;
	}
	return run_verb(argv);
}
