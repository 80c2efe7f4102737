/*
 * What a campaign leaves on a machine while it goes on, and takes away at its end: two units that
 * take a step each time the machine is started, a limit to how long an arm's boot may last, and a
 * watchdog's drop-in.
 */
#ifndef RUNNER_CAMPAIGN_SYSTEMD_H
#define RUNNER_CAMPAIGN_SYSTEMD_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

struct systemd_units {
	const char *program;	  /* mlocklab-campaign */
	const char *dir;	  /* where it was started */
	const char *home, *cache; /* of who started it; cache may be NULL */
	int limit;		  /* minutes that a boot of an arm may last */
	const char *watchdog;	  /* the driver's module, or NULL: no watchdog */
};

/* The module of the hardware's watchdog's driver, "" where it is none; a new string, or NULL: no
 * watchdog. */
char *systemd_watchdog(void);
/* Writes the units; systemd knows of them from the next start on. */
int systemd_install(const struct systemd_units *u, struct err *err);
/* Removes all of it; what is not there is fine. */
int systemd_remove(struct err *err);
/* Stops the timers of the machine, until its next start; ours goes on. */
int systemd_quiet(struct err *err);
/* Starts the machine anew; returns before it goes down. */
int systemd_reboot(struct err *err);

/* The pure part: the i-th file, its path and text; false behind the last. */
bool systemd_file(const struct systemd_units *u, size_t i, const char **path, struct str *text);

#endif
