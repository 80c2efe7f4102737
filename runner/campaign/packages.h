/*
 * Kernels that a campaign puts on this machine, and takes away again: by dpkg, whose packages' own
 * hooks make an initramfs and tell GRUB. What is built here becomes a package first.
 */
#ifndef RUNNER_CAMPAIGN_PACKAGES_H
#define RUNNER_CAMPAIGN_PACKAGES_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/kernel.h"
#include "runner/plan/experiment.h"
#include "runner/run/options.h"

/* An arm's kernel that is not of /boot. */
struct packaged {
	char *spec;	      /* as it was named; NULL: it is of /boot, and all else empty */
	struct kernel kernel; /* in the cache */
	bool here;	      /* it was in /boot already, and stays */
	struct strv debs;     /* its package files; none: of what is built one is made */
};

struct packages {
	struct packaged *v; /* one an arm */
	size_t n;
	struct strv names; /* of packages that are to be installed */
};

/*
 * Finds the arms' kernels, deb:FILE, built:NAME and git:REV, building what is not built, and
 * refuses what this machine could not start or has no room for; nothing of the machine is changed.
 * An arm is boot:RELEASE from then on. watchdog: as in bootable_check().
 */
int packages_find(struct packages *p, struct experiment *e, const struct run_options *o,
		  const char *watchdog, struct err *err);
void packages_release(struct packages *p);
/* What an arm's kernel is, where /boot does not tell: for run.json. */
void packages_tell(const struct packages *p, struct kernel *kernels);
void packages_add_json(const struct packages *p, json_t *arms);

/* Installs them; what is being installed is on the disk first. */
int packages_install(const struct packages *p, struct err *err);
/* Whether packages that were installed are still to be removed. */
bool packages_are_left(void);
/* Removes them; what is not there is fine. */
int packages_remove(struct err *err);

/* The pure part: what a package of a kernel says of itself, and does when it comes and goes. */
void packages_control(const char *name, const struct kernel *k, struct str *out);
void packages_script(const char *when, const struct kernel *k, struct str *out);

#endif
