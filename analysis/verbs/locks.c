/* mlocklab locks: who waited for which lock in a stored run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/locks-text.h"
#include "analysis/write/markdown.h"
#include "lib/options.h"
#include "lib/text.h"

struct options {
	const char *format;
};

static const struct opt opts[] = {
	OPT_CHOICE("format", "FORMAT", "text|markdown|json", offsetof(struct options, format),
		   "text, markdown or json (default: text)"),
	OPT_END,
};

static const struct command command = {
	.name = "locks",
	.usage = "[--format text|markdown|json] RUN",
	.about =
		"Prints who waited for which read-write semaphore, how often and how long, in the\n"
		"boots of a run that recorded it: an experiment asks for them with locks=slowpath "
		"in\n"
		"[global].\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 1,
	.words = OFFER_RUN,
	.want = "one run is wanted",
};

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
		ret = err_set(err,
			      "'%s' has no boots that recorded locks: its experiment would say "
			      "locks=slowpath in [global]",
			      path);
	else if (!strcmp(format, "markdown"))
		write_markdown(&l, &out);
	else if (!strcmp(format, "json"))
		write_json(&l, &out);
	else
		locks_text(&l, &out);
	if (ret == 0)
		ret = text_deliver(&out, NULL, err);
	str_release(&out);
	locks_release(&l);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.format = "text"};
	char **words = command_parse(&command, &o, argc, argv);
	struct err err;

	return show(words[0], o.format, &err) == 0 ? EXIT_OK : command_fail(&err);
}
