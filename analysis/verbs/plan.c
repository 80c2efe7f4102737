/* mlocklab plan: how many boots and iterations it takes to see a change, from a run that is there.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include "analysis/judge/pilot.h"

static const char usage_text[] =
	"usage: mlocklab plan --pilot RUN [--effect SHARE]\n"
	"\n"
	"From how much a stored run varies: the pairs of boots that it takes to see a change of\n"
	"a given size, and the iterations a boot that make the most of the time.\n"
	"\n"
	"  --pilot RUN      a run of one kernel or of two, of at least two pairs\n"
	"  --effect SHARE   the change to be seen: 1% or 0.01 (default: 1%)\n"
	"  --help           this text\n";

static int parse_share(const char *text, double *out, struct err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && *end == '%') {
		*out /= 100;
		end++;
	}
	if (end == text || *end || !(*out > 0 && *out < 10))
		return err_set(err, "--effect '%s' is not a share such as 1%% or 0.01", text);
	return 0;
}

static int parse(int argc, char **argv, const char **pilot, double *effect, struct err *err)
{
	static const struct option options[] = {
		{"pilot", required_argument, NULL, 'p'},
		{"effect", required_argument, NULL, 'e'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		} else if (c == 'p') {
			*pilot = optarg;
		} else if (c == 'e') {
			if (parse_share(optarg, effect, err) < 0)
				return -1;
		} else {
			return err_set(err, "see 'mlocklab plan --help'");
		}
	}
	if (!*pilot || optind < argc)
		return err_set(err, "a stored run to plan by is wanted: --pilot RUN");
	return 0;
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	double effect = 0.01;
	struct str out = STR_INIT;
	struct err err = {0};
	struct pilot p = {0};
	struct run r = {0};
	int ret = parse(argc, argv, &path, &effect, &err);

	if (ret == 0)
		ret = load_run(&r, path, &err);
	if (ret == 0)
		ret = pilot_make(&p, &r, effect, &err);
	if (ret == 0) {
		pilot_text(&p, &out);
		fputs(str_text(&out), stdout);
	} else {
		fprintf(stderr, "mlocklab plan: %s\n", err.text);
	}
	str_release(&out);
	pilot_release(&p);
	load_release(&r);
	return ret == 0 ? EXIT_OK : EXIT_USAGE;
}
