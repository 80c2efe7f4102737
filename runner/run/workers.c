#include "runner/run/workers.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

#define CGROUPS "/sys/fs/cgroup"

/* MiB of QEMU itself beside its guest's memory: mostly translated code. */
#define QEMU_MIB 256

int workers_quota(const char *cpu_max)
{
	unsigned long long quota, period;

	if (sscanf(cpu_max, "%llu %llu", &quota, &period) != 2 || !period)
		return 0;
	return (int)((quota + period - 1) / period);
}

int workers_fit(int cpus, int quota, unsigned long long free_mib, int guest_mib)
{
	unsigned long long fit = free_mib / (unsigned long long)(guest_mib + QEMU_MIB);

	if (quota && cpus > quota)
		cpus = quota;
	if ((unsigned long long)cpus > fit)
		cpus = (int)fit;
	return cpus > 0 ? cpus : 1;
}

static char *read_file(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct str s = STR_INIT;
	struct err ignored;

	if (fs_read(path, &s, &ignored) < 0)
		str_release(&s);
	free(path);
	return s.buf;
}

/* What a cgroup leaves: MiB; without a limit what was left before. */
static unsigned long long left_in(const char *dir, unsigned long long mib)
{
	char *most = read_file(dir, "memory.max"), *now = read_file(dir, "memory.current");
	unsigned long long limit, used;

	if (most && now && sscanf(most, "%llu", &limit) == 1 && sscanf(now, "%llu", &used) == 1) {
		unsigned long long left = used < limit ? (limit - used) >> 20 : 0;

		if (left < mib)
			mib = left;
	}
	free(most);
	free(now);
	return mib;
}

/* Our cgroup of version 2 and each above it may hold less than the machine has. */
static void ask_cgroups(int *quota, unsigned long long *mib)
{
	char *mine = read_file("/proc/self", "cgroup"), *line = mine ? strstr(mine, "0::/") : NULL, *dir;

	if (!line) {
		free(mine);
		return;
	}
	line[strcspn(line, "\n")] = '\0';
	dir = xasprintf(CGROUPS "%s", line + 3);
	while (strlen(dir) > strlen(CGROUPS)) {
		char *most = read_file(dir, "cpu.max");
		int here = most ? workers_quota(most) : 0;

		if (here && (!*quota || here < *quota))
			*quota = here;
		*mib = left_in(dir, *mib);
		free(most);
		*strrchr(dir, '/') = '\0';
	}
	free(dir);
	free(mine);
}

static unsigned long long available_mib(void)
{
	char *text = read_file("/proc", "meminfo"), *at = text ? strstr(text, "MemAvailable:") : NULL;
	unsigned long long kib = 0;

	if (!at || sscanf(at, "MemAvailable: %llu", &kib) != 1)
		kib = (unsigned long long)sysconf(_SC_AVPHYS_PAGES) * (unsigned long long)sysconf(_SC_PAGESIZE) >> 10;
	free(text);
	return kib >> 10;
}

int workers_default(const struct target *t)
{
	unsigned long long mib = available_mib();
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), quota = 0;
	cpu_set_t mine;

	if (sched_getaffinity(0, sizeof(mine), &mine) == 0)
		cpus = CPU_COUNT(&mine);
	ask_cgroups(&quota, &mib);
	return workers_fit(cpus, quota, mib, t->memory_mib);
}
