/* mlocklab compare: one stored run's arms, or two stored runs, in numbers and a verdict. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "analysis/write/export.h"
#include "analysis/write/verdict.h"
#include "lib/options.h"
#include "lib/text.h"

struct options {
	struct compare_opts compare;
	struct export_opts export;
	const struct exporter *exporter;
	const char *output;
	bool strict, write, look, gate;
};
#define AT(field) offsetof(struct options, field)

static int set_format(void *to, const struct opt *opt, const char *value, struct err *err)
{
	const char *name;

	if (opt_choice(&name, opt, value, err) < 0)
		return -1;
	*(const struct exporter **)to = export_find(name);
	return 0;
}

static struct opt opts[] = {
	/* first, so that main() finds it: what it offers is the list of exporters */
	{.name = "format",
	 .value = "FORMAT",
	 .set = set_format,
	 .at = AT(exporter),
	 .help = "see below (default: text)"},
	OPT_TEXT("old", "NAME", NULL, AT(compare.old_arm), NULL),
	OPT_TEXT("new", "NAME", NULL, AT(compare.new_arm),
		 "the arms (default: the first two of one run, or the only ones of two)"),
	OPT_FLAG("all", AT(export.all), "secondary metrics and counters too"),
	OPT_SHARE("margin", AT(compare.margin),
		  "smallest change that matters: 2% or 0.02 (default: 1%, or what the run says, or "
		  "what 95 of 100 of its A/A comparisons stay within, if that is more)"),
	{.name = "alpha",
	 .value = "P",
	 .set = opt_share,
	 .at = AT(compare.alpha),
	 .help = "level of the tests (default: 0.05; of a run that was begun with --stop-early "
		 "that of "
		 "its last look)"},
	OPT_FLAG(
		"look", AT(look),
		"say only whether a run that was begun with --stop-early may stop: exit code 0; or "
		"not yet: 4"),
	OPT_FLAG("unpaired", AT(compare.unpaired), "do not use the pairs"),
	OPT_FLAG("strict", AT(strict), "exit code 4 when a primary metric is inconclusive"),
	OPT_FLAG("gate", AT(gate),
		 "exit code 125, and why, where not one cell could be judged: what git bisect run "
		 "skips"),
	OPT_FLAG("force", AT(compare.force), "compare runs that were measured in different ways"),
	OPT_FLAG("write", AT(write),
		 "also write compare.json into RUN/report/, or of two runs into "
		 "NEW-RUN/report-against-RUN/"),
	OPT_TEXT("output", "FILE", OFFER_FILE, AT(output),
		 "write there instead of standard output"),
	OPT_END,
};

static char **parse(struct options *o, int argc, char **argv)
{
	struct str names = STR_INIT, formats = STR_INIT;
	struct command command = {
		.name = "compare",
		.usage = "[option...] RUN [NEW-RUN]",
		.about = "Compares two arms of a stored run, or an arm of one run with an arm of "
			 "another.\n"
			 "Exit code 0: nothing got worse; 1: something did; 4: with --strict, "
			 "something\n"
			 "was inconclusive; 2: they could not be compared.\n",
		.opts = opts,
		.min_words = 1,
		.max_words = 2,
		.words = OFFER_RUN,
		.want = "one or two run directories are wanted, such as 'mlocklab compare "
			"results/A "
			"results/B'",
	};
	char **runs;

	str_add(&formats, "formats:\n");
	for (const struct exporter *e = exporters; e->name; e++) {
		str_addf(&names, "%s%s", e == exporters ? "" : "|", e->name);
		str_addf(&formats, "  %-12s %s\n", e->name, e->help);
	}
	opts[0].offer = names.buf;
	command.notes = formats.buf;
	runs = command_parse(&command, o, argc, argv);
	str_release(&names);
	str_release(&formats);
	return runs;
}

/* Whether a run that may stop early may stop, for the program that makes its boots: every primary
 * metric must have its verdict. */
static int look(const struct comparison *c, struct err *err)
{
	size_t all, open;
	bool decided = compare_decided(c, &all, &open);

	if (!c->looked)
		return err_set(err, "'%s' was not begun with --stop-early", c->run_new->path);
	printf("look at %zu of at most %d pairs, level %.2g: %zu of %zu figures are decided\n",
	       c->looked, c->run_new->pairs, c->alpha, all - open, all);
	return decided ? EXIT_OK : EXIT_INCONCLUSIVE;
}

static int write_json(const struct comparison *c, struct err *err)
{
	char *dir = compare_dir(c);
	int ret = compare_write(c, dir, err);

	free(dir);
	return ret;
}

/* Whether some cell has a verdict; else says why none has. A failure that only the new arm has is
 * one. */
static bool is_judged(const struct comparison *c)
{
	size_t all = 0, open = 0, most = 0;

	for (size_t i = 0; i < c->n_results; i++) {
		if (!result_counts(&c->results[i]))
			continue;
		all++;
		open += c->results[i].verdict == VERDICT_INCONCLUSIVE;
		most = c->results[i].k > most ? c->results[i].k : most;
	}
	if (open < all || c->verdict == VERDICT_WORSE)
		return true;
	if (!all)
		command_note("not judged: no cell was measured on both kernels");
	else if (most < (c->paired ? COMPARE_MIN_PAIRS : COMPARE_MIN_BOOTS))
		command_note("not judged: %zu %s, where a verdict takes at least %d", most,
			     c->paired ? "pairs of boots" : "boots of each kernel",
			     c->paired ? COMPARE_MIN_PAIRS : COMPARE_MIN_BOOTS);
	else
		command_note("not judged: all %zu cells are inconclusive; 'mlocklab plan --pilot "
			     "%s' says "
			     "how many pairs it takes",
			     all, c->run_new->path);
	return false;
}

/* On a terminal whose owner did not decline (https://no-color.org) the verdict's word is coloured.
 */
static void colour(const struct options *o, const struct comparison *c, struct str *out)
{
	static const char *const codes[] = {
		[VERDICT_BETTER] = "32",    [VERDICT_WORSE] = "31",
		[VERDICT_CHANGED] = "33",   [VERDICT_CHANGED_SMALL] = "1",
		[VERDICT_EQUIVALENT] = "1", [VERDICT_INCONCLUSIVE] = "33",
	};
	const char *declined = getenv("NO_COLOR"), *word = verdict_word(c), *term = getenv("TERM");
	struct str painted = STR_INIT;

	if (o->output || o->exporter != export_find("text") || !isatty(STDOUT_FILENO) ||
	    (declined && *declined) || !term || !strcmp(term, "dumb"))
		return;
	str_addf(&painted, "\033[1;%sm%s\033[0m%s", codes[c->verdict], word,
		 str_text(out) + strlen(word));
	str_release(out);
	*out = painted;
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
	else if (o->exporter->write(&c, &o->export, &out, err) == 0) {
		colour(o, &c, &out);
		if (text_deliver(&out, o->output, err) == 0 &&
		    (!o->write || write_json(&c, err) == 0))
			code = o->gate && !is_judged(&c) ? EXIT_UNJUDGED
							 : compare_exit_code(&c, o->strict);
	}
	str_release(&out);
	compare_release(&c);
	return code;
}

int main(int argc, char **argv)
{
	struct options o = {.exporter = export_find("text")};
	char **runs = parse(&o, argc, argv);
	struct run old = {0}, new = {0};
	struct err err = {0};
	int code = -1;

	if (load_run(&old, runs[0], &err) == 0 && (!runs[1] || load_run(&new, runs[1], &err) == 0))
		code = compare(&o, &old, runs[1] ? &new : &old, &err);
	if (code < 0)
		code = command_fail(&err);
	load_release(&old);
	load_release(&new);
	return code;
}
