/*
 * The boots of a stored run, RUN/boots/NNN: one is over when its boot.json is there, and what an
 * earlier attempt at it left is kept beside it.
 */
#ifndef RUNNER_RUN_STORE_BOOTS_H
#define RUNNER_RUN_STORE_BOOTS_H

#include <stdbool.h>
#include "lib/err.h"
#include "runner/run/store.h"

/*
 * Before going on with a run: boots that are over and do not fit (lib/stored.h) are put aside as
 * boots/NNN.unfit-K, with a line on standard error that says why, so that they are made again; and
 * attempts before them that do not fit. count: how many boots they were.
 */
int store_put_aside_unfit(const struct store *s, size_t *count, struct err *err);
/*
 * Likewise boots that were lost to something outside of their kernel (boot_is_lost()) and were not
 * tried so often yet.
 */
int store_put_aside_lost(const struct store *s, int retries, struct err *err);
/*
 * Takes over a boot that was made elsewhere, from/NNN, with the attempts before it,
 * from/NNN.failed-K; from must lie on the run's file system. Where it is not over, or not as it was
 * stored, nothing is taken.
 */
int store_take_boot(const struct store *s, const char *from, int n, struct err *err);
/* How many attempts at boot n lie beside it, boots/NNN.failed-K. */
int store_earlier_attempts(const struct store *s, int n);
/* Whether boot n is over and was not measured to its end. */
bool store_boot_failed(const struct store *s, int n);
/* Whether boot n is over: its boot.json is there. */
bool store_has_boot(const struct store *s, int n);
/* Puts what is of boot n, not over, aside as an attempt. attempts: how many there are now. */
int store_put_aside(const struct store *s, int n, int *attempts, struct err *err);
/*
 * The directory of boot n, made and empty; what an attempt before it left there is kept beside it
 * under boots/NNN.failed-K. attempts: how many such there are now. A new string, or NULL.
 */
char *store_boot_dir(const struct store *s, int n, int *attempts, struct err *err);

#endif
