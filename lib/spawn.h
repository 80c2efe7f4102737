/*
 * Starting other programs and reading what they say. No shell is ever involved.
 *
 * Every program is started in one way, child_start(). What it is given is in a struct child; none
 * of our other descriptors but those that were made for it reaches it; it gets no signal handler
 * and no blocked signal of ours; and it does not outlive us.
 */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>
#include "lib/err.h"
#include "lib/str.h"

struct jail;

/* For struct child's descriptors; others are descriptors of ours, which stay ours to close. */
enum {
	CHILD_DEFAULT = -1, /* /dev/null for 0; our own for 1 and 2 */
	CHILD_PIPE = -2,    /* a pipe, of which child_start() leaves our end here, ours to close */
};

struct child {
	char *const *argv; /* argv[0] is found on PATH; needed until child_end() */
	const char *dir;   /* working directory, or NULL */
	const char *const
		*env;	    /* "NAME=value" to add to the environment, NULL-terminated, or NULL */
	int in, out, errfd; /* what it has as 0, 1 and 2 */
	bool new_group;	    /* put it in a process group of its own */
	int death_signal;   /* what it gets when the thread that started it ends; 0: SIGTERM */
	const struct jail *jail; /* what it may not do (lib/jail.h), or NULL */
	pid_t pid;		 /* -1 before its start and after its end */
};
#define CHILD_INIT                                                                                 \
	{                                                                                          \
		.in = CHILD_DEFAULT, .out = CHILD_DEFAULT, .errfd = CHILD_DEFAULT, .pid = -1       \
	}

/* Starts it. -1, with err naming the program, where nothing runs and no pipe is open. */
int child_start(struct child *c, struct err *err);
/*
 * Whether it has ended: 1 and its wait status (wait(2)) in *status, 0 while it runs, -1 where the
 * system has forgotten it, and how it ended is not known.
 */
int child_poll(struct child *c, int *status);
/* As child_poll(), after waiting: 1 or -1. */
int child_wait(struct child *c, int *status);
/* Waits. 0 when it exited 0; -1 with the exit code or the signal in err. */
int child_end(struct child *c, struct err *err);

/* Runs a program and appends its standard output to out; its standard error goes into err on
 * failure. */
int spawn_capture(char *const argv[], struct str *out, struct err *err);
/* Runs a program with our own standard output. */
int spawn_run(char *const argv[], struct err *err);
/* The full path of a program on PATH (new string), or NULL. */
char *spawn_which(const char *name);

#endif
