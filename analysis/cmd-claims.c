/* mlocklab claims: the ledger of what was claimed, judged by stored runs. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/claims.h"
#include "lib/fs.h"
#include "lib/paths.h"

static const char usage_text[] =
	"usage: mlocklab claims [option...] RUN [RUN...]\n"
	"\n"
	"Says of each claim in configs/claims/ whether the runs support it: supported,\n"
	"refuted, no difference, inconclusive, or not testable here with what is needed.\n"
	"Each claim is judged by the first run that measured it on the right target;\n"
	"'mlocklab run configs/munlock.ini' and munlock-tcg.ini make such runs.\n"
	"\n"
	"  --claims DIR            other files of claims\n"
	"  --old NAME, --new NAME  the arms to compare, where a run has more than two\n"
	"  --format FORMAT         text, markdown or json (default: text)\n"
	"  --output FILE           write there instead of standard output\n"
	"  --help                  this text\n";

typedef void format_fn(const struct ledger *l, struct str *out);

static const struct {
	const char *name;
	format_fn *write;
} formats[] = {{"text", ledger_text}, {"markdown", ledger_markdown}, {"json", ledger_json}};

struct options {
	struct compare_opts compare;
	const char *dir, *output;
	format_fn *write;
};

static int set_format(struct options *o, const char *name, struct err *err)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			o->write = formats[i].write;
			return 0;
		}
	}
	return err_set(err, "no format '%s': there are text, markdown and json", name);
}

static int parse(struct options *o, int argc, char **argv, struct err *err)
{
	static const struct option options[] = {
		{"claims", required_argument, NULL, 'c'}, {"old", required_argument, NULL, 'o'},
		{"new", required_argument, NULL, 'n'},	  {"format", required_argument, NULL, 'f'},
		{"output", required_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (opt) {
		case 'c': o->dir = optarg; break;
		case 'o': o->compare.old_arm = optarg; break;
		case 'n': o->compare.new_arm = optarg; break;
		case 'w': o->output = optarg; break;
		case 'f':
			if (set_format(o, optarg, err) < 0)
				return -1;
			break;
		case 'h': fputs(usage_text, stdout); exit(EXIT_OK);
		default: return err_set(err, "see 'mlocklab claims --help'");
		}
	}
	return optind < argc ? 0 : err_set(err, "which run? 'mlocklab claims results/RUN'");
}

static int deliver(const struct options *o, const struct str *out, struct err *err)
{
	if (o->output)
		return fs_write_atomic(o->output, str_text(out), out->len, err);
	if (fwrite(str_text(out), 1, out->len, stdout) != out->len || fflush(stdout))
		return err_sys(err, "cannot write standard output");
	return 0;
}

/* Runs and their comparisons, as many as were named. */
struct evidence {
	struct run *runs;
	struct comparison *c;
	const struct comparison **each;
	size_t n;
};

static int gather(struct evidence *e, const struct options *o, char **paths, struct err *err)
{
	for (; *paths; paths++) {
		if (load_run(&e->runs[e->n], *paths, err) < 0)
			return -1;
		if (compare_runs(&e->c[e->n], &e->runs[e->n], &e->runs[e->n], &o->compare, err) < 0) {
			load_release(&e->runs[e->n]);
			return err_prefix(err, "%s", *paths);
		}
		e->each[e->n] = &e->c[e->n];
		e->n++;
	}
	return 0;
}

static int tell(const struct options *o, const struct evidence *e, struct err *err)
{
	char *dir = o->dir ? xstrdup(o->dir) : paths_config("claims");
	struct str out = STR_INIT;
	struct claims claims;
	struct ledger ledger;
	int ret = claims_load(&claims, dir, err);

	free(dir);
	if (ret < 0)
		return -1;
	ledger_make(&ledger, &claims, e->each, e->n);
	o->write(&ledger, &out);
	ret = deliver(o, &out, err);
	str_release(&out);
	ledger_release(&ledger);
	claims_release(&claims);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.write = ledger_text};
	struct evidence e = {0};
	struct err err;
	int ret;

	e.runs = xcalloc((size_t)argc, sizeof(*e.runs));
	e.c = xcalloc((size_t)argc, sizeof(*e.c));
	e.each = xcalloc((size_t)argc, sizeof(*e.each));
	ret = parse(&o, argc, argv, &err);
	if (ret == 0)
		ret = gather(&e, &o, argv + optind, &err);
	if (ret == 0)
		ret = tell(&o, &e, &err);
	if (ret < 0)
		fprintf(stderr, "mlocklab claims: %s\n", err.text);
	while (e.n--) {
		compare_release(&e.c[e.n]);
		load_release(&e.runs[e.n]);
	}
	free(e.runs);
	free(e.c);
	free(e.each);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
