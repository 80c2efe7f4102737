/*
 * The statistics of a kernel built with CONFIG_LOCK_STAT: every lock by the name of its class. They
 * cover the whole of a cell, with what happens between its timed regions.
 */
#ifndef GUEST_LOCKSTAT_H
#define GUEST_LOCKSTAT_H

#include <jansson.h>
#include "lib/err.h"

/* Switches them on and sets them to zero; -1 where the kernel has none. */
int lockstat_start(struct err *err);
/* Switches them off and gives the rows of a `lockstat` message (docs/formats.md); NULL with err. */
json_t *lockstat_stop(struct err *err);

/* Classes whose waiting is told, the longest waiting first. */
#define LOCKSTAT_MAX_ROWS 40

/* The pure part: the text of /proc/lock_stat as rows, those only that somebody waited for. */
json_t *lockstat_rows(const char *text);

#endif
