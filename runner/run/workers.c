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
static unsigned long long left_in(const char *dir, const char *max, const char *current,
				  unsigned long long mib)
{
	char *most = read_file(dir, max), *now = read_file(dir, current);
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

/* The time of CPUs in a cgroup's files: "200000 100000", of version 1 in two of them; NULL: no
 * limit. */
static char *cpu_max(const char *dir)
{
	char *max = read_file(dir, "cpu.max"), *period;

	if (max)
		return max;
	max = read_file(dir, "cpu.cfs_quota_us");
	period = read_file(dir, "cpu.cfs_period_us");
	if (max && period && *max != '-') {
		char *both = xasprintf("%s %s", max, period);

		free(max);
		max = both;
	} else {
		free(max);
		max = NULL;
	}
	free(period);
	return max;
}

/* A cgroup and each above it, up to top, may hold less than the machine has. */
static void ask_hierarchy(const char *top, const char *own, int *quota, unsigned long long *mib)
{
	char *dir = xasprintf("%s%s", top, own);

	for (;;) {
		char *most = cpu_max(dir);
		int here = most ? workers_quota(most) : 0;

		if (here && (!*quota || here < *quota))
			*quota = here;
		*mib = left_in(dir, "memory.max", "memory.current", *mib);
		*mib = left_in(dir, "memory.limit_in_bytes", "memory.usage_in_bytes", *mib);
		free(most);
		if (strlen(dir) <= strlen(top))
			break;
		*strrchr(dir, '/') = '\0';
	}
	free(dir);
}

void workers_limits(const char *root, const char *cgroups, int *quota, unsigned long long *mib)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, cgroups, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		/* "4:cpu,cpuacct:/a/b"; of version 2 "0::/a/b" */
		char *kinds = strchr(lines.v[i], ':'), *own = kinds ? strchr(kinds + 1, ':') : NULL,
		     *top;

		if (!own || own[1] != '/')
			continue;
		*own++ = '\0';
		top = xasprintf("%s%s%s", root, kinds[1] ? "/" : "", kinds + 1);
		ask_hierarchy(top, own, quota, mib);
		free(top);
	}
	strv_release(&lines);
}

static unsigned long long available_mib(void)
{
	char *text = read_file("/proc", "meminfo"),
	     *at = text ? strstr(text, "MemAvailable:") : NULL;
	unsigned long long kib = 0;

	if (!at || sscanf(at, "MemAvailable: %llu", &kib) != 1)
		kib = (unsigned long long)sysconf(_SC_AVPHYS_PAGES) *
			      (unsigned long long)sysconf(_SC_PAGESIZE) >>
		      10;
	free(text);
	return kib >> 10;
}

int workers_default(const struct target *t)
{
	unsigned long long mib = available_mib();
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), quota = 0;
	char *mine_text;
	cpu_set_t mine;

	if (sched_getaffinity(0, sizeof(mine), &mine) == 0)
		cpus = CPU_COUNT(&mine);
	mine_text = read_file("/proc/self", "cgroup");
	workers_limits(CGROUPS, mine_text ? mine_text : "", &quota, &mib);
	free(mine_text);
	return workers_fit(cpus, quota, mib, t->memory_mib);
}
