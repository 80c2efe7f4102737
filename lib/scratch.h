/* Directories for the time of a program, in CACHE/tmp. */
#ifndef LIB_SCRATCH_H
#define LIB_SCRATCH_H

#include "lib/err.h"

/*
 * A new directory CACHE/tmp/NAME-XXXXXX, a new string, or NULL with err. We hold a lock on it as
 * long as we live. Those that a killed program left, which nobody holds, are removed first.
 */
char *scratch_make(const char *name, struct err *err);
/* Removes such a directory with all that is in it, and frees dir; NULL is fine. */
void scratch_remove(char *dir);

#endif
