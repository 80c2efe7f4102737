/*
 * What on this machine disturbs figures that are times, and how to still it: kept in run.json for
 * the targets kvm and host, and told by the doctor.
 */
#ifndef RUNNER_BOOT_DISTURB_H
#define RUNNER_BOOT_DISTURB_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct disturbance {
	const char *name;  /* as run.json has it: "governor" */
	const char *still; /* the command that stills it, or NULL where it is but told */
	char *value;	   /* what the machine says now; of several CPUs or nodes all that differ */
	bool disturbs;
};

struct disturbances {
	struct disturbance *v; /* those that this machine has */
	size_t n;
};

/* root: "" or a directory that stands for /, for tests. */
void disturb_read(struct disturbances *d, const char *root);
void disturb_release(struct disturbances *d);

/* {"governor":"powersave",...,"load":0.4}: the settings, as each boot keeps them. */
json_t *disturb_brief(void);
/* The same with "timers":["apt-daily.timer",...] and "node_distances": all of it. */
json_t *disturb_json(void);

#endif
