/* Settings of the kernel, in /proc/sys and /sys, that a workload changes and puts back. */
#ifndef WORKLOADS_KNOB_H
#define WORKLOADS_KNOB_H

#include "lib/err.h"

struct knob {
	char *path, *old; /* NULL: nothing to put back */
};

/*
 * Writes text into the file and keeps what it was: of "always [madvise] never" the word in
 * brackets, else the first word.
 */
int knob_set(struct knob *k, const char *path, const char *text, struct err *err);
int knob_set_number(struct knob *k, const char *path, long long value, struct err *err);
/* Puts it back. A knob that was never set is fine. */
void knob_restore(struct knob *k);
/* The number that a file begins with, -1 where it cannot be read. */
long long knob_number(const char *path);

#endif
