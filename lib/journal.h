/*
 * What was changed on this machine and is not put back yet: a file to which each change is added
 * before it is made, so that whoever comes next can undo it. One line an undoing, after a first
 * line "boot ID",
 *
 *     write PATH<TAB>TEXT   what the file of /proc/sys or /sys held
 *     rmdir PATH            a cgroup
 *     kprobe GROUP/EVENT    a probe that was registered
 *
 * Nothing is synced to the disk: settings do not outlive the kernel that holds the file in memory,
 * and of another boot of the machine there is nothing to undo.
 *
 * The descriptor holds a lock that lasts until the last process that inherited it has ended.
 */
#ifndef LIB_JOURNAL_H
#define LIB_JOURNAL_H

#include "lib/err.h"
#include "lib/str.h"

/*
 * Opens it, made where there is none, without FD_CLOEXEC; what it holds is left to journal_mend().
 * -1 where another process is at it, and where it belongs to another user: root writes what it
 * says.
 */
int journal_open(const char *path, struct err *err);
/* Adds what undoes a change that is about to be made. Neither text may hold a tab or newline. */
int journal_add_write(int fd, const char *path, const char *text, struct err *err);
int journal_add_rmdir(int fd, const char *path, struct err *err);
int journal_add_kprobe(int fd, const char *event, struct err *err);
/*
 * Undoes the changes, the last first, and empties the journal. Each that was not undone yet is
 * added to told, "PATH is 'TEXT' again". -1 where one failed: it says the first, and the journal
 * is kept.
 */
int journal_mend(int fd, struct strv *told, struct err *err);

#endif
