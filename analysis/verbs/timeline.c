/* mlocklab timeline: how figures moved from release to release, and where they changed. */
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/report/timeline.h"
#include "analysis/judge/timeline-proof.h"
#include "analysis/write/timeline-text.h"

static const char usage_text[] =
	"usage: mlocklab timeline [option...] RUN\n"
	"\n"
	"Prints the figures of a run of three or more kernels in the order of its arms,\n"
	"with the releases at which they changed, in words, and what else changed in the\n"
	"kernels' configuration there. 'make timeline' measures such a run.\n"
	"\n"
	"  --confirm         measure an interleaved A/B of the two neighbours of each\n"
	"                    change point that has none yet, into the directory of RUN\n"
	"  --pairs N         pairs of boots of such an A/B (default: 10)\n"
	"  --html FILE       also write a page with pictures\n"
	"  --margin SHARE    smallest change that matters: 2% or 0.02 (default: 1%, or\n"
	"                    what the run says if that is more)\n"
	"  --help            this text\n"
	"\n"
	"An A/B of just two neighbours that lies in the directory of RUN confirms a\n"
	"change point, or does not, whoever measured it.\n";

struct options {
	const char *run, *html;
	double margin;
	int pairs;
	bool confirm;
};

static int parse_share(const char *text, double *out, struct err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && *end == '%') {
		*out /= 100;
		end++;
	}
	if (end == text || *end || !(*out > 0 && *out < 1))
		return err_set(err, "--margin '%s' is not a share such as 2%% or 0.02", text);
	return 0;
}

static int parse(struct options *o, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {
		{"confirm", no_argument, NULL, 'c'},	  {"html", required_argument, NULL, 'w'},
		{"margin", required_argument, NULL, 'm'}, {"pairs", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},	  {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			o->confirm = true;
			break;
		case 'w':
			o->html = optarg;
			break;
		case 'm':
			if (parse_share(optarg, &o->margin, err) < 0)
				return -1;
			break;
		case 'p':
			o->pairs = atoi(optarg);
			if (o->pairs < 1 || o->pairs > 1000)
				return err_set(err, "--pairs '%s' is not a number from 1 to 1000",
					       optarg);
			break;
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			return err_set(err, "see 'mlocklab timeline --help'");
		}
	}
	if (argc - optind != 1)
		return err_set(err, "one run directory is wanted, such as 'mlocklab timeline "
				    "results/releases-20261120-093915'");
	o->run = argv[optind];
	return 0;
}

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
		fputs(str_text(&text), stdout);
	}
	if (ret == 0 && o->html)
		ret = timeline_html(t, o->html, &note, err);
	for (size_t i = 0; i < notes.n; i++)
		fprintf(stderr, "mlocklab timeline: %s\n", notes.v[i]);
	if (note)
		fprintf(stderr, "mlocklab timeline: %s\n", note);
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
	struct err err = {""};
	int ret = parse(&o, argc, argv, &err);

	if (ret == 0)
		ret = load_run(&run, o.run, &err);
	if (ret == 0)
		ret = timeline_make(&t, &run, o.margin, &err);
	if (ret == 0)
		ret = show(&o, &t, &err);
	if (ret < 0)
		fprintf(stderr, "mlocklab timeline: %s\n", err.text);
	timeline_release(&t);
	load_release(&run);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
