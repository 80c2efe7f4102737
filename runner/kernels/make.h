/* The kernel's own make, and its script that merges configurations. */
#ifndef RUNNER_KERNELS_MAKE_H
#define RUNNER_KERNELS_MAKE_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

struct kernel_make {
	const char *source, *out; /* the tree, and the directory that holds what is made: the tree
				   * itself, or one outside it */
	int log;		  /* descriptor that all output goes to */
	const char *log_path;
	const char *label; /* what is shown to be made; NULL: the target */
	size_t expected;   /* files that all of it makes, as far as that is known; 0: unknown */
	size_t made;	   /* set: files that the last command made */
	bool quiet;	   /* show nothing of the progress */
	const struct strv
		*job; /* words before make's own, of what runs it elsewhere; NULL: it runs here */
};

/* -1 where programs are missing that every kernel's build takes; names their packages. */
int kernel_make_ready(struct err *err);

/* The first line of the compiler's --version, the one that CC, LLVM or CROSS_COMPILE name; a new
 * string. */
char *kernel_make_compiler(struct err *err);
/* What of the environment has a say in what is made, by name. A new reference. */
json_t *kernel_make_variables(void);

/*
 * Runs `make TARGET...` with so many jobs, CC and what else kernel_make_variables() has heeded.
 * Shows on a terminal how many files it has made.
 */
int kernel_make(struct kernel_make *m, const char *target, int jobs, struct err *err);
/* Merges fragments into OUT/.config, the later winning. */
int kernel_merge(struct kernel_make *m, const struct strv *fragments, struct err *err);

/* --- the pure parts, for tests --- */
void kernel_make_argv(struct strv *argv, const struct kernel_make *m, const char *target, int jobs);
void kernel_merge_argv(struct strv *argv, const struct kernel_make *m,
		       const struct strv *fragments);
/* The line of a build's log that says first what went wrong, a new string; NULL: none does. */
char *kernel_make_complaint(const char *log);

#endif
