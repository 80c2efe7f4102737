/* mlocklab report: makes the report of a stored run, or of two that are compared. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/report.h"

static const char usage[] =
	"usage: mlocklab report [--old ARM] [--new ARM] [--margin SHARE] [--force] RUN [NEWRUN]\n"
	"\n"
	"Writes RUN/report/: index.html, report.md, report.txt, the pictures as .svg and the "
	"tables\n"
	"as .csv files. With two runs the second is compared with the first, and has the report.\n"
	"\n"
	"  --old ARM, --new ARM  the arms to compare, where a run has more than two\n"
	"  --margin SHARE        what counts as a change, 0.02 for two per cent\n"
	"  --force               compare runs that were measured in different ways\n"
	"  -h, --help            this text\n";

static int parse(int argc, char **argv, struct compare_opts *opts, struct err *err)
{
	static const struct option options[] = {
		{"old", required_argument, NULL, 'o'},	  {"new", required_argument, NULL, 'n'},
		{"margin", required_argument, NULL, 'm'}, {"force", no_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},	  {0},
	};
	char *end;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'o':
			opts->old_arm = optarg;
			break;
		case 'n':
			opts->new_arm = optarg;
			break;
		case 'm':
			opts->margin = strtod(optarg, &end);
			if (*end || end == optarg || !(opts->margin > 0 && opts->margin < 1))
				return err_set(err, "--margin '%s' is not a share between 0 and 1",
					       optarg);
			break;
		case 'f':
			opts->force = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_OK);
		default:
			return err_set(err, "see 'mlocklab report --help'");
		}
	}
	if (argc - optind < 1 || argc - optind > 2)
		return err_set(err,
			       "report takes one run or two, not %d; see 'mlocklab report "
			       "--help'",
			       argc - optind);
	return 0;
}

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
		fprintf(stderr, "mlocklab report: %s\n", note);
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
	int n = 0, ret = parse(argc, argv, &opts, &err);

	while (!ret && optind < argc) {
		ret = load_run(&runs[n], argv[optind++], &err);
		n += !ret;
	}
	if (!ret)
		ret = make(&runs[0], &runs[n - 1], &opts, &err);
	if (ret)
		fprintf(stderr, "mlocklab report: %s\n", err.text);
	while (n)
		load_release(&runs[--n]);
	return ret ? EXIT_USAGE : EXIT_OK;
}
