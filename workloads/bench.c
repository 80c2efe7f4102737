#include "workloads/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include "lib/str.h"

uint64_t bench_int(struct bench *b, const char *param)
{
	return cell_int(b->cell, param);
}

const char *bench_text(struct bench *b, const char *param)
{
	return cell_text(b->cell, param);
}

bool bench_is(struct bench *b, const char *param, const char *value)
{
	return strcmp(cell_text(b->cell, param), value) == 0;
}

uint64_t bench_injected(struct bench *b, uint64_t work)
{
	return work + (uint64_t)((double)work * b->inject / 100 + 0.5);
}

/* splitmix64 (Vigna, public domain): any seed will do, zero too. */
uint64_t bench_random(struct bench *b)
{
	uint64_t z = b->random += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void bench_shuffle(struct bench *b, int *v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = bench_random(b) % i;
		int t = v[i - 1];

		v[i - 1] = v[j];
		v[j] = t;
	}
}

void bench_huge_pages(struct bench *b, bool on)
{
	(void)b;
	prctl(PR_SET_THP_DISABLE, !on, 0, 0, 0);
}

uint64_t bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* For the profiler of an emulator (runner/plugin/insn.h); no-ops on any machine. */
static inline void mark_region(const struct bench *b)
{
#ifdef __x86_64__
	if (!b->warmup)
		__asm__ volatile("xchg %%bx, %%bx" ::: "memory");
#endif
	(void)b;
}

void bench_mark_cell(void)
{
#ifdef __x86_64__
	__asm__ volatile("xchg %%cx, %%cx" ::: "memory");
#endif
}

static uint64_t counted(int64_t v)
{
	return v > 0 ? (uint64_t)v : 0;
}

static void fill_usage(struct bench *b)
{
	struct sample *s = &b->sample;
	const struct usage *u = &b->usage;

	s->utime_us = counted(u->utime_us);
	s->stime_us = counted(u->stime_us);
	s->minflt = counted(u->minflt);
	s->majflt = counted(u->majflt);
	s->nvcsw = counted(u->nvcsw);
	s->nivcsw = counted(u->nivcsw);
}

void bench_start(struct bench *b)
{
	struct err err;

	bench_now(); /* the first call faults a page of the vDSO in */
	accounting_settle();
	if (vmstat_read(&b->region, &err) < 0)
		b->region = (struct vmstat){0};
	usage_read(&b->usage);
	perf_counters_start(&b->perf);
	b->started = true;
	mark_region(b);
	b->start_ns = bench_now();
}

uint64_t bench_stop(struct bench *b)
{
	uint64_t end = bench_now();
	struct vmstat now;
	struct usage u;
	struct err err;

	mark_region(b);
	perf_counters_stop(&b->perf);
	usage_read(&u);
	usage_add(&u, &b->usage, -1);
	usage_add(&u, &b->members, 1);
	b->usage = u;
	fill_usage(b);
	perf_counters_read(&b->perf, &b->sample.perf);
	accounting_settle();
	if (vmstat_read(&now, &err) == 0)
		vmstat_difference(&b->sample.vmstat, &b->region, &now);
	b->sample.elapsed_ns = end - b->start_ns;
	b->stopped = b->started;
	return b->sample.elapsed_ns;
}

void bench_ops(struct bench *b, uint64_t ops)
{
	b->sample.ops = ops;
}

static bool declares(const struct bench *b, const char *metric)
{
	for (const struct metric *m = b->w->metrics; m->name; m++)
		if (strcmp(m->name, metric) == 0)
			return true;
	return false;
}

void bench_metric(struct bench *b, const char *metric, double value)
{
	if (!declares(b, metric))
		abort();
	figures_set(&b->sample.metrics, metric, value);
}

void bench_latency(struct bench *b, uint64_t ns)
{
	struct sample *s = &b->sample;

	s->latency_ns = xrealloc(s->latency_ns, (s->latencies + 1) * sizeof(*s->latency_ns));
	s->latency_ns[s->latencies++] = ns;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The nearest rank: the smallest value that at least so many of 10 000 do not exceed. */
static double percentile(const uint64_t *sorted, size_t n, unsigned share)
{
	return (double)sorted[(n * share + 9999) / 10000 - 1];
}

void bench_percentiles(struct bench *b)
{
	size_t n = b->sample.latencies;
	uint64_t *sorted;

	if (!n)
		return;
	sorted = xmalloc(n * sizeof(*sorted));
	memcpy(sorted, b->sample.latency_ns, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	bench_metric(b, "p50", percentile(sorted, n, 5000));
	bench_metric(b, "p99", percentile(sorted, n, 9900));
	if (declares(b, "p9999"))
		bench_metric(b, "p9999", percentile(sorted, n, 9999));
	bench_metric(b, "max", (double)sorted[n - 1]);
	free(sorted);
}

enum outcome bench_fail(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->reason, sizeof(b->reason), fmt, ap);
	va_end(ap);
	return OUTCOME_FAIL;
}

enum outcome bench_skip(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->reason, sizeof(b->reason), fmt, ap);
	va_end(ap);
	return OUTCOME_SKIP;
}

enum outcome bench_broken(struct bench *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(b->reason, sizeof(b->reason), fmt, ap);
	va_end(ap);
	return OUTCOME_BROKEN;
}

void *bench_state(struct bench *b, size_t size)
{
	if (!b->state)
		b->state = xcalloc(1, size);
	return b->state;
}

int64_t bench_locked_pages(struct bench *b)
{
	struct accounting now;
	struct err err;

	return accounting_read(&now, &err) < 0 ? 0 : now.mlock - b->base.mlock;
}
