/* The jail that QEMU runs a guest in (lib/jail.h): what it needs of this machine, and its limits.
 */
#ifndef RUNNER_BOOT_CONFINE_H
#define RUNNER_BOOT_CONFINE_H

#include <jansson.h>
#include "lib/jail.h"
#include "runner/boot/boot.h"

struct confined {
	struct jail jail;
	struct strv reads;
};

/* For a job with its files in dir; dir NULL: before there is one, to ask what holds (jail_try),
 * the kernel being a copy that it may read. */
void confine_init(struct confined *c, const struct boot_job *job, const char *dir);
void confine_release(struct confined *c);

/* What of the jail this machine allows, a member each, for run.json. What it does not is told to
 * people on standard error. */
json_t *confine_json(const struct boot_job *job);

/* Lends it the files of dir that it writes, or takes them back; see jail_lend(). */
int confine_lend(const struct boot_job *job, const char *dir, bool its, struct err *err);

#endif
