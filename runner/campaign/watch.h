/* A second machine's part in a campaign: it resets one that stays silent (mlocklab campaign watch).
 */
#ifndef RUNNER_CAMPAIGN_WATCH_H
#define RUNNER_CAMPAIGN_WATCH_H

#include "lib/err.h"

struct watch {
	const char *host;  /* as ssh knows it; without a password to type */
	const char *reset; /* a shell's command that resets it: ipmitool, a switched socket */
	int silent;	   /* seconds without an answer after which it is reset */
};

/*
 * Asks the machine each minute, until it says that its campaign is over. Resets it as often as it
 * falls silent, and three times without an answer between them; -1 after that, where the command
 * fails, or where the machine does not answer the first time.
 */
int watch(const struct watch *w, struct err *err);

#endif
