/* Whether a kernel starts this machine: what can be known before it is tried. */
#ifndef RUNNER_CAMPAIGN_BOOTABLE_H
#define RUNNER_CAMPAIGN_BOOTABLE_H

#include "lib/err.h"
#include "runner/kernels/kernel.h"

/*
 * That a kernel of /boot has what the root's disk and the watchdog (NULL: none) take, in its image,
 * or in its modules and its initramfs, and that Secure Boot lets start. initrd: its initramfs, a
 * new string, or NULL where it has none.
 */
int bootable_check(const struct kernel *k, const char *watchdog, char **initrd, struct err *err);
/* The same of one that is not in /boot yet: its initramfs is made when it is. */
int bootable_check_before(const struct kernel *k, const char *watchdog, struct err *err);

/* The pure parts. Whether a list of files has the module NAME, "kernel/fs/ext4/ext4.ko.xz"; - and _
 * are one. */
bool bootable_lists_module(const char *list, const char *name);
/* Whether an EFI image is signed by anybody: `n` bytes of its start. */
bool bootable_is_signed(const unsigned char *image, size_t n);

#endif
