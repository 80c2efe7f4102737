/* Starting other programs and reading what they say. No shell is ever involved. */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <sys/types.h>
#include "lib/err.h"
#include "lib/str.h"

struct spawn_opts {
	const char *dir;    /* working directory, or NULL */
	const char *const *env; /* "NAME=value" to add to the environment, NULL-terminated, or NULL */
	int in, out, errfd; /* descriptors to use as 0, 1, 2; -1: /dev/null for 0, inherit for 1 and 2 */
	int new_group;      /* put it in a process group of its own */
	int die_with_parent; /* SIGKILL it when the thread that started it ends */
};
#define SPAWN_OPTS {.in = -1, .out = -1, .errfd = -1}

/* Starts argv[0] from PATH. Returns the pid, or -1 with err naming the program. */
pid_t spawn_start(char *const argv[], const struct spawn_opts *opts, struct err *err);
/* Waits. 0 when it exited 0; -1 with the exit code or the signal in err. */
int spawn_wait(pid_t pid, const char *name, struct err *err);
/* Runs a program and appends its standard output to out; its standard error goes into err on failure. */
int spawn_capture(char *const argv[], struct str *out, struct err *err);
/* Runs a program with our own standard output. */
int spawn_run(char *const argv[], struct err *err);
/* The full path of a program on PATH (new string), or NULL. */
char *spawn_which(const char *name);

#endif
