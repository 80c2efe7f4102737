#include "runner/qemu/pin.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/fs.h"
#include "lib/str.h"

/* The n-th core of a set, or -1. */
static int nth_core(const cpu_set_t *set, int n)
{
	for (int c = 0; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, set) && n-- == 0)
			return c;
	return -1;
}

/* The vCPU's number by its thread's name, or -1 for QEMU's other threads. */
static int vcpu_of(pid_t qemu, const char *tid)
{
	char *path = xasprintf("/proc/%d/task/%s/comm", (int)qemu, tid), kind[8];
	struct str comm = STR_INIT;
	struct err err;
	int n = -1;

	if (fs_read(path, &comm, &err) < 0 ||
	    sscanf(str_text(&comm), "CPU %d/%7s", &n, kind) != 2)
		n = -1;
	str_release(&comm);
	free(path);
	return n;
}

int pin_vcpus(pid_t qemu, int cpus)
{
	char *path = xasprintf("/proc/%d/task", (int)qemu);
	struct dirent *e;
	cpu_set_t mine, one;
	int pinned = 0;
	DIR *d = opendir(path);

	free(path);
	if (!d)
		return 0;
	if (sched_getaffinity(0, sizeof(mine), &mine) < 0 || CPU_COUNT(&mine) < cpus) {
		closedir(d);
		return 0;
	}
	while ((e = readdir(d))) {
		int vcpu = vcpu_of(qemu, e->d_name), core = vcpu < 0 ? -1 : nth_core(&mine, vcpu);

		if (core < 0)
			continue;
		CPU_ZERO(&one);
		CPU_SET(core, &one);
		pinned += sched_setaffinity(atoi(e->d_name), sizeof(one), &one) == 0;
	}
	closedir(d);
	return pinned;
}
