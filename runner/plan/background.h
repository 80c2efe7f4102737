/*
 * What a cell with background=fio:FILE needs beside it: fio, and its job file. FILE is a path below
 * the directory of the experiment's file; its text is kept in run.json, and stands under the same
 * path below the directory that the cell starts in: the root of a guest, or the boot's own
 * directory on the host target. What the jobs write to relative paths stays there as well.
 */
#ifndef RUNNER_PLAN_BACKGROUND_H
#define RUNNER_PLAN_BACKGROUND_H

#include <jansson.h>
#include "lib/err.h"

/* Reads what a cell's parameters name, if anything, into `files` (path: text): from beside the
 * experiment's file, or out of the stored run that it comes from, see verb_files_of(). */
int background_read(json_t *files, const json_t *params, const char *experiment, struct err *err);
/* The same from a stored run's `experiment.files`, which may be anybody's; NULL of an older tool.
 */
int background_restore(json_t *files, const json_t *stored, struct err *err);
/* Writes them below a directory. */
int background_write(const json_t *files, const char *dir, struct err *err);

#endif
