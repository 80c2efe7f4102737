/*
 * Programs of others as workloads. A workload whose parameter is called "program" gets that
 * program into its guest, with its libraries (runner/boot/files.c).
 */
#ifndef WORKLOADS_OUTSIDE_H
#define WORKLOADS_OUTSIDE_H

#include "lib/err.h"
#include "lib/str.h"
#include "workloads/workload.h"

struct outside {
	void (*arguments)(struct bench *b, struct strv *argv); /* after the program's own name */
	const char *input; /* what it reads, less than a pipe holds; NULL: nothing */
	enum outcome (*judge)(struct bench *b); /* reads what it reported and sets the metrics */
};

/* An iteration: its timed region is the program from its start to its end. What it says comes on
 * the console afterwards. Broken where it ends badly. */
enum outcome outside_run(struct bench *b, const struct outside *o);
/* A workload's setup: writes what `program --version` says to the console. */
enum outcome outside_setup(struct bench *b);
/* Its needs.feature: NULL where there is such a program, else what is missing. */
const char *outside_feature(struct bench *b);

/* The same two of a program by name. */
enum outcome outside_version(struct bench *b, const char *program);
const char *outside_missing(const char *program);
/* What a program says goes to a file in memory: a descriptor for it, or -1 with errno. */
int outside_listen(void);
/* What it said so far, appended to text. */
void outside_said(int fd, struct str *text);
/* Puts that on the console, with a title, and closes fd. */
void outside_show(const char *title, int fd);
/* The path of a file that a program needs, in $TMPDIR, else in /tmp. A new string. */
char *outside_file(const char *name);

#endif
