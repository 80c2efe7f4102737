/* The kernel's own make, and its script that merges configurations. */
#ifndef RUNNER_KERNELS_MAKE_H
#define RUNNER_KERNELS_MAKE_H

#include "lib/err.h"
#include "lib/str.h"

struct kernel_make {
	const char *source, *out; /* the tree, and the directory outside it that holds what is made */
	int log;		  /* descriptor that all output goes to */
	const char *log_path;
};

/* -1 where programs are missing that every kernel's build takes; names their packages. */
int kernel_make_ready(struct err *err);

/* Runs `make TARGET` with so many jobs. Shows on a terminal how many files it has made. */
int kernel_make(const struct kernel_make *m, const char *target, int jobs, struct err *err);
/* Merges fragments into OUT/.config, the later winning. */
int kernel_merge(const struct kernel_make *m, const struct strv *fragments, struct err *err);

/* --- the pure parts, for tests --- */
void kernel_make_argv(struct strv *argv, const struct kernel_make *m, const char *target, int jobs);
void kernel_merge_argv(struct strv *argv, const struct kernel_make *m, const struct strv *fragments);
/* The line of a build's log that says first what went wrong, a new string; NULL: none does. */
char *kernel_make_complaint(const char *log);

#endif
