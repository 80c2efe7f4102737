/*
 * What a program may not do that reads what others wrote: a guest's emulator above all, for which
 * an error is as good as a shell. As much of it as this machine allows:
 *
 * - it gains no rights by what it executes (no_new_privs) and has no capability;
 * - started by root it is nobody, and sees a directory that nobody may enter as an empty one that
 *   holds only what it needs; where nobody can neither be let in nor read what is needed it stays
 *   root's uid, without capabilities;
 * - it has a network of its own, without a way out, and a name space for System V's IPC;
 * - it sees every file system read-only but one directory;
 * - its memory and its files have a limit, and it leaves no core.
 *
 * Not root, it gets a user name space of its own for this, where the kernel lets users have one.
 */
#ifndef LIB_JAIL_H
#define LIB_JAIL_H

#include <stdbool.h>
#include <sys/types.h>
#include "lib/str.h"

/* Who root's children are. */
#define JAIL_UID 65534

struct jail {
	const char *writes;	  /* a directory it may write to, or NULL */
	const char *const *reads; /* files and directories it needs, NULL-terminated; or NULL */
	unsigned long long memory, file; /* limits in bytes; 0: none */
	bool keep_uid;			 /* it makes files in `writes`, and stays who we are */
};

/* What of it holds, a bit each. */
enum {
	JAIL_NO_NEW_PRIVS = 1,
	JAIL_NO_CAPABILITIES = 2,
	JAIL_NOT_ROOT = 4,
	JAIL_OWN_NETWORK = 8,
	JAIL_READ_ONLY = 16,
	JAIL_ALL = 31
};

/* Goes into it, in a child that is about to execute; nothing leads out. Returns what holds. */
unsigned jail_enter(const struct jail *j);
/* What would hold, found out by a child of ours that goes into it and ends. */
unsigned jail_try(const struct jail *j);
/* Appends what does not, for people: "no own network, root's uid"; nothing where all does. */
void jail_lacks(unsigned holds, struct str *out);

/*
 * Makes a file in the directory a program in a jail may write to, or changes whose it is, so that
 * it can write to it: to be called before its start with its = true and after its end with false.
 * Not as root nothing is needed and nothing done. -1 with errno.
 */
int jail_lend(const char *path, bool its);
/* Lets it into a directory of ours, or read a file of ours, that a umask has closed. -1 with errno.
 */
int jail_show(const char *path);

#endif
