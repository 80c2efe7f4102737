/* "did you mean": of the names there are, the one that was probably meant. */
#ifndef LIB_SUGGEST_H
#define LIB_SUGGEST_H

#include <stddef.h>
#include "lib/err.h"

/*
 * The name of `names` (n of them) that is nearest to what was typed, or NULL where none is near: at
 * most a third of its letters may be wrong, missing, too many or swapped (the distance of Damerau
 * and Levenshtein, optimal string alignment). A part of a name is near it too, its beginning
 * nearer.
 */
const char *suggest(const char *typed, const char *const *names, size_t n);

/* Appends "; did you mean 'NAME'?" to the error where there is such a name. Always returns -1. */
int err_suggest(struct err *err, const char *typed, const char *const *names, size_t n);

#endif
