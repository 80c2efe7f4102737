/* What verbs that start other verbs share. */
#ifndef LIB_VERB_H
#define LIB_VERB_H

#include "lib/err.h"
#include "lib/str.h"

/* The program that owns a verb; a new string. */
char *verb_path(const char *name);
/* The file of a suite, which is a file or the name of one in configs/, NAME or configs/NAME.ini; a
 * new string. */
char *verb_suite(const char *suite);
/*
 * How a run that this program has another make is gone on with: the words before " --resume RUN" in
 * "mlocklab ab --resume RUN". The program that makes the run, which this one starts, says so where
 * it was interrupted.
 */
void verb_resume_with(const char *words);
/* Those words; "run" where nobody set them. */
const char *verb_resume_words(void);

/*
 * The stored run whose job files the experiment names that this program has another run; its own
 * are not on any disk then. verb_files_of(): that run's directory, or NULL.
 */
void verb_files_from(const char *run);
const char *verb_files_of(void);

/*
 * Runs a verb, argv[0] being its name or a program's path, with our terminal. With said its
 * standard output is appended there, without the newlines at the end. Returns its exit code
 * (EXIT_USAGE where a signal ended it), or -1 where it could not be started. SIGINT, SIGTERM and
 * SIGHUP that come meanwhile are passed on to it, and end us by the same signal once it has ended:
 * it does not return then.
 */
int verb_run(const struct strv *argv, struct str *said, struct err *err);

/*
 * The path of a file in memory that holds text, for a program that is started or becomes of us; it
 * is gone with its last reader. A new string, or NULL.
 */
char *verb_file(const char *name, const struct str *text, struct err *err);

#endif
