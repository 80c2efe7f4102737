#include "runner/guest/idle.h"

#include <stdio.h>
#include <unistd.h>

#define IDLE_ROW 3
#define BUSY_TICKS 2 /* of each CPU's USER_HZ = 100 a second */

/* Clock ticks that all CPUs together have spent at work since boot; -1 where /proc/stat is
 * unreadable. */
static long long busy_ticks(void)
{
	long long user, nice, system, idle, iowait, irq, softirq;
	FILE *f = fopen("/proc/stat", "re");
	int n;

	if (!f)
		return -1;
	n = fscanf(f, "cpu %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle,
		   &iowait, &irq, &softirq);
	fclose(f);
	return n == 7 ? user + nice + system + irq + softirq : -1;
}

long long idle_stolen_ms(void)
{
	FILE *f = fopen("/proc/stat", "re");
	long long ticks = 0;

	if (f && fscanf(f, "cpu %*d %*d %*d %*d %*d %*d %*d %lld", &ticks) != 1)
		ticks = 0;
	if (f)
		fclose(f);
	return ticks * 10; /* USER_HZ is 100 */
}

bool idle_is(long long ticks, long cpus)
{
	return ticks >= 0 && ticks <= BUSY_TICKS * cpus;
}

int idle_wait(int least, int most, bool *idle)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long long before = busy_ticks();
	int row = 0, seconds = 0;

	while (seconds < most && (seconds < least || row < IDLE_ROW)) {
		long long now;

		sleep(1);
		seconds++;
		now = busy_ticks();
		row = now >= 0 && before >= 0 && idle_is(now - before, cpus) ? row + 1 : 0;
		before = now;
	}
	*idle = row >= IDLE_ROW;
	return seconds;
}
