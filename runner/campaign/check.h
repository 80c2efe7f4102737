/* Whether this machine can make a campaign: all that can be known before it is first started anew.
 */
#ifndef RUNNER_CAMPAIGN_CHECK_H
#define RUNNER_CAMPAIGN_CHECK_H

#include "lib/err.h"

/* Root, systemd, no other campaign, space in /boot, GRUB, and nothing that puts the machine to
 * sleep. */
int check_machine(struct err *err);

#endif
