/* Whether this machine can make a campaign: all that can be known before it is first started anew.
 */
#ifndef RUNNER_CAMPAIGN_CHECK_H
#define RUNNER_CAMPAIGN_CHECK_H

#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/kernel.h"

/* Root, systemd, no other campaign, space in /boot, GRUB, and nothing that puts the machine to
 * sleep. */
int check_machine(struct err *err);
/*
 * A kernel of /boot that has what the root's disk and the watchdog (NULL: none) take, in its image,
 * or in its modules and its initramfs, and that Secure Boot lets start. initrd: its initramfs, a
 * new string, or NULL where it has none.
 */
int check_kernel(const struct kernel *k, const char *watchdog, char **initrd, struct err *err);

/* The pure parts. Whether a list of files has the module NAME, "kernel/fs/ext4/ext4.ko.xz"; - and _
 * are one. */
bool check_lists_module(const char *list, const char *name);
/* Whether an EFI image is signed by anybody: `n` bytes of its start. */
bool check_is_signed(const unsigned char *image, size_t n);

#endif
