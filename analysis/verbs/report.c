/* mlocklab report: makes the report of a stored run, or of two that are compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/report/report.h"
#include "lib/options.h"

#define AT(field) offsetof(struct compare_opts, field)

static const struct opt opts[] = {
	OPT_TEXT("old", "ARM", NULL, AT(old_arm), NULL),
	OPT_TEXT("new", "ARM", NULL, AT(new_arm), "the arms to compare, where a run has more than two"),
	OPT_SHARE("margin", AT(margin), "smallest change that matters: 2% or 0.02"),
	OPT_FLAG("force", AT(force), "compare runs that were measured in different ways"),
	OPT_END,
};

static const struct command command = {
	.name = "report",
	.usage = "[option...] RUN [NEWRUN]",
	.about = "Writes RUN/report/: index.html, report.md, report.txt, the pictures as .svg and\n"
		 "the tables as .csv files. With two runs the second is compared with the first, and\n"
		 "has the report.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 2,
	.words = OFFER_RUN,
	.want = "one run or two are wanted, such as 'mlocklab report results/A'",
};

static int make(const struct run *old, const struct run *new, const struct compare_opts *opts,
		struct err *err)
{
	struct comparison c;
	char *note = NULL;
	int ret;

	if (old == new && old->n_arms == 1) {
		ret = report_write(old, NULL, &note, err);
	} else {
		if (compare_runs(&c, old, new, opts, err) < 0)
			return -1;
		ret = report_write(new, &c, &note, err);
		compare_release(&c);
	}
	if (note)
		command_note("%s", note);
	free(note);
	if (ret == 0)
		printf("%s/report/index.html\n", new->path);
	return ret;
}

int main(int argc, char **argv)
{
	struct compare_opts opts = {0};
	struct run runs[2];
	struct err err;
	char **paths = command_parse(&command, &opts, argc, argv);
	int n = 0, ret = 0;

	while (!ret && paths[n]) {
		ret = load_run(&runs[n], paths[n], &err);
		n += !ret;
	}
	if (!ret)
		ret = make(&runs[0], &runs[n - 1], &opts, &err);
	if (ret)
		command_fail(&err);
	while (n)
		load_release(&runs[--n]);
	return ret ? EXIT_USAGE : EXIT_OK;
}
