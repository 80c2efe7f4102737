/* What a kernel's console tells of its end. The text is the guest's: data, never trusted. */
#ifndef RUNNER_BOOT_CONSOLE_H
#define RUNNER_BOOT_CONSOLE_H

/*
 * The first line that says the kernel panicked or, where none does, that it oopsed or hit a BUG or
 * WARNING; printable ASCII only, at most 200 characters, without its time stamp. A new string, or
 * NULL where the console has nothing of the kind. *panic says which it was.
 */
char *console_trouble(const char *path, int *panic);

#endif
