/* mlocklab repeat: measures a stored run's experiment again, or on other kernels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/json.h"
#include "lib/paths.h"
#include "runner/plan/repeat.h"
#include "lib/verb.h"

static const char usage_text[] =
	"usage: mlocklab repeat RUN [--kernel [ARM=]SPEC]... [--cell ID]... [option of run...]\n"
	"\n"
	"Runs the experiment of a stored run again: the same cells, settings, seed and\n"
	"kernels, into a new run. Prints the new run's directory.\n"
	"\n"
	"  --kernel [ARM=]SPEC  these kernels instead; repeat for several. An ARM that the\n"
	"                       run has keeps its kernel parameters\n"
	"  --cell ID            this cell and its control only; repeat for several\n"
	"  --help               this text\n"
	"\n"
	"Every other option is one of run, such as --pairs, --seed, --out; see\n"
	"'mlocklab run --help'.\n";

struct options {
	const char *run;
	struct strv kernels, cells, rest;
};

static int parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *v;

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		}
		if ((v = verb_option("--kernel", argc, argv, &i)))
			strv_push(&o->kernels, v);
		else if ((v = verb_option("--cell", argc, argv, &i)))
			strv_push(&o->cells, v);
		else if (!o->run && argv[i][0] != '-')
			o->run = argv[i];
		else
			strv_push(&o->rest, argv[i]);
	}
	if (o->run)
		return 0;
	fputs("mlocklab repeat: name a stored run, such as results/A; 'mlocklab repeat --help' "
	      "tells "
	      "more\n",
	      stderr);
	return -1;
}

static int repeat(const struct options *o, struct err *err)
{
	char *path = xasprintf("%s/run.json", o->run), *program = verb_path("run"), *file;
	json_t *run = json_read(path, err);
	struct str text = STR_INIT;
	struct strv argv = STRV_INIT;

	free(path);
	if (!run || repeat_experiment(run, &o->kernels, &o->cells, &text, err) < 0)
		return -1;
	/* run takes this process's place, and there is nobody left to remove a file on disk */
	file = verb_file("experiment.ini", &text, err);
	if (!file)
		return -1;
	strv_push(&argv, program);
	strv_push(&argv, file);
	for (size_t i = 0; i < o->rest.n; i++)
		strv_push(&argv, o->rest.v[i]);
	execv(program, argv.v);
	return err_sys(err, "cannot run '%s'", program);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct err err = {""};

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	repeat(&o, &err);
	fprintf(stderr, "mlocklab repeat: %s\n", err.text);
	return EXIT_USAGE;
}
