/*
 * Swap of the workload's own, on a RAM disk: reads and writes are memory copies of the task that
 * asks, so that nothing waits for a device. The module for it, brd, is the runner's to bring.
 */
#ifndef WORKLOADS_SWAP_H
#define WORKLOADS_SWAP_H

#include <stdint.h>
#include "lib/err.h"

/* Where a guest has modules, unpacked: NAME.ko below it. */
#define MODULES_DIR "/modules"
#define SWAP_DEVICE "/dev/ram0"

/* For needs.feature: NULL where swap_on() can work, else what is missing. */
const char *swap_missing(void);
/* Makes a RAM disk of that size, and swaps on it. Takes memory only for what is swapped out. */
int swap_on(uint64_t bytes, struct err *err);
/* Takes back what is out there, ends the swapping, and gives the RAM disk's memory back. */
int swap_off(struct err *err);
/* swap_off in two steps, where the first is what is timed. */
int swap_stop(struct err *err);
void swap_remove(void);

#endif
