/* mlocklab profile: where the instructions of one workload go on two kernels, in one command. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/verb.h"

static const char usage_text[] =
	"usage: mlocklab profile OLD NEW WORKLOAD [key=value...] [option...]\n"
	"\n"
	"Boots both kernels under icount, plain and with the profiler, and prints what of the\n"
	"change between them lies in which functions of the kernel, in instructions per\n"
	"operation. A key may have a list of values, as in an experiment: lock=mlock,none.\n"
	"The run stays in results/, where explain, report and compare find it.\n"
	"\n"
	"  --format FORMAT   text, markdown, csv, or with one cell folded or svg\n"
	"  --all             every function that changed, and the inclusive figures\n"
	"  --help            this text\n"
	"\n"
	"Every other option is one of run, such as --iterations, --seed, --nodes, --out.\n";

struct options {
	const char *words[3]; /* old, new, workload */
	size_t n;
	struct strv params, run, explain;
};

/* Everything that is neither a word nor key=value goes on to run or explain, with its value. */
static int parse(struct options *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *v;

		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		}
		if ((v = verb_option("--format", argc, argv, &i)))
			strv_pushf(&o->explain, "--format=%s", v);
		else if (!strcmp(argv[i], "--all"))
			strv_push(&o->explain, argv[i]);
		else if (argv[i][0] == '-') {
			strv_push(&o->run, argv[i]);
			if (!strchr(argv[i], '=') && i + 1 < argc)
				strv_push(&o->run, argv[++i]);
		} else if (o->n < 3)
			o->words[o->n++] = argv[i];
		else if (strchr(argv[i], '='))
			strv_push(&o->params, argv[i]);
		else {
			fprintf(stderr, "mlocklab profile: '%s' is not key=value\n", argv[i]);
			return -1;
		}
	}
	if (o->n == 3)
		return 0;
	fputs("mlocklab profile: takes two kernels and a workload; see 'mlocklab profile --help'\n",
	      stderr);
	return -1;
}

static void experiment(const struct options *o, struct str *out)
{
	str_addf(out, "[global]\nname=profile-%s\ntarget=icount\npairs=1\nprofile=1\n",
		 o->words[2]);
	str_addf(out, "iterations=2\nwarmup=1\n[arm:old]\nkernel=%s\n[arm:new]\nkernel=%s\n",
		 o->words[0], o->words[1]);
	str_addf(out, "[job]\nworkload=%s\n", o->words[2]);
	for (size_t i = 0; i < o->params.n; i++)
		str_addf(out, "%s\n", o->params.v[i]);
}

/* Runs the experiment; dir becomes the run's. */
static int measure(const struct options *o, struct str *dir, struct err *err)
{
	char *program = verb_path("run"), *path;
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int code = -1;

	experiment(o, &text);
	path = verb_file("profile.ini", &text, err);
	if (path) {
		strv_push(&argv, program);
		strv_push(&argv, path);
		for (size_t i = 0; i < o->run.n; i++)
			strv_push(&argv, o->run.v[i]);
		code = verb_run(&argv, dir, err);
	}
	free(path);
	strv_release(&argv);
	str_release(&text);
	free(program);
	return code;
}

static int explain(const struct options *o, const char *dir, struct err *err)
{
	char *program = verb_path("explain");
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, program);
	for (size_t i = 0; i < o->explain.n; i++)
		strv_push(&argv, o->explain.v[i]);
	strv_push(&argv, dir);
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	free(program);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = {.n = 0};
	struct str dir = STR_INIT;
	struct err err = {""};
	int code;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	code = measure(&o, &dir, &err);
	if (code == EXIT_OK && dir.len) {
		code = explain(&o, dir.buf, &err);
		fprintf(stderr, "the run is %s\n", dir.buf);
	}
	if (code < 0)
		fprintf(stderr, "mlocklab profile: %s\n", err.text);
	str_release(&dir);
	strv_release(&o.params);
	strv_release(&o.run);
	strv_release(&o.explain);
	return code < 0 ? EXIT_USAGE : code;
}
