/* mlocklab repeat: measures a stored run's experiment again, or on other kernels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/verb.h"
#include "runner/plan/repeat.h"
#include "runner/run/options.h"

struct options {
	const char *run, *resume;
	struct strv kernels, cells, rest;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_LIST("kernel", "[ARM=]SPEC", OFFER_KERNEL, AT(kernels),
		 "these kernels instead; repeat for several. An ARM that the run has keeps its "
		 "kernel "
		 "parameters"),
	OPT_LIST("cell", "ID", NULL, AT(cells),
		 "this cell and its control only; repeat for several"),
	OPT_TEXT("resume", "RUN", OFFER_RUN, AT(resume),
		 "go on with such a new run, which was interrupted"),
	OPT_END,
};

static const struct command command = {
	.name = "repeat",
	.usage = "RUN [--kernel [ARM=]SPEC]... [--cell ID]... [option...]\n--resume RUN",
	.about = "Runs the experiment of a stored run again: the same cells, settings, seed and\n"
		 "kernels, into a new run. Prints the new run's directory.\n",
	.opts = opts,
	.max_words = 1,
	.words = OFFER_RUN,
	.want = "name a stored run, such as results/A",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
};

/* Becomes run, with these words and those that were handed on to it. */
static int become_run(const struct options *o, const char *first, const char *second,
		      struct err *err)
{
	char *program = verb_path("run");
	struct strv argv = STRV_INIT;

	strv_push(&argv, program);
	strv_push(&argv, first);
	if (second)
		strv_push(&argv, second);
	for (size_t i = 0; i < o->rest.n; i++)
		strv_push(&argv, o->rest.v[i]);
	execv(program, argv.v);
	return err_sys(err, "cannot run '%s'", program);
}

static int repeat(const struct options *o, struct err *err)
{
	json_t *run = json_read_in(o->run, "run.json", err);
	struct str text = STR_INIT;
	char *file;

	if (!run || repeat_experiment(run, &o->kernels, &o->cells, &text, err) < 0)
		return -1;
	verb_files_from(o->run);
	/* run takes this process's place, and there is nobody left to remove a file on disk */
	file = verb_file("experiment.ini", &text, err);
	return file ? become_run(o, file, NULL, err) : -1;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct err err = {""};

	o.run = command_parse(&command, &o, argc, argv)[0];
	verb_resume_with("repeat");
	if (!o.run == !o.resume)
		err_set(&err, "%s, or one to --resume", command.want);
	else if (o.resume && (o.kernels.n || o.cells.n))
		err_set(&err,
			"--resume goes on with the kernels and cells that the run was begun with");
	else if (o.resume)
		become_run(&o, "--resume", o.resume, &err);
	else
		repeat(&o, &err);
	return command_fail(&err);
}
