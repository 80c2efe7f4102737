#include "lib/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/suggest.h"
#include "lib/text.h"

#define WIDTH 80
#define COLUMN 24	      /* where the help of an option begins */
#define TYPED "MLOCKLAB_VERB" /* the verb that was typed, for the verbs that it starts */

/* --- values --- */

int opt_flag(void *to, const struct opt *opt, const char *value, struct err *err)
{
	(void)opt, (void)value, (void)err;
	*(bool *)to = true;
	return 0;
}

int opt_text(void *to, const struct opt *opt, const char *value, struct err *err)
{
	(void)opt, (void)err;
	*(const char **)to = value;
	return 0;
}

int opt_list(void *to, const struct opt *opt, const char *value, struct err *err)
{
	(void)opt, (void)err;
	strv_push(to, value);
	return 0;
}

int opt_int(void *to, const struct opt *opt, const char *value, struct err *err)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (!*value || *end || errno || n < opt->min || n > opt->max)
		return err_set(err, "--%s=%s: not a number from %ld to %ld", opt->name, value,
			       opt->min, opt->max);
	*(int *)to = (int)n;
	return 0;
}

int opt_share(void *to, const struct opt *opt, const char *value, struct err *err)
{
	char *end;
	double share = strtod(value, &end);

	if (end != value && *end == '%') {
		share /= 100;
		end++;
	}
	if (end == value || *end || !(share > 0 && share < 1))
		return err_set(err, "--%s=%s: not a share such as 2%% or 0.02", opt->name, value);
	*(double *)to = share;
	return 0;
}

int opt_choice(void *to, const struct opt *opt, const char *value, struct err *err)
{
	struct strv all = STRV_INIT;
	struct str names = STR_INIT;
	bool known;

	strv_split(&all, opt->offer, "|");
	known = strv_has(&all, value);
	for (size_t i = 0; i < all.n; i++)
		str_addf(&names, "%s%s", i ? ", " : "", all.v[i]);
	if (known) {
		*(const char **)to = value;
	} else {
		err_set(err, "--%s=%s: one of %s", opt->name, value, names.buf);
		err_suggest(err, value, (const char *const *)all.v, all.n);
	}
	strv_release(&all);
	str_release(&names);
	return known ? 0 : -1;
}

int opt_hand_on(void *to, const struct opt *opt, const char *value, struct err *err)
{
	(void)err;
	strv_pushf(to, "--%s%s%s", opt->name, value ? "=" : "", value ? value : "");
	return 0;
}

/* --- reading --- */

/* Whether the verb keeps this option of the other to itself: there it has no meaning. */
static bool is_kept(const struct command *c, const char *name)
{
	struct strv keeps = STRV_INIT;
	bool kept;

	strv_split(&keeps, c->keeps ? c->keeps : "", " ");
	kept = strv_has(&keeps, name);
	strv_release(&keeps);
	return kept;
}

/* Whether a verb has its own option of this name. */
static bool is_own(const struct command *c, const char *name)
{
	for (const struct opt *o = c->opts; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return true;
	return false;
}

static bool is_passed(const struct command *c, const struct opt *o)
{
	return !is_own(c, o->name) && !is_kept(c, o->name);
}

struct found {
	const struct opt *opt;
	bool passed, exact;
	struct strv names; /* of all that begin so */
};

static void look_in(const struct command *c, const struct opt *table, const char *name, size_t n,
		    struct found *f)
{
	for (const struct opt *o = table; o && o->name; o++) {
		bool exact = strncmp(o->name, name, n) == 0 && !o->name[n];

		if (strncmp(o->name, name, n) != 0 || f->exact ||
		    (table == c->pass && !is_passed(c, o)))
			continue;
		f->opt = o;
		f->exact = exact;
		f->passed = table == c->pass;
		strv_pushf(&f->names, "--%s", o->name);
	}
}

static int no_such_option(const struct command *c, const char *typed, size_t n, struct err *err)
{
	struct strv names = STRV_INIT;
	char *word = xstrndup(typed, n);

	for (const struct opt *o = c->pass; o && o->name; o++) {
		if (!is_own(c, o->name) && is_kept(c, o->name) && strcmp(o->name, word + 2) == 0)
			err_set(err, "--%s is an option of 'mlocklab %s', not of 'mlocklab %s'",
				o->name, c->pass_verb, c->name);
		else if (is_passed(c, o))
			strv_pushf(&names, "--%s", o->name);
	}
	for (const struct opt *o = c->opts; o->name; o++)
		strv_pushf(&names, "--%s", o->name);
	strv_pushf(&names, "--help");
	if (!*err->text) {
		err_set(err, "unknown option '%s'", word);
		if (suggest(word, (const char *const *)names.v, names.n))
			err_suggest(err, word, (const char *const *)names.v, names.n);
		else
			err_set(err,
				"unknown option '%s'; 'mlocklab %s --help' lists what there is",
				word, c->name);
	}
	free(word);
	strv_release(&names);
	return -1;
}

/* What is handed on is looked at here too, so that a slip is told before anything is begun. */
static int check(const struct opt *o, const char *value, struct err *err)
{
	union {
		int number;
		double share;
		const char *choice;
	} unused;

	return o->set == opt_int || o->set == opt_share || o->set == opt_choice
		       ? o->set(&unused, o, value, err)
		       : 0;
}

static int take(const struct command *c, void *into, const struct found *f, const char *value,
		struct err *err)
{
	const struct opt *o = f->opt;

	if (!f->passed)
		return o->set((char *)into + o->at, o, value, err);
	return check(o, value, err) < 0 ? -1
					: opt_hand_on((char *)into + c->pass_at, o, value, err);
}

/* The option at argv[*i]; moves *i on to its value where that is a word of its own. */
static int read_option(const struct command *c, void *into, char **argv, int *i, struct err *err)
{
	const char *word = argv[*i], *value = strchr(word, '=');
	size_t n = value ? (size_t)(value - word) : strlen(word);
	struct found f = {0};
	int ret;

	*err->text = '\0';
	if (strncmp(word, "--", 2) == 0) {
		look_in(c, c->opts, word + 2, n - 2, &f);
		look_in(c, c->pass, word + 2, n - 2, &f);
	}
	value = value ? value + 1 : NULL;
	if (!f.opt)
		ret = no_such_option(c, word, n, err);
	else if (!f.exact && f.names.n > 1)
		ret = err_set(err, "'%.*s' may be %s or %s", (int)n, word, f.names.v[0],
			      f.names.v[1]);
	else if (value && !f.opt->value)
		ret = err_set(err, "--%s takes no value", f.opt->name);
	else if (f.opt->value && !value && !(value = argv[*i + 1]))
		ret = err_set(err, "--%s takes a value: --%s %s", f.opt->name, f.opt->name,
			      f.opt->value);
	else
		ret = take(c, into, &f, value, err);
	*i += ret == 0 && f.opt->value && value == argv[*i + 1];
	strv_release(&f.names);
	return ret;
}

int command_read(const struct command *c, void *into, int argc, char **argv, struct strv *words,
		 struct err *err)
{
	bool ended = false;

	for (int i = 1; i < argc; i++) {
		bool is_word = ended || argv[i][0] != '-' || !argv[i][1];

		if (!ended && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") ||
			       !strcmp(argv[i], "--completion")))
			return 1;
		if (!ended && !strcmp(argv[i], "--"))
			ended = true;
		else if (is_word)
			strv_push(words, argv[i]);
		else if (read_option(c, into, argv, &i, err) < 0)
			return -1;
	}
	if ((int)words->n < c->min_words || (c->max_words >= 0 && (int)words->n > c->max_words))
		return err_set(err, "%s; 'mlocklab %s --help' tells more", c->want, c->name);
	return 0;
}

char **command_parse(const struct command *c, void *into, int argc, char **argv)
{
	struct strv words = STRV_INIT;
	struct str text = STR_INIT;
	struct err err = {""};
	int ret;

	setenv(TYPED, c->name, 0);
	ret = command_read(c, into, argc, argv, &words, &err);
	if (ret < 0) {
		command_fail(&err);
		exit(c->wrong ? c->wrong : EXIT_USAGE);
	}
	if (ret > 0) {
		bool shell = false;

		for (int i = 1; i < argc; i++)
			shell |= strcmp(argv[i], "--completion") == 0;
		(shell ? command_completion : command_help)(c, &text);
		fputs(str_text(&text), stdout);
		exit(fflush(stdout) ? EXIT_USAGE : EXIT_OK);
	}
	return words.v ? words.v : xcalloc(1, sizeof(char *));
}

/* --- telling --- */

static void add_opts(const struct opt *o, struct str *out)
{
	struct str label = STR_INIT;

	for (; o->name; o++) {
		str_addf(&label, "%s--%s%s%s", label.len ? ", " : "  ", o->name,
			 o->value ? " " : "", o->value ? o->value : "");
		if (!o->help)
			continue;
		text_entry(out, label.buf, o->help, WIDTH, COLUMN);
		str_clear(&label);
	}
	str_release(&label);
}

void command_help(const struct command *c, struct str *out)
{
	static const struct opt help[] = {{.name = "help", .help = "this text"}, OPT_END};
	struct strv usage = STRV_INIT;

	strv_split(&usage, c->usage, "\n");
	for (size_t i = 0; i < usage.n; i++)
		str_addf(out, "%s mlocklab %s %s\n", i ? "      " : "usage:", c->name, usage.v[i]);
	if (!usage.n)
		str_addf(out, "usage: mlocklab %s\n", c->name);
	str_add(out, "\n");
	text_reflow(out, c->about, WIDTH);
	str_add(out, "\n");
	add_opts(c->opts, out);
	add_opts(help, out);
	if (c->pass)
		str_addf(out, "\nEvery other option is one of %s; see 'mlocklab %s --help'.\n",
			 c->pass_verb, c->pass_verb);
	if (c->notes) {
		str_add(out, "\n");
		text_reflow(out, c->notes, WIDTH);
	}
	strv_release(&usage);
}

static void add_completion(const char *kind, const struct opt *o, struct str *out)
{
	str_addf(out, "%s\t--%s\t%s\t%s\n", kind, o->name, o->value ? o->value : "",
		 o->offer ? o->offer : "");
}

void command_completion(const struct command *c, struct str *out)
{
	static const struct opt help = {.name = "help"};
	struct strv words = STRV_INIT;

	for (const struct opt *o = c->opts; o->name; o++)
		add_completion("option", o, out);
	add_completion("option", &help, out);
	for (const struct opt *o = c->pass; o && o->name; o++)
		if (is_passed(c, o))
			add_completion(c->pass_verb, o, out);
	strv_split(&words, c->words ? c->words : "", " ");
	for (size_t i = 0; i < words.n; i++)
		str_addf(out, "argument\t%zu%s\t-\t%s\n", i + 1, i + 1 < words.n ? "" : "+",
			 words.v[i]);
	strv_release(&words);
}

void command_note(const char *fmt, ...)
{
	const char *typed = getenv(TYPED);
	va_list ap;

	fprintf(stderr, "mlocklab%s%s: ", typed && *typed ? " " : "", typed ? typed : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

int command_fail(const struct err *err)
{
	command_note("%s", err->text);
	return EXIT_USAGE;
}
