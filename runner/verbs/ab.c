/* mlocklab ab: run, compare and report of two kernels, in one command. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/paths.h"
#include "lib/verb.h"

static const char usage_text[] =
	"usage: mlocklab ab --old SPEC --new SPEC [--suite NAME|FILE] [option of run...]\n"
	"\n"
	"Boots the two kernels, runs the suite on both, prints the verdict and writes the\n"
	"report. Exit code 0: nothing got worse; 1: something did; 4: with --strict, some\n"
	"figure was inconclusive; 2: it could not be done.\n"
	"\n"
	"  --old SPEC, --new SPEC  the kernels: debian:5.10, deb:FILE, image:FILE, ...\n"
	"                          without them, the arms that the suite's file names\n"
	"  --suite NAME            configs/NAME.ini, or a file (default: core)\n"
	"  --strict                an inconclusive figure is exit code 4\n"
	"  --help                  this text\n"
	"\n"
	"Every other option is one of run, such as --target, --pairs, --seed, --cmdline;\n"
	"see 'mlocklab run --help'.\n";

struct options {
	const char *old, *new, *suite;
	bool strict;
	struct strv rest; /* what run is given */
};

static int parse(struct options *o, int argc, char **argv)
{
	bool ktap = false;

	for (int i = 1; i < argc; i++) {
		const char *v;

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		}
		if ((v = verb_option("--old", argc, argv, &i)))
			o->old = v;
		else if ((v = verb_option("--new", argc, argv, &i)))
			o->new = v;
		else if ((v = verb_option("--suite", argc, argv, &i)))
			o->suite = v;
		else if (!strcmp(argv[i], "--strict"))
			o->strict = true;
		else if (!strcmp(argv[i], "--ktap"))
			ktap = true;
		else
			strv_push(&o->rest, argv[i]);
	}
	if (ktap) {
		fputs("mlocklab ab: --ktap is of run: measure with it, then 'mlocklab compare --format ktap'\n",
		      stderr);
		return -1;
	}
	if (!o->old != !o->new) {
		fprintf(stderr, "mlocklab ab: --%s is missing: two kernels are compared\n",
			o->old ? "new" : "old");
		return -1;
	}
	return 0;
}

/* Runs the experiment; dir is what it printed, the run's directory. */
static int measure(const struct options *o, struct str *dir, struct err *err)
{
	char *path = verb_suite(o->suite), *program = verb_path("run");
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, program);
	strv_push(&argv, path);
	if (o->old) {
		strv_pushf(&argv, "--kernel");
		strv_pushf(&argv, "old=%s", o->old);
		strv_pushf(&argv, "--kernel");
		strv_pushf(&argv, "new=%s", o->new);
	}
	for (size_t i = 0; i < o->rest.n; i++)
		strv_push(&argv, o->rest.v[i]);
	code = verb_run(&argv, dir, err);
	strv_release(&argv);
	free(path);
	free(program);
	return code;
}

static int follow(const char *name, const char *dir, const char *option, struct err *err)
{
	struct strv argv = STRV_INIT;
	char *program = verb_path(name);
	int code;

	strv_push(&argv, program);
	strv_push(&argv, dir);
	if (option)
		strv_push(&argv, option);
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	free(program);
	return code;
}

static bool wants(const struct options *o, const char *option)
{
	for (size_t i = 0; i < o->rest.n; i++)
		if (strcmp(o->rest.v[i], option) == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct options o = {.suite = "core"};
	struct str dir = STR_INIT;
	struct err err = {""};
	int code, report;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	code = measure(&o, &dir, &err);
	if (wants(&o, "--show-command")) {
		puts(str_text(&dir));
		return code < 0 ? EXIT_USAGE : code;
	}
	if (code >= 0 && dir.len) {
		/* boots that failed are part of the answer: what was measured is compared all the same */
		code = follow("compare", dir.buf, o.strict ? "--strict" : NULL, &err);
		report = code < 0 || code == EXIT_USAGE ? -1 : follow("report", dir.buf, NULL, &err);
		if (report > 0)
			code = EXIT_USAGE;
	}
	if (code < 0)
		fprintf(stderr, "mlocklab ab: %s\n", err.text);
	str_release(&dir);
	strv_release(&o.rest);
	return code < 0 ? EXIT_USAGE : code;
}
