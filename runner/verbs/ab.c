/* mlocklab ab: run, compare and report of two kernels, in one command. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/verb.h"
#include "runner/run/options.h"

struct options {
	const char *old, *new, *suite, *resume;
	char *made; /* what new is where it was not named, or NULL */
	bool strict;
	struct strv rest; /* what run is given */
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("old", "SPEC", OFFER_KERNEL, AT(old), NULL),
	OPT_TEXT("new", "SPEC", OFFER_KERNEL, AT(new),
		 "the kernels: debian:5.10, deb:FILE, image:FILE, ...; without both, the arms that "
		 "the "
		 "suite's file names; without --new, the bzImage that the tree was made into "
		 "(--tree, else "
		 "the current directory)"),
	OPT_TEXT("suite", "NAME", OFFER_SUITE, AT(suite),
		 "configs/NAME.ini, or a file (default: core)"),
	OPT_TEXT("resume", "RUN", OFFER_RUN, AT(resume),
		 "go on with an A/B that was interrupted, to its verdict and report"),
	OPT_FLAG("strict", AT(strict), "an inconclusive figure is exit code 4"),
	OPT_END,
};

static const struct command command = {
	.name = "ab",
	.usage = "--old SPEC [--new SPEC] [--suite NAME|FILE] [option...]\n--resume RUN",
	.about =
		"Boots the two kernels, runs the suite on both, prints the verdict and writes the\n"
		"report. Exit code 0: nothing got worse; 1: something did; 4: with --strict, some\n"
		"figure was inconclusive; 2: it could not be done, or boots are missing in what "
		"it\n"
		"measured and nothing of the rest got worse.\n",
	.opts = opts,
	.want = "no argument is wanted: the suite is named by --suite, the kernels by --old and "
		"--new",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.keeps = "ktap kernel submit",
};

static int parse(struct options *o, int argc, char **argv)
{
	command_parse(&command, o, argc, argv);
	if (o->resume && (o->old || o->new || o->suite)) {
		command_note("--resume goes on with the kernels and the suite that the run was "
			     "begun with");
		return -1;
	}
	if (o->old && !o->new)
		o->new = o->made = run_made_kernel(&o->rest);
	if (!o->old == !o->new)
		return 0;
	command_note("--%s is missing: two kernels are compared%s", o->old ? "new" : "old",
		     o->old ? ", and the tree has no arch/x86/boot/bzImage" : "");
	return -1;
}

/* Runs the experiment; dir is what it printed, the run's directory. */
static int measure(const struct options *o, struct str *dir, struct err *err)
{
	char *path = verb_suite(o->suite ? o->suite : "core");
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "run");
	strv_push(&argv, o->resume ? "--resume" : path);
	if (o->resume)
		strv_push(&argv, o->resume);
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
	return code;
}

static int follow(const char *name, const char *dir, const char *option, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, name);
	strv_push(&argv, dir);
	if (option)
		strv_push(&argv, option);
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct str dir = STR_INIT;
	struct err err = {""};
	int code, measured, report;

	if (parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	verb_resume_with("ab");
	code = measured = measure(&o, &dir, &err);
	if (strv_has(&o.rest, "--show-command")) {
		puts(str_text(&dir));
		return code < 0 ? EXIT_USAGE : code;
	}
	if (code >= 0 && dir.len) {
		/* boots that failed are part of the answer: what was measured is compared all the
		 * same */
		code = follow("compare", dir.buf, o.strict ? "--strict" : NULL, &err);
		report =
			code < 0 || code == EXIT_USAGE ? -1 : follow("report", dir.buf, NULL, &err);
		/* "nothing got worse" holds of a whole run only; run has said what is missing of
		 * this one */
		if (report > 0 || (measured != EXIT_OK && code != EXIT_REGRESSION))
			code = EXIT_USAGE;
	}
	if (code < 0)
		command_fail(&err);
	str_release(&dir);
	strv_release(&o.rest);
	free(o.made);
	return code < 0 ? EXIT_USAGE : code;
}
