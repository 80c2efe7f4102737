/* mlocklab timeline: how figures moved from release to release, and where they changed. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/copying.h"
#include "analysis/report/timeline.h"
#include "analysis/judge/timeline-proof.h"
#include "analysis/write/timeline-text.h"
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/text.h"

struct options {
	const char *run, *html;
	double margin;
	int pairs;
	bool confirm;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_FLAG("confirm", AT(confirm),
		 "measure an interleaved A/B of the two neighbours of each change that has none "
		 "yet, into the directory of RUN"),
	OPT_INT("pairs", "N", 1, 1000, AT(pairs), "pairs of boots of such an A/B (default: 10)"),
	OPT_TEXT("html", "FILE", OFFER_FILE, AT(html), "also write a page with pictures"),
	OPT_SHARE("margin", AT(margin),
		  "smallest change that matters: 2% or 0.02 (default: 1%, or what the run says if "
		  "that "
		  "is more)"),
	OPT_END,
};

static const struct command command = {
	.name = "timeline",
	.usage = "[option...] RUN",
	.about = "Prints the figures of a run of three or more kernels in the order of its arms,\n"
		 "with the releases at which they changed, in words, and what else changed in the\n"
		 "kernels' configuration there. 'make timeline' measures such a run.\n",
	.notes =
		"An A/B of just two neighbours that lies in the directory of RUN confirms a\n"
		"change, or does not, whoever measured it in the same way and, under icount, with\n"
		"another seed: boots of the same layouts would measure the same.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.words = OFFER_RUN,
	.want = "one run directory is wanted, such as 'mlocklab timeline "
		"results/releases-20261120-093915'",
};

/* The directory that the run lies in: a new string. */
static char *results_of(const char *run)
{
	char *real = realpath(run, NULL), *dir = xstrdup(real ? dirname(real) : ".");

	free(real);
	return dir;
}

static int show(const struct options *o, struct timeline *t, struct err *err)
{
	char *results = results_of(o->run), *note = NULL;
	struct strv notes = STRV_INIT;
	struct str text = STR_INIT;
	struct err why;
	int ret = 0;

	if (o->confirm)
		ret = timeline_confirm(t, results, o->pairs, &notes, err);
	else if (timeline_prove(t, results, &notes, &why) <
		 0) /* the timeline itself needs no other run */
		strv_pushf(&notes, "no A/B is looked for: %s", why.text);
	if (ret == 0) {
		timeline_text(t, &text);
		ret = text_deliver(&text, NULL, err);
	}
	if (ret == 0 && o->html)
		ret = timeline_html(t, o->html, &note, err);
	for (size_t i = 0; i < notes.n; i++)
		command_note("%s", notes.v[i]);
	if (note)
		command_note("%s", note);
	free(note);
	str_release(&text);
	strv_release(&notes);
	free(results);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.pairs = 10};
	struct timeline t = {0};
	struct run run = {0};
	struct copied copied = {0};
	struct err err = {""};
	char *families;
	int ret;

	o.run = command_parse(&command, &o, argc, argv)[0];
	families = paths_config("kernel/families.ini");
	ret = load_run(&run, o.run, &err);
	if (ret == 0)
		ret = copying_take_out(&run, &copied, families, &err);
	if (ret == 0)
		ret = timeline_make(&t, &run, o.margin, &err);
	t.copied = &copied;
	if (ret == 0)
		ret = show(&o, &t, &err);
	if (ret < 0)
		command_fail(&err);
	timeline_release(&t);
	load_release(&run);
	copied_release(&copied);
	free(families);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
