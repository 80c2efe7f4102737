/* mlocklab locks: who waited for which lock in a stored run. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/locks-text.h"
#include "analysis/write/markdown.h"

static const char usage[] =
	"usage: mlocklab locks [--format text|markdown|json] RUN\n"
	"\n"
	"Prints who waited for which read-write semaphore, how often and how long, in the boots of a\n"
	"run that recorded it: an experiment asks for them with locks=slowpath in [global].\n"
	"\n"
	"  --format FORMAT  text, markdown or json (default: text)\n"
	"  -h, --help       this text\n";

static void write_markdown(const struct locks *l, struct str *out)
{
	struct doc d;

	doc_init(&d, l->run.name);
	locks_tables(l, &d);
	markdown_write(&d, out);
	doc_release(&d);
}

static void write_json(const struct locks *l, struct str *out)
{
	json_t *o = locks_json(l);
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

	str_addf(out, "%s\n", text);
	free(text);
	json_decref(o);
}

static int show(const char *path, const char *format, struct err *err)
{
	struct str out = STR_INIT;
	struct locks l;
	int ret = 0;

	if (locks_load(&l, path, err) < 0)
		return -1;
	if (!l.n)
		ret = err_set(err, "'%s' has no boots that recorded locks: its experiment would say "
				   "locks=slowpath in [global]", path);
	else if (!strcmp(format, "markdown"))
		write_markdown(&l, &out);
	else if (!strcmp(format, "json"))
		write_json(&l, &out);
	else
		locks_text(&l, &out);
	fputs(str_text(&out), stdout);
	str_release(&out);
	locks_release(&l);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'f'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *format = "text";
	struct err err;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(usage, stdout);
			return EXIT_OK;
		}
		if (opt != 'f')
			return EXIT_USAGE;
		format = optarg;
	}
	if (strcmp(format, "text") && strcmp(format, "markdown") && strcmp(format, "json"))
		err_set(&err, "--format '%s': one of text, markdown, json", format);
	else if (argc - optind != 1)
		err_set(&err, "takes one run, not %d; see 'mlocklab locks --help'", argc - optind);
	else if (show(argv[optind], format, &err) == 0)
		return EXIT_OK;
	fprintf(stderr, "mlocklab locks: %s\n", err.text);
	return EXIT_USAGE;
}
