/*
 * Settings of the kernel, in /proc/sys and /sys, that a workload changes and puts back. Those that
 * last beyond its process are in its descriptor's `changes`, and no others can be changed.
 */
#ifndef WORKLOADS_KNOB_H
#define WORKLOADS_KNOB_H

#include "lib/err.h"

struct knob {
	char *path, *old; /* NULL: nothing to put back */
};

/*
 * Before anything else: the patterns (fnmatch) of what may be changed, ended by NULL, or NULL; and
 * the journal (lib/journal.h) that each change is noted in first, or 0. They are the process's.
 */
void knob_limit(const char *const *changes, int journal);
/*
 * Writes text into the file and keeps what it was: of "always [madvise] never" the word in
 * brackets, else the first word.
 */
int knob_set(struct knob *k, const char *path, const char *text, struct err *err);
int knob_set_number(struct knob *k, const char *path, long long value, struct err *err);
/* The same where not the old value undoes it but another text. */
int knob_change(struct knob *k, const char *path, const char *text, const char *undo,
		struct err *err);
/* Puts it back. A knob that was never set is fine. */
void knob_restore(struct knob *k);
/* Makes the directory of a cgroup, one of the changes too. */
int knob_mkdir(const char *path, struct err *err);
/* Writes text into a file that ends with what it belongs to: a process, a cgroup of one's own. */
int knob_write(const char *path, const char *text, struct err *err);
/* The number that a file begins with, -1 where it cannot be read. */
long long knob_number(const char *path);

#endif
