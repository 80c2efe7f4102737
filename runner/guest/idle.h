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

/* The pure part: whether a machine that spent so many clock ticks at work in a second was idle, that
 * is 2 % of each CPU. */
bool idle_is(long long ticks, long cpus);

#endif
