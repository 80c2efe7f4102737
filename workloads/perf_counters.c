#include "workloads/perf_counters.h"

#include <linux/perf_event.h>
#include <math.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	uint64_t config;
} events[PERF_COUNTERS] = {
	{"instructions", PERF_COUNT_HW_INSTRUCTIONS},
	{"cycles", PERF_COUNT_HW_CPU_CYCLES},
};

static int open_event(uint64_t config)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = config,
		.disabled = 1,
		.inherit = 1,
		.exclude_user = 1,
		.exclude_hv = 1,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
	};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

void perf_counters_open(struct perf_counters *p)
{
	for (int i = 0; i < PERF_COUNTERS; i++)
		p->fd[i] = open_event(events[i].config);
}

static void all(struct perf_counters *p, unsigned long request)
{
	for (int i = 0; i < PERF_COUNTERS; i++)
		if (p->fd[i] >= 0)
			ioctl(p->fd[i], request, 0);
}

void perf_counters_start(struct perf_counters *p)
{
	all(p, PERF_EVENT_IOC_ENABLE);
}

void perf_counters_stop(struct perf_counters *p)
{
	all(p, PERF_EVENT_IOC_DISABLE);
}

void perf_counters_read(const struct perf_counters *p, struct figures *out)
{
	uint64_t v[3]; /* value, time enabled, time running */

	for (int i = 0; i < PERF_COUNTERS; i++) {
		if (p->fd[i] < 0 || read(p->fd[i], v, sizeof(v)) != sizeof(v) || !v[2])
			continue;
		figures_set(out, events[i].name, round((double)v[0] * (double)v[1] / (double)v[2]));
	}
}

void perf_counters_close(struct perf_counters *p)
{
	for (int i = 0; i < PERF_COUNTERS; i++) {
		if (p->fd[i] >= 0)
			close(p->fd[i]);
		p->fd[i] = -1;
	}
}
