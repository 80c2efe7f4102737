/*
 * fork(2) of a process with mlocked memory, and its writes afterwards: the child's copy is not
 * locked, but the pages are shared with it until they are written, and the parent, who locked them
 * so as never to wait for a page, takes a fault and a copy for each. The copy must count as locked,
 * and the old page, which the child keeps, no more.
 *
 * lock=onfault is mlock2(MLOCK_ONFAULT) before the pages are there. `fork` is the call, `write` the
 * parent's writes, the child doing nothing; the control has nothing locked. `error` is how far
 * Mlocked is from the memory's size when all of it was written. minflt grows by the pages.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/memory.h"
#include "workloads/workload.h"

static int lock(struct bench *b, void *at, uint64_t bytes)
{
	if (bench_is(b, "lock", "onfault") && mlock2(at, bytes, MLOCK_ONFAULT) < 0)
		return -1;
	memory_touch(at, bytes, true);
	return bench_is(b, "lock", "mlock") ? mlock(at, bytes) : 0;
}

static enum outcome measure(struct bench *b, void *at, uint64_t bytes)
{
	uint64_t pages = bench_int(b, "size") / PAGE_BYTES, from, forked, to;
	int64_t right = bench_is(b, "lock", "none") ? 0 : (int64_t)(bytes / PAGE_BYTES);
	pid_t child;

	if (lock(b, at, bytes) < 0)
		return bench_broken(b, "locking %" PRIu64 " bytes: %s", bytes, strerror(errno));
	bench_start(b);
	from = bench_now();
	child = fork();
	if (child == 0)
		for (;;)
			pause();
	forked = bench_now();
	if (child > 0)
		memory_touch(at, bytes, true);
	to = bench_now();
	bench_stop(b);
	if (child < 0)
		return bench_broken(b, "fork: %s", strerror(errno));
	bench_ops(b, pages);
	bench_metric(b, "write", (double)(to - forked) / (double)pages);
	bench_metric(b, "fork", (double)(forked - from) / (double)pages);
	bench_metric(b, "error", (double)llabs(bench_locked_pages(b) - right));
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	enum outcome outcome;
	struct err err;
	void *at = memory_place(bytes, (unsigned)bench_random(b), &err);

	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, &err))
		return bench_broken(b, "%s", err.text);
	outcome = measure(b, at, bytes);
	munmap(at, bytes);
	return outcome;
}

static uint64_t memory(struct bench *b)
{
	return 2 * bench_injected(b, bench_int(b, "size")) + (1 << 20);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "none") ? 0 : bench_injected(b, bench_int(b, "size"));
}

const struct workload fork_mlocked = {
	.name = "fork-mlocked",
	.help = "fork(2) with mlocked memory, and the writes after it",
	.params =
		(const struct param[]){
			{"size", "of the memory", PARAM_SIZE, "16M", 4096, 1ull << 34, NULL},
			{"lock", "mlock(2), mlock2(MLOCK_ONFAULT), or not", PARAM_ENUM, "mlock", 0,
			 0, "mlock|onfault|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"write", "ns/page", "the parent's writes after the fork", BETTER_LOWER,
			 true},
			{"fork", "ns/page", "the fork", BETTER_LOWER, true},
			{"error", "pages", "by which Mlocked is off when all was written",
			 BETTER_LOWER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
