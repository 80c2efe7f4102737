/*
 * The command line of a verb, declared once in a table: what parses it, what --help prints, what a
 * shell completes and what the manual page is held against are the same lines.
 */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/err.h"
#include "lib/str.h"

struct opt;

/* Takes an option's value (NULL where it has none) into `to`. 0, or -1 with err. */
typedef int opt_fn(void *to, const struct opt *opt, const char *value, struct err *err);

struct opt {
	const char *name;  /* without the dashes */
	const char *value; /* what the help calls its value; NULL: it takes none */
	const char *offer; /* what a shell offers for it: OFFER_*, or the choices, "this|that" */
	const char
		*help; /* one text, wrapped where it is printed; NULL: told with the next option */
	opt_fn *set;
	size_t at; /* where in the verb's struct of options, offsetof() */
	long min, max;
};

/* What a shell can offer; completion.bash has a function for each. */
#define OFFER_KERNEL "kernel"
#define OFFER_SUITE "suite"
#define OFFER_RUN "run"
#define OFFER_WORKLOAD "workload"
#define OFFER_PARAM "param" /* of the workload named before it */
#define OFFER_FILE "file"
#define OFFER_DIR "dir"
#define OFFER_VERB "verb"

opt_fn opt_flag;    /* bool: true */
opt_fn opt_text;    /* const char *: belongs to argv */
opt_fn opt_list;    /* struct strv: every time it stands there, one more */
opt_fn opt_int;	    /* int, from min to max */
opt_fn opt_share;   /* double above 0 and below 1: "2%" or "0.02" */
opt_fn opt_choice;  /* const char *: one of `offer` */
opt_fn opt_hand_on; /* struct strv: "--name=value", for another program */

#define OPT_FLAG(NAME, AT, HELP)                                                                   \
	{                                                                                          \
		.name = NAME, .set = opt_flag, .at = AT, .help = HELP                              \
	}
#define OPT_TEXT(NAME, VALUE, OFFER, AT, HELP)                                                     \
	{                                                                                          \
		.name = NAME, .value = VALUE, .offer = OFFER, .set = opt_text, .at = AT,           \
		.help = HELP                                                                       \
	}
#define OPT_LIST(NAME, VALUE, OFFER, AT, HELP)                                                     \
	{                                                                                          \
		.name = NAME, .value = VALUE, .offer = OFFER, .set = opt_list, .at = AT,           \
		.help = HELP                                                                       \
	}
#define OPT_INT(NAME, VALUE, MIN, MAX, AT, HELP)                                                   \
	{                                                                                          \
		.name = NAME, .value = VALUE, .min = MIN, .max = MAX, .set = opt_int, .at = AT,    \
		.help = HELP                                                                       \
	}
#define OPT_SHARE(NAME, AT, HELP)                                                                  \
	{                                                                                          \
		.name = NAME, .value = "SHARE", .set = opt_share, .at = AT, .help = HELP           \
	}
#define OPT_CHOICE(NAME, VALUE, CHOICES, AT, HELP)                                                 \
	{                                                                                          \
		.name = NAME, .value = VALUE, .offer = CHOICES, .set = opt_choice, .at = AT,       \
		.help = HELP                                                                       \
	}
#define OPT_END                                                                                    \
	{                                                                                          \
		.name = NULL                                                                       \
	}

struct command {
	const char *name;  /* the verb */
	const char *usage; /* what follows it, a line for each way to call it */
	const char *about; /* paragraphs, as they are printed */
	const char *notes; /* below the options, as they are printed; or NULL */
	const struct opt *opts;
	/* Arguments that are no options: how many, what to say of any other number of them, and
	 * what a shell offers for the first, the second and so on; the last of these goes on. */
	int min_words, max_words; /* max -1: any number */
	const char *want, *words;
	/* Options of another verb that are handed on to it, but for the names in `keeps`, apart by
	 * blanks; they are collected as "--name=value" in the strv at pass_at. NULL: none are. */
	const struct opt *pass;
	const char *pass_verb, *keeps;
	size_t pass_at;
	int wrong; /* exit code where the command line is wrong; 0: EXIT_USAGE */
};

/*
 * Reads a command line into the struct `into`. --help, and --completion for shells, print and exit;
 * what is wrong is told in one line, and ends the program too. Options may stand anywhere before
 * "--", be cut short where that is clear, and have their values behind "=" or a blank. Returns the
 * arguments that are no options, NULL-terminated; they live as long as the program.
 */
char **command_parse(const struct command *c, void *into, int argc, char **argv);

/* The same without an end to the program: -1 with err; 1 where help or completion is asked for. */
int command_read(const struct command *c, void *into, int argc, char **argv, struct strv *words,
		 struct err *err);
void command_help(const struct command *c, struct str *out);
/*
 * For shells and tests, a line for each option and argument, its fields apart by tabs: "option",
 * --name, VALUE, offer; "run" (the verb that they are handed on to) in place of "option"; or
 * "argument", its number ("3+": and those that follow), -, offer.
 */
void command_completion(const struct command *c, struct str *out);

/* "mlocklab VERB: TEXT" on standard error, VERB being the one that was typed. */
void command_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same of an error; returns EXIT_USAGE. */
int command_fail(const struct err *err);

#endif
