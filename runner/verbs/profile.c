/* mlocklab profile: where the instructions of one workload go on two kernels, in one command. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/verb.h"
#include "runner/run/options.h"

struct options {
	char **words; /* old, new, workload, its parameters */
	struct strv run, explain;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	{.name = "format",
	 .value = "FORMAT",
	 .offer = "text|markdown|csv|folded|svg",
	 .set = opt_hand_on,
	 .at = AT(explain),
	 .help = "text, markdown, csv, or of the cell that moved most folded or svg"},
	{.name = "all",
	 .set = opt_hand_on,
	 .at = AT(explain),
	 .help = "every function that changed, and the inclusive figures"},
	OPT_END,
};

static const struct command command = {
	.name = "profile",
	.usage = "OLD NEW WORKLOAD [key=value...] [option...]",
	.about =
		"Boots both kernels under icount, plain and with the profiler, and prints what of\n"
		"the change between them lies in which functions of the kernel, in instructions\n"
		"per operation. A key may have a list of values, as in an experiment:\n"
		"lock=mlock,none. The run stays in results/, where explain, report and compare\n"
		"find it.\n",
	.opts = opts,
	.min_words = 3,
	.max_words = -1,
	.words = OFFER_KERNEL " " OFFER_KERNEL " " OFFER_WORKLOAD " " OFFER_PARAM,
	.want = "two kernels and a workload are wanted, such as debian:5.10 debian:6.1 "
		"exit-mlocked",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(run),
	.keeps = "kernel target resume ktap stop-early inject submit",
};

static int parse(struct options *o, int argc, char **argv)
{
	o->words = command_parse(&command, o, argc, argv);
	for (char **param = o->words + 3; *param; param++) {
		if (!strchr(*param, '=')) {
			command_note("'%s' is not key=value", *param);
			return -1;
		}
	}
	return 0;
}

static void experiment(const struct options *o, struct str *out)
{
	str_addf(out, "[global]\nname=profile-%s\ntarget=icount\npairs=1\nprofile=1\n",
		 o->words[2]);
	str_addf(out, "iterations=2\nwarmup=1\n[arm:old]\nkernel=%s\n[arm:new]\nkernel=%s\n",
		 o->words[0], o->words[1]);
	str_addf(out, "[job]\nworkload=%s\n", o->words[2]);
	for (char **param = o->words + 3; *param; param++)
		str_addf(out, "%s\n", *param);
}

/* Runs the experiment; dir becomes the run's. */
static int measure(const struct options *o, struct str *dir, struct err *err)
{
	char *path;
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int code = -1;

	experiment(o, &text);
	path = verb_file("profile.ini", &text, err);
	if (path) {
		strv_push(&argv, "run");
		strv_push(&argv, path);
		for (size_t i = 0; i < o->run.n; i++)
			strv_push(&argv, o->run.v[i]);
		code = verb_run(&argv, dir, err);
	}
	free(path);
	strv_release(&argv);
	str_release(&text);
	return code;
}

static int explain(const struct options *o, const char *dir, struct err *err)
{
	struct strv argv = STRV_INIT;
	bool one = false; /* a picture is of one cell */
	int code;

	strv_push(&argv, "explain");
	for (size_t i = 0; i < o->explain.n; i++) {
		strv_push(&argv, o->explain.v[i]);
		one = !strcmp(o->explain.v[i], "--format=svg") ||
		      !strcmp(o->explain.v[i], "--format=folded") ||
		      (one && strncmp(o->explain.v[i], "--format", 8) != 0);
	}
	strv_push(&argv, dir);
	if (!one)
		strv_push(&argv, "all");
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct str dir = STR_INIT;
	struct err err = {""};
	int code;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	code = measure(&o, &dir, &err);
	if (strv_has(&o.run, "--show-command")) {
		puts(str_text(&dir));
	} else if (code == EXIT_OK && dir.len) {
		code = explain(&o, dir.buf, &err);
		fprintf(stderr, "the run is %s\n", dir.buf);
	}
	if (code < 0)
		command_fail(&err);
	str_release(&dir);
	strv_release(&o.run);
	strv_release(&o.explain);
	return code < 0 ? EXIT_USAGE : code;
}
