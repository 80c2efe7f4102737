/*
 * Programs of others as workloads. A workload whose parameter is called "program" gets that
 * program into its guest, with its libraries (runner/boot-files.c).
 */
#ifndef WORKLOADS_OUTSIDE_H
#define WORKLOADS_OUTSIDE_H

#include "lib/err.h"
#include "lib/str.h"
#include "workloads/workload.h"

/* For needs.feature: NULL where there is such a program, else what is missing. */
const char *outside_missing(const char *program);
/* Writes what `program --version` says to the console. */
enum outcome outside_version(struct bench *b, const char *program);
/* The timed region: the program from its start to its end. What it says comes on the console
 * afterwards. Broken where it ends badly. */
enum outcome outside_run(struct bench *b, const struct strv *argv);

#endif
