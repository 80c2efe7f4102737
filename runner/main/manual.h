/* man, which shows the pages that come with mlocklab. */
#ifndef RUNNER_MAIN_MANUAL_H
#define RUNNER_MAIN_MANUAL_H

#include "lib/str.h"

/*
 * man's arguments for the page of a verb: the file in dir (docs/man of a source tree), or with NULL
 * the one that is installed.
 */
void manual_argv(struct strv *argv, const char *dir, const char *verb);
/* Becomes man. Returns only where that could not be started, with errno set. */
void manual_exec(const char *verb);

#endif
