#include "lib/index.h"

#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

/* jansson's objects are hash tables with a random seed, which no file can be made to collide in. */
size_t index_find(const struct index *x, const char *name, size_t len)
{
	char few[128], *copy = len < sizeof(few) ? few : xmalloc(len + 1);
	const json_t *at;

	memcpy(copy, name, len);
	copy[len] = '\0';
	at = json_object_get(x->at, copy);
	if (copy != few)
		free(copy);
	return at ? (size_t)json_integer_value(at) : INDEX_NONE;
}

void index_put(struct index *x, const char *name, size_t at)
{
	if (!x->at)
		x->at = json_object();
	json_object_set_new_nocheck(x->at, name, json_integer((json_int_t)at));
}

void index_release(struct index *x)
{
	json_decref(x->at);
	x->at = NULL;
}
