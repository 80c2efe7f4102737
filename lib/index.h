/* From names to places in an array, at a cost that does not grow with their number. */
#ifndef LIB_INDEX_H
#define LIB_INDEX_H

#include <jansson.h>
#include <stddef.h>

#define INDEX_NONE ((size_t)-1)

/* Starts as {0}. Names may hold any bytes but NUL. */
struct index {
	json_t *at;
};

/* The place of a name, of len bytes and not terminated; or INDEX_NONE. */
size_t index_find(const struct index *x, const char *name, size_t len);
/* Sets the place of a name. */
void index_put(struct index *x, const char *name, size_t at);
void index_release(struct index *x);

#endif
