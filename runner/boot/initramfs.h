/* The guest's only file system: PID 1, the workloads, the plan. */
#ifndef RUNNER_BOOT_INITRAMFS_H
#define RUNNER_BOOT_INITRAMFS_H

#include <stddef.h>
#include "lib/err.h"

struct initramfs_file {
	const char *path;   /* inside the guest, without the leading slash: "bin/mlockbench" */
	const char *source; /* a file of this machine, or NULL where text holds the content */
	const char *text;
	unsigned mode;
};

/*
 * Writes a cpio archive (newc) with the files and the directories they need. The same content gives
 * the same bytes: owners are root, times are zero.
 */
int initramfs_write(const char *out, const struct initramfs_file *files, size_t n, struct err *err);

#endif
