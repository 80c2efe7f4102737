/* What the project does with jansson in more than one place. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"

/* Reads a file that holds one JSON object. A new reference, or NULL with file, line and column in
 * err. */
json_t *json_read(const char *path, struct err *err);
/* The same for a file of a stored run, DIR/NAME: see fs_open_in(). */
#define JSON_MAX_BYTES (64ll << 20)
json_t *json_read_in(const char *dir, const char *name, struct err *err);
/*
 * As json_loadb(), for text that others wrote: a few bytes ("[{},{},") can stand for a hundred
 * times as much memory, and what would take over JSON_MAX_TIMES its size and JSON_MAX_OVER more is
 * refused.
 */
#define JSON_MAX_TIMES 8
#define JSON_MAX_OVER (8u << 20)
json_t *json_of(const char *text, size_t len, size_t flags, json_error_t *je);
/* Sets err to why it failed: "not JSON: ...", or that it takes too much. Returns -1. */
int json_why(const json_error_t *je, struct err *err);
/* Writes an object, indented, whole or not at all. */
int json_write(const char *path, const json_t *o, struct err *err);
/* One line of text without spaces, keys in the order they were set; owned by the caller. */
char *json_line(const json_t *o);
/* Member of an object as text, number or fallback; a member of another type is the fallback too. */
const char *json_get_str(const json_t *o, const char *key, const char *fallback);
double json_get_num(const json_t *o, const char *key, double fallback);
long long json_get_int(const json_t *o, const char *key, long long fallback);
int json_get_bool(const json_t *o, const char *key, int fallback);
/* A number, null where v is none: JSON has no NAN. A new reference. */
json_t *json_finite(double v);
/* Whether no key or text in v, however deep, holds what a terminal would obey: see str_mend(). */
bool json_is_printable(json_t *v);

#endif
