/* What is kept of an attempt that was lost: RUN/campaign/003.1/ (docs/formats.md). */
#ifndef RUNNER_CAMPAIGN_EVIDENCE_H
#define RUNNER_CAMPAIGN_EVIDENCE_H

#include "runner/campaign/state.h"

/* The kernel's log so far, of the attempt that is about to be measured: whatever becomes of it. */
void evidence_before(const struct campaign *c);
/* That attempt was measured: what was kept for its loss goes. */
void evidence_drop(const struct campaign *c);
/*
 * The attempt n.attempt was lost: why, what the watchdog says of the machine's last reset, and what
 * the firmware or the journal kept of that kernel's last words.
 */
int evidence_of_loss(const struct campaign *c, int attempt, const struct campaign_seen *seen,
		     const char *why, struct err *err);
/* The clock was set back by so many seconds before an attempt. */
int evidence_of_clock(const struct campaign *c, long long back, struct err *err);
/* How often it was. */
int evidence_count_clock(const char *run);
/* How many attempts of boot n were lost, and why the last one was: appended to why, unless that is
 * NULL. n 0: of all boots. */
int evidence_count(const char *run, int n, struct str *why);

#endif
