/* Waiting until a freshly booted kernel has done what it does after boot. */
#ifndef GUEST_IDLE_H
#define GUEST_IDLE_H

#include <stdbool.h>

/*
 * Sleeps second by second until at least `least` seconds have gone by and three in a row were idle,
 * at most `most`. A second is idle when all CPUs together spent at most 2 % of one CPU at work.
 * Returns the seconds waited; *idle says whether it ended idle. Under icount a sleeping guest costs
 * nothing: QEMU moves its clock on.
 */
int idle_wait(int least, int most, bool *idle);

/* Milliseconds since boot that all CPUs together wanted to work and a hypervisor let something else
 * do so, as /proc/stat counts them (steal); 0 where it does not. */
long long idle_stolen_ms(void);

/* The pure part: whether a machine that spent so many clock ticks at work in a second was idle,
 * that is 2 % of each CPU. */
bool idle_is(long long ticks, long cpus);

#endif
