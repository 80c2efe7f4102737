/*
 * What vouches for a stored run (docs/formats.md): boot.json holds bytes, lines and SHA-256 of each
 * file of its boot, the sum of the run's plan and one of itself, run.json the sum of all that does
 * not change while it is measured. It shows what was damaged, mixed up or edited by hand; who
 * reckons the sums anew is not stopped. A run of format 1 has no sums.
 */
#ifndef LIB_STORED_H
#define LIB_STORED_H

#include <jansson.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include "lib/err.h"

#define STORED_FORMAT 2		     /* of run.json as it is written; all from 1 on are read */
#define STORED_MAX_BYTES (2ll << 30) /* of a file of lines */
#define STORED_MAX_LINE (16u << 20)
#define STORED_MAX_ATTEMPTS 1000

/* A file's bytes as they pass. */
struct tally {
	long long bytes, lines;
	struct sha256_ctx ctx;
};
void tally_begin(struct tally *t);
void tally_add(struct tally *t, const void *bytes, size_t n);
/* Whether it was the file that boot.json's entry in "files" tells of; the tally is over. path: for
 * err. */
int tally_check(struct tally *t, const json_t *entry, const char *path, struct err *err);

/* Sets "plan_sha256" of a run.json, and "sha256" of a boot.json, which is then complete. */
void stored_seal_run(json_t *run);
void stored_seal_boot(json_t *boot);
/* The same of a series.json (docs/formats.md) of that run. */
void stored_seal_series(json_t *series, const json_t *run);
/*
 * "files" of boot.json: every regular file in dir and below but boot.json, by its name there. A new
 * reference, or NULL.
 */
json_t *stored_files(const char *dir, struct err *err);

/* "boots/007" plus "/file" where file is not ""; a new string. */
char *stored_name(int boot, const char *file);
/* A file of lines of that boot, to read: see fs_open_in(). NULL where it cannot be opened. */
FILE *stored_open(const char *run, int boot, const char *file, struct err *err);
/* Whether a run has all its boots, whatever became of them; not where there is no run. */
bool stored_is_complete(const char *run);
/* Whether run.json is as it was written; 0 for one of format 1. path: of the run, for err. */
int stored_check_run(const json_t *run, const char *path, struct err *err);
/*
 * Whether boot.json is as it was written, and of that boot in the plan of that run: planned is its
 * entry there. path: of boot.json, for err.
 */
int stored_check_boot(const json_t *run, const json_t *planned, const json_t *boot,
		      const char *path, struct err *err);
/* Whether series.json is as it was written, and of that run; 0 for one of format 1. */
int stored_check_series(const json_t *run, const json_t *series, const char *path, struct err *err);
/*
 * Whether the files of a boot (its directory in the run, such as "boots/007") are there with the
 * sizes that its boot.json tells; with `whole` the sums too. found is called for each that is not,
 * with err, and for files that nothing tells of; NULL: the first is the error.
 */
typedef void stored_found_fn(void *arg, const char *text);
int stored_check_files(const char *run, const char *dir, const json_t *boot, bool whole,
		       stored_found_fn *found, void *arg, struct err *err);

#endif
