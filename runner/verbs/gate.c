/* mlocklab gate: a new kernel against a stored run, with an exit code for CI. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/verb.h"
#include "runner/run/options.h"

struct options {
	const char *baseline, *arm, *kernel, *resume;
	char *made;	     /* what kernel is where it was not named, or NULL */
	struct strv compare; /* options of compare */
	struct strv rest;    /* what run is given */
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("baseline", "RUN", OFFER_RUN, AT(baseline), "the stored run"),
	OPT_TEXT("arm", "NAME", NULL, AT(arm), "its kernel to compare with, where it has several"),
	OPT_TEXT("kernel", "SPEC", OFFER_KERNEL, AT(kernel),
		 "the new kernel: debian:6.1, deb:FILE, image:FILE, ... (default: the bzImage that "
		 "the tree "
		 "was made into, which --tree or else the current directory is)"),
	OPT_TEXT("resume", "RUN", OFFER_RUN, AT(resume),
		 "go on with its run, which was interrupted, to the verdict"),
	{.name = "margin",
	 .value = "SHARE",
	 .set = opt_hand_on,
	 .at = AT(compare),
	 .help = "smallest change that matters: 2% or 0.02"},
	{.name = "strict",
	 .set = opt_hand_on,
	 .at = AT(compare),
	 .help = "an inconclusive figure is exit code 4"},
	OPT_END,
};

static const struct command command = {
	.name = "gate",
	.usage = "--baseline RUN [--kernel SPEC] [option...]\n--baseline RUN --resume RUN "
		 "[option...]",
	.about = "Measures the experiment of a stored run on another kernel and compares the two.\n"
		 "Exit code 0: nothing got worse; 1: something did; 4: with --strict, some figure\n"
		 "was inconclusive; 125: it could not be judged, and why, so that it may stand "
		 "behind\n"
		 "'git bisect run'.\n",
	.notes =
		"Under icount the boots of both are paired by their layout. On other targets the\n"
		"baseline was measured at another time, which a drift of the machine can be taken\n"
		"for a change in: 'mlocklab ab' measures both side by side.\n",
	.opts = opts,
	.want = "no argument is wanted: the run is named by --baseline, the kernel by --kernel",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.wrong = EXIT_UNJUDGED,
	.keeps = "ktap show-command submit",
};

static int parse(struct options *o, int argc, char **argv)
{
	command_parse(&command, o, argc, argv);
	if (o->baseline && !o->kernel && !o->resume)
		o->kernel = o->made = run_made_kernel(&o->rest);
	if (!o->baseline || (!o->kernel && !o->resume))
		command_note("--%s is missing: a stored run and a new kernel are wanted%s",
			     o->baseline ? "kernel" : "baseline",
			     o->baseline ? ", and the tree has no arch/x86/boot/bzImage" : "");
	else if (o->kernel && o->resume)
		command_note("--resume goes on with the kernel that the run was begun with");
	else
		return 0;
	return -1;
}

/* What "mlocklab run" tells to go on with after an interrupt. */
static void resume_with(const struct options *o)
{
	struct strv words = STRV_INIT;
	struct str line = STR_INIT;

	strv_push(&words, "gate");
	strv_pushf(&words, "--baseline=%s", o->baseline);
	if (o->arm)
		strv_pushf(&words, "--arm=%s", o->arm);
	for (size_t i = 0; i < o->compare.n; i++)
		strv_push(&words, o->compare.v[i]);
	strv_quote(&words, &line);
	verb_resume_with(line.buf);
	str_release(&line);
	strv_release(&words);
}

/* What runs in the guest is part of what is measured: another build of it may cost a little more.
 */
static void warn_of_programs(const char *baseline, const char *new)
{
	struct err err;
	json_t *a = json_read_in(baseline, "run.json", &err),
	       *b = json_read_in(new, "run.json", &err);

	if (a && b && !json_equal(json_object_get(a, "programs"), json_object_get(b, "programs")))
		command_note("'%s' was measured with another build of mlockbench or guest-init: a "
			     "small change may be theirs",
			     baseline);
	json_decref(a);
	json_decref(b);
}

/* The arm of the baseline to compare with: the one named, or the only one. A new string, or NULL.
 */
static char *choose_arm(const struct options *o, struct err *err)
{
	char *chosen = NULL;
	json_t *run = json_read_in(o->baseline, "run.json", err),
	       *arms = json_object_get(run, "arms"), *arm;
	struct str names = STR_INIT;
	size_t i;

	json_array_foreach(arms, i, arm) {
		const char *name = json_get_str(arm, "name", "");

		str_addf(&names, "%s%s", i ? ", " : "", name);
		if (!chosen && (o->arm ? !strcmp(name, o->arm) : json_array_size(arms) == 1))
			chosen = xstrdup(name);
	}
	if (run && !chosen)
		err_set(err, "'%s' has the arms %s: name one of them with --arm", o->baseline,
			str_text(&names));
	str_release(&names);
	json_decref(run);
	return chosen;
}

/* Measures; run is set to the new run's directory. The exit code of the run, or -1. */
static int measure(const struct options *o, const char *arm, struct str *run, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "repeat");
	if (o->resume) {
		strv_pushf(&argv, "--resume=%s", o->resume);
	} else {
		strv_push(&argv, o->baseline);
		/* An arm of the same name, so that its kernel parameters are the same. */
		strv_pushf(&argv, "--kernel=%s=%s", arm, o->kernel);
		strv_push(&argv, "--name=gate");
	}
	for (size_t i = 0; i < o->rest.n; i++)
		strv_push(&argv, o->rest.v[i]);
	code = verb_run(&argv, run, err);
	/* Boots that failed are part of the answer: what was measured is compared all the same. */
	if (code >= 0 && !run->len)
		code = err_set(err, "nothing was measured of '%s'",
			       o->kernel ? o->kernel : o->resume);
	strv_release(&argv);
	return code;
}

static int compare(const struct options *o, const char *arm, const char *run, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "compare");
	strv_push(&argv, "--gate");
	strv_pushf(&argv, "--old=%s", arm);
	for (size_t i = 0; i < o->compare.n; i++)
		strv_push(&argv, o->compare.v[i]);
	strv_push(&argv, o->baseline);
	strv_push(&argv, run);
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct str run = STR_INIT;
	struct err err = {""};
	char *arm;
	int code = -1, measured;

	if (parse(&o, argc, argv) < 0)
		return EXIT_UNJUDGED;
	resume_with(&o);
	arm = choose_arm(&o, &err);
	if (arm && (measured = measure(&o, arm, &run, &err)) >= 0) {
		warn_of_programs(o.baseline, run.buf);
		code = compare(&o, arm, run.buf, &err);
		/* what is missing may be what got worse */
		if (measured != EXIT_OK && (code == EXIT_OK || code == EXIT_INCONCLUSIVE))
			code = err_set(&err,
				       "not judged: '%s' is not whole, and nothing in it got worse",
				       run.buf);
	}
	if (code < 0)
		command_fail(&err);
	free(arm);
	str_release(&run);
	strv_release(&o.compare);
	strv_release(&o.rest);
	free(o.made);
	/* compare says itself what it could not compare */
	return code < 0 || code == EXIT_USAGE ? EXIT_UNJUDGED : code;
}
