/*
 * Room on the disks that a campaign writes to. Where there is none, the machine waits for it under
 * its default; a reserve keeps enough for the few lines that say so.
 */
#ifndef RUNNER_CAMPAIGN_ROOM_H
#define RUNNER_CAMPAIGN_ROOM_H

#include "lib/err.h"

/* Where the run, the state and the boot loader's file lie; -1 names the first without room. */
int room_check(const char *run, struct err *err);
/* Sets the reserve aside, where there is room and none is yet. */
void room_reserve(void);
/* Gives it up. */
void room_use_reserve(void);

#endif
