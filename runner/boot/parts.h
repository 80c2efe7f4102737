/* What the files that make up a boot share: boot.c, boot-files.c, boot-launch.c and boot-receive.c.
 */
#ifndef RUNNER_BOOT_PARTS_H
#define RUNNER_BOOT_PARTS_H

#include "runner/boot/boot.h"

/* The path of a file in a boot's directory; a new string. */
char *boot_file(const char *dir, const char *name);
/* Opens one for appending; -1 with err. */
int boot_open_file(const char *dir, const char *name, struct err *err);

/* What PID 1 is told to do, appended. */
void boot_plan(const struct boot_job *job, struct str *out);
/* Starts QEMU, or the session on this machine; sets pid and fd. */
int boot_launch(struct boot *b, struct err *err);
/* Sets up the reader of what the guest sends: samples and events go to their files. */
void boot_receive_init(struct boot *b);

#endif
