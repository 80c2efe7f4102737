#include "workloads/needs.h"

#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"
#include "workloads/background.h"
#include "workloads/bench.h"
#include "workloads/params.h"

#define CAP_IPC_LOCK 14
#define CAP_SYS_NICE 23

/* The number after a line's "Name:" in a file of /proc; fallback where there is none. */
static uint64_t proc_number(const char *path, const char *name, int base, uint64_t fallback)
{
	struct str text = STR_INIT;
	struct err err;
	char *at;

	if (fs_read(path, &text, &err) == 0) {
		at = strstr(str_text(&text), name);
		if (at)
			fallback = strtoull(at + strlen(name), NULL, base);
	}
	str_release(&text);
	return fallback;
}

static bool capable(int cap)
{
	return proc_number("/proc/self/status", "\nCapEff:", 16, 0) >> cap & 1;
}

bool bench_may_move_all(void)
{
	return capable(CAP_SYS_NICE);
}

/* "0-1,4" of a file in /sys into out; returns how many, at most max. */
static int id_list(const char *path, int *out, int max)
{
	struct str text = STR_INIT;
	struct err err;
	char *at;
	int n = 0;

	if (fs_read(path, &text, &err) < 0) {
		str_release(&text);
		return 0;
	}
	for (at = text.buf; at && *at >= '0' && *at <= '9'; at += *at == ',') {
		long first = strtol(at, &at, 10);
		long last = *at == '-' ? strtol(at + 1, &at, 10) : first;

		for (; first <= last && n < max; first++)
			out[n++] = (int)first;
	}
	str_release(&text);
	return n;
}

int bench_nodes(int *out, int max)
{
	int n = id_list("/sys/devices/system/node/has_memory", out, max);

	if (n == 0 && max > 0)
		out[n++] = 0;
	return n;
}

static int cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : CPU_COUNT(&set);
}

/* The header line is always there. */
static bool has_swap(void)
{
	struct str text = STR_INIT;
	struct err err;
	const char *nl;
	bool has;

	nl = fs_read("/proc/swaps", &text, &err) < 0 ? NULL : strchr(str_text(&text), '\n');
	has = nl && nl[1];
	str_release(&text);
	return has;
}

static enum outcome skip_bytes(struct bench *b, const char *what, uint64_t needed, uint64_t there)
{
	return bench_skip(b, "needs %" PRIu64 " KiB of %s, there are %" PRIu64, needed >> 10, what,
			  there >> 10);
}

static enum outcome check_memory(struct bench *b)
{
	const struct needs *n = &b->w->needs;
	uint64_t available, needed = n->memory ? n->memory(b) : 0;
	struct rlimit limit;

	if (needed) {
		available = proc_number("/proc/meminfo", "\nMemAvailable:", 10, UINT64_MAX >> 10);
		if (needed >> 10 > available)
			return skip_bytes(b, "memory", needed, available << 10);
	}
	needed = n->memlock ? n->memlock(b) : 0;
	if (needed && !capable(CAP_IPC_LOCK) && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
	    limit.rlim_cur != RLIM_INFINITY && needed > limit.rlim_cur)
		return skip_bytes(b, "locked memory (ulimit -l)", needed, limit.rlim_cur);
	return OUTCOME_OK;
}

enum outcome needs_check(struct bench *b)
{
	const struct needs *n = &b->w->needs;
	const char *missing;
	int nodes[64];

	if (n->cpus > cpus())
		return bench_skip(b, "needs %d CPUs, there are %d", n->cpus, cpus());
	if (n->nodes > bench_nodes(nodes, 64))
		return bench_skip(b, "needs %d NUMA nodes with memory, there are %d", n->nodes,
				  bench_nodes(nodes, 64));
	if (n->root && geteuid() != 0)
		return bench_skip(b, "needs root");
	if (n->swap && !has_swap())
		return bench_skip(b, "needs swap");
	missing = background_missing(b);
	if (!missing && n->feature)
		missing = n->feature(b);
	if (missing)
		return bench_skip(b, "%s", missing);
	return check_memory(b);
}
