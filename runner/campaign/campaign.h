/* A campaign's steps: what `mlocklab campaign` does. */
#ifndef RUNNER_CAMPAIGN_CAMPAIGN_H
#define RUNNER_CAMPAIGN_CAMPAIGN_H

#include <stdbool.h>
#include "lib/err.h"
#include "runner/run/options.h"

struct campaign_wish {
	const struct run_options *run;
	bool no_watchdog; /* go on without one */
	int limit;	  /* minutes that a boot may last */
	int argc;	  /* of who asked, for run.json */
	char **argv;
};

/* Makes the run and all that is needed, and starts the machine anew; nothing is left where it
 * fails. */
int campaign_start(const struct campaign_wish *w, struct err *err);
/* What a unit does on every start of the machine. */
int campaign_step(struct err *err);
/* Removes the state, and all else that a campaign left on this machine but its run. */
int campaign_remove(struct err *err);
/* Prints how far it is. */
int campaign_status(struct err *err);
/* Removes all that a campaign left on this machine but its run, and leaves a kernel that it has
 * booted. */
int campaign_stop(struct err *err);

#endif
