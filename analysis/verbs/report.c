/* mlocklab report: makes the report of a stored run, or of two that are compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/report/report.h"
#include "lib/options.h"

struct options {
	struct compare_opts compare;
	const char *output;
};

#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("old", "ARM", NULL, AT(compare.old_arm), NULL),
	OPT_TEXT("new", "ARM", NULL, AT(compare.new_arm),
		 "the arms to compare, where a run has more than two"),
	OPT_SHARE("margin", AT(compare.margin), "smallest change that matters: 2% or 0.02"),
	OPT_FLAG("force", AT(compare.force), "compare runs that were measured in different ways"),
	OPT_TEXT("output", "DIR", OFFER_DIR, AT(output), "write there instead"),
	OPT_END,
};

static const struct command command = {
	.name = "report",
	.usage = "[option...] RUN [NEWRUN]",
	.about = "Writes RUN/report/: index.html, report.md, report.txt, the pictures as .svg and\n"
		 "the tables as .csv files, in place of the report that was there. With two runs "
		 "the\n"
		 "second is compared with the first, and the report is in\n"
		 "NEWRUN/report-against-RUN/.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 2,
	.words = OFFER_RUN,
	.want = "one run or two are wanted, such as 'mlocklab report results/A'",
};

static int make(const struct run *old, const struct run *new, const struct options *o,
		struct err *err)
{
	bool alone = old == new && old->n_arms == 1;
	struct comparison c;
	char *note = NULL, *dir;
	int ret;

	if (!alone && compare_runs(&c, old, new, &o->compare, err) < 0)
		return -1;
	dir = o->output ? xstrdup(o->output)
	      : alone	? xasprintf("%s/report", new->path)
			: compare_dir(&c);
	ret = report_write(new, alone ? NULL : &c, dir, &note, err);
	if (note)
		command_note("%s", note);
	if (ret == 0 && (printf("%s/index.html\n", dir) < 0 || fflush(stdout)))
		ret = err_sys(err, "cannot write standard output");
	free(note);
	free(dir);
	if (!alone)
		compare_release(&c);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct run runs[2];
	struct err err;
	char **paths = command_parse(&command, &o, argc, argv);
	int n = 0, ret = 0;

	while (!ret && paths[n]) {
		ret = load_run(&runs[n], paths[n], &err);
		n += !ret;
	}
	if (!ret)
		ret = make(&runs[0], &runs[n - 1], &o, &err);
	if (ret)
		command_fail(&err);
	while (n)
		load_release(&runs[--n]);
	return ret ? EXIT_USAGE : EXIT_OK;
}
