/* mlocklab compare: one stored run's arms, or two stored runs, in numbers and a verdict. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/export.h"
#include "lib/text.h"

static const char usage_text[] =
	"usage: mlocklab compare [option...] RUN [NEW-RUN]\n"
	"\n"
	"Compares two arms of a stored run, or an arm of one run with an arm of another.\n"
	"Exit code 0: nothing got worse; 1: something did; 4: with --strict, something\n"
	"was inconclusive; 2: they could not be compared.\n"
	"\n"
	"  --old NAME, --new NAME  the arms (default: the first two of one run, or the\n"
	"                          only ones of two)\n"
	"  --format FORMAT         see below (default: text)\n"
	"  --all                   secondary metrics and counters too\n"
	"  --margin SHARE          smallest change that matters: 2% or 0.02 (default: 1%,\n"
	"                          or what the run says, or what 95 of 100 of its A/A\n"
	"                          comparisons stay within, if that is more)\n"
	"  --alpha P               level of the tests (default: 0.05; of a run that was begun\n"
	"                          with --stop-early that of its last look)\n"
	"  --look                  say only whether a run that was begun with --stop-early\n"
	"                          may stop: exit code 0; or not yet: 4\n"
	"  --extrapolate PARAM=N   what a swept parameter would give at another value, such\n"
	"                          as procs=1024, in the text\n"
	"  --unpaired              do not use the pairs\n"
	"  --strict                exit code 4 when a primary metric is inconclusive\n"
	"  --force                 compare runs that were measured in different ways\n"
	"  --write                 also write RUN/report/compare.json, of the newer run\n"
	"  --output FILE           write there instead of standard output\n"
	"  --help                  this text\n"
	"\n"
	"formats:\n";

enum choice {
	OLD = 1000,
	NEW,
	FORMAT,
	ALL,
	MARGIN,
	ALPHA,
	LOOK,
	EXTRAPOLATE,
	UNPAIRED,
	STRICT,
	FORCE,
	WRITE,
	OUTPUT,
	HELP
};

static const struct option long_options[] = {
	{"old", required_argument, NULL, OLD},       {"new", required_argument, NULL, NEW},
	{"format", required_argument, NULL, FORMAT}, {"all", no_argument, NULL, ALL},
	{"margin", required_argument, NULL, MARGIN}, {"alpha", required_argument, NULL, ALPHA},
	{"look", no_argument, NULL, LOOK},           {"extrapolate", required_argument, NULL, EXTRAPOLATE},
	{"unpaired", no_argument, NULL, UNPAIRED},
	{"strict", no_argument, NULL, STRICT},       {"force", no_argument, NULL, FORCE},
	{"write", no_argument, NULL, WRITE},         {"output", required_argument, NULL, OUTPUT},
	{"help", no_argument, NULL, HELP},           {NULL, 0, NULL, 0},
};

struct options {
	struct compare_opts compare;
	struct export_opts export;
	const struct exporter *exporter;
	const char *output;
	bool strict, write, look;
};

static void print_usage(void)
{
	fputs(usage_text, stdout);
	for (const struct exporter *e = exporters; e->name; e++)
		printf("  %-12s %s\n", e->name, e->help);
}

/* A share above 0 and below 1, "2%" or "0.02". */
static int parse_share(const char *option, const char *text, double *out, struct err *err)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && *end == '%') {
		*out /= 100;
		end++;
	}
	if (end == text || *end || !(*out > 0 && *out < 1))
		return err_set(err, "%s '%s' is not a share such as 2%% or 0.02", option, text);
	return 0;
}

static int set_format(struct options *o, const char *name, struct err *err)
{
	struct str names = STR_INIT;

	o->exporter = export_find(name);
	if (o->exporter)
		return 0;
	for (const struct exporter *e = exporters; e->name; e++)
		str_addf(&names, "%s%s", e == exporters ? "" : ", ", e->name);
	err_set(err, "no format '%s': there are %s", name, str_text(&names));
	str_release(&names);
	return -1;
}

/* "procs=1024"; the name is kept in the argument itself. */
static int set_extrapolation(struct export_opts *o, char *text, struct err *err)
{
	char *equals = strchr(text, '='), *end = text;

	o->at = equals ? strtod(equals + 1, &end) : 0;
	if (!equals || equals == text || end == equals + 1 || *end || !(o->at > 0))
		return err_set(err, "--extrapolate '%s' is not a parameter and a number, such as "
			       "procs=1024", text);
	*equals = '\0';
	o->extrapolate = text;
	return 0;
}

static int set_option(struct options *o, int option, struct err *err)
{
	switch (option) {
	case OLD: o->compare.old_arm = optarg; return 0;
	case NEW: o->compare.new_arm = optarg; return 0;
	case FORMAT: return set_format(o, optarg, err);
	case ALL: o->export.all = true; return 0;
	case MARGIN: return parse_share("--margin", optarg, &o->compare.margin, err);
	case ALPHA: return parse_share("--alpha", optarg, &o->compare.alpha, err);
	case LOOK: o->look = true; return 0;
	case EXTRAPOLATE: return set_extrapolation(&o->export, optarg, err);
	case UNPAIRED: o->compare.unpaired = true; return 0;
	case STRICT: o->strict = true; return 0;
	case FORCE: o->compare.force = true; return 0;
	case WRITE: o->write = true; return 0;
	case OUTPUT: o->output = optarg; return 0;
	case HELP: print_usage(); exit(EXIT_OK);
	default: return err_set(err, "see 'mlocklab compare --help'");
	}
}

static int parse(struct options *o, int argc, char **argv, struct err *err)
{
	int option;

	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1)
		if (set_option(o, option == 'h' ? HELP : option, err) < 0)
			return -1;
	if (argc - optind < 1 || argc - optind > 2)
		return err_set(err, "one or two run directories are wanted, such as "
			       "'mlocklab compare results/A results/B'");
	return 0;
}

/* Whether a run that may stop early may stop, for the program that makes its boots: every primary
 * metric must have its verdict. */
static int look(const struct comparison *c, struct err *err)
{
	size_t all = 0, open = 0;

	if (!c->looked)
		return err_set(err, "'%s' was not begun with --stop-early", c->run_new->path);
	for (size_t i = 0; i < c->n_results; i++) {
		all += c->results[i].metric->kind == METRIC_PRIMARY;
		open += c->results[i].metric->kind == METRIC_PRIMARY &&
			c->results[i].verdict == VERDICT_INCONCLUSIVE;
	}
	printf("look at %zu of at most %d pairs, level %.2g: %zu of %zu figures are decided\n",
	       c->looked, c->run_new->pairs, c->alpha, all - open, all);
	return open ? EXIT_INCONCLUSIVE : EXIT_OK;
}

static int compare(const struct options *o, const struct run *old, const struct run *new,
		   struct err *err)
{
	struct str out = STR_INIT;
	struct comparison c;
	int code = -1;

	if (compare_runs(&c, old, new, &o->compare, err) < 0)
		return -1;
	if (o->look)
		code = look(&c, err);
	else if (o->exporter->write(&c, &o->export, &out, err) == 0 && text_deliver(&out, o->output, err) == 0 &&
	    (!o->write || compare_write(&c, err) == 0))
		code = compare_exit_code(&c, o->strict);
	str_release(&out);
	compare_release(&c);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = {.exporter = export_find("text")};
	struct run old = {0}, new = {0};
	struct err err = {0};
	int code = -1;
	bool two;

	if (parse(&o, argc, argv, &err) == 0) {
		two = argc - optind == 2;
		if (load_run(&old, argv[optind], &err) == 0 &&
		    (!two || load_run(&new, argv[optind + 1], &err) == 0))
			code = compare(&o, &old, two ? &new : &old, &err);
	}
	if (code < 0) {
		fprintf(stderr, "mlocklab compare: %s\n", err.text);
		code = EXIT_USAGE;
	}
	load_release(&old);
	load_release(&new);
	return code;
}
