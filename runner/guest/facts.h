/* What a session says of the machine it runs on, before anything else. */
#ifndef GUEST_FACTS_H
#define GUEST_FACTS_H

#include <jansson.h>

/* The `hello` message of docs/formats.md; a new reference. What cannot be read is left out. */
json_t *facts_hello(void);

#endif
