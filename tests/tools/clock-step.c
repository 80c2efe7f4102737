/*
 * Preloaded: a wall clock that someone steps by twenty years every second, back and forth. The
 * clock that cannot be set goes on as it was.
 */
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define TEN_YEARS (10 * 365 * 86400)

int clock_gettime(clockid_t clock, struct timespec *t)
{
	struct timespec steady;
	int ret = (int)syscall(SYS_clock_gettime, clock, t);

	if (ret == 0 && clock == CLOCK_REALTIME) {
		syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &steady);
		t->tv_sec += steady.tv_sec & 1 ? TEN_YEARS : -TEN_YEARS;
	}
	return ret;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	*tv = (struct timeval){t.tv_sec, t.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out)
		*out = t.tv_sec;
	return t.tv_sec;
}
