/*
 * GRUB as the boot loader of a campaign. Each arm has a menu entry of ours, in custom.cfg beside
 * grub.cfg, and is started by next_entry in grubenv, which grub.cfg clears before it loads the
 * kernel: whatever comes of that kernel, the machine's next start is that of its own default. Where
 * kernels are installed, of which GRUB would take the newest for its default, our part also pins
 * the default to the kernel that runs now.
 */
#ifndef RUNNER_CAMPAIGN_GRUB_H
#define RUNNER_CAMPAIGN_GRUB_H

#include "lib/err.h"
#include "lib/str.h"

#define GRUB_DIR "/boot/grub"

struct grub_entry {
	const char *arm;
	const char *image, *initrd; /* paths in this system; initrd NULL: none */
	const char *cmdline;
};

/* -1 where GRUB is not there, does not obey next_entry, or cannot clear it. */
int grub_check(struct err *err);
/* The entry of a kernel in grub.cfg, by which it is the default: a new string, or NULL. */
char *grub_find(const char *release, struct err *err);
/* Writes our entries and the pin (NULL: none) into custom.cfg, or with neither removes our part,
 * and the file with the last line. */
int grub_entries(const struct grub_entry *v, size_t n, const char *pin, struct err *err);
/* The next start is that of an arm, and of it alone, with this mark on its command line. */
int grub_next(const char *arm, int boot, int attempt, struct err *err);
/* The next start is that of the default. */
int grub_clear(struct err *err);

/*
 * The pure part: what grub.cfg lacks, or NULL; and the text of custom.cfg with our part put in the
 * place of what `was` has of it. root: the file system's UUID, or "".
 */
const char *grub_lacks(const char *cfg);
int grub_text(const char *was, const struct grub_entry *v, size_t n, const char *root,
	      const char *pin, struct str *out, struct err *err);
/* "SUBMENU>ENTRY", by their ids as Debian's update-grub writes them; a new string, or NULL. */
char *grub_entry_of(const char *cfg, const char *release);

#endif
