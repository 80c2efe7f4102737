/*
 * The exit of many processes that map and mlock one file: munlock of each page, and, up to Linux
 * 5.17, a walk of all the file's other mappings for it under the file's i_mmap_rwsem.
 *
 * lockers=N has only N of them lock it and end; the others map it, lock nothing and stay. With one
 * locker and kill=munmap it is the munmap of one range, and what each of the others adds to it.
 *
 * Timed is the whole of it, from the one signal that releases (or kills) all of them until the last
 * is reaped. A process's own latency ends when it is reaped too: the parent does nothing but
 * waitpid(2) and read the clock, which looks through its children and so costs each reaping some
 * nanoseconds a living child.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	int fd;
	uint64_t bytes; /* that each process maps */
	int lockers;	/* that lock it, and end */
	bool lock;
	void *at; /* in a member: where it is */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	const char *lockers = bench_text(b, "lockers");
	struct err err;

	s->lockers = (int)(strcmp(lockers, "all") ? strtol(lockers, NULL, 10)
						  : (long)bench_int(b, "procs"));
	if (s->lockers < 1 || s->lockers > (int)bench_int(b, "procs"))
		return bench_broken(b, "lockers=%s: not all, nor 1 to procs", lockers);
	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	s->fd = memory_file(bench_text(b, "file"), s->bytes, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static int map_and_lock(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	s->at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	if (!s->at || !memory_map(s->at, s->bytes, PROT_READ | PROT_WRITE,
				  MAP_SHARED | (s->lock ? 0 : MAP_POPULATE), s->fd, err))
		return -1;
	return s->lock ? memory_lock(s->at, s->bytes, err) : 0;
}

static int unmap(struct bench *b, int member, void *arg, struct err *err)
{
	const struct state *s = arg;

	(void)b;
	(void)member;
	return munmap(s->at, s->bytes) < 0 ? err_sys(err, "munmap") : 0;
}

static enum outcome measure(struct bench *b, struct state *s)
{
	bool stay = bench_is(b, "kill", "munmap");
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, s->lockers, map_and_lock, stay ? unmap : NULL, s);

	if (outcome == OUTCOME_OK) {
		if (!stay)
			crew_watch();
		bench_start(b);
		if (bench_is(b, "kill", "sigkill"))
			crew_kill(&c);
		else
			crew_release(&c);
		outcome = stay ? crew_join(b, &c) : crew_reap(b, &c);
		bench_stop(b);
		bench_ops(b, (uint64_t)s->lockers * (bench_int(b, "size") / PAGE_BYTES));
		if (!stay) {
			crew_latencies(b, &c);
			bench_percentiles(b);
		}
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int others = (int)bench_int(b, "procs") - s->lockers;
	enum outcome outcome;
	struct crew c;

	s->lock = bench_is(b, "lock", "mlock");
	if (!others)
		return measure(b, s);
	s->lock = false;
	outcome = crew_gather(b, &c, others, map_and_lock, NULL, s);
	s->lock = bench_is(b, "lock", "mlock");
	if (outcome == OUTCOME_OK)
		outcome = measure(b, s);
	crew_dismiss(&c);
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	if (s->fd >= 0)
		close(s->fd);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "size")) : 0;
}

/* The file, and for each process its page tables, stack and task: 256 KiB and a 512th. */
static uint64_t memory(struct bench *b)
{
	uint64_t size = bench_injected(b, bench_int(b, "size"));

	return size + bench_int(b, "procs") * ((256 << 10) + size / 512);
}

const struct workload exit_mlocked = {
	.name = "exit-mlocked",
	.help = "many processes that mlock one file exit at once",
	.params =
		(const struct param[]){
			{"procs", "processes", PARAM_INT, "8", 1, 1024, NULL},
			{"size", "of the file", PARAM_SIZE, "1M", 4096, 1ull << 34, NULL},
			{"file", "tmpfs, or a directory to make it in", PARAM_TEXT, "tmpfs", 0, 0,
			 NULL},
			{"lock", "mlock it, or only map it", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{"lockers", "that lock it and end, all or so many; the others stay",
			 PARAM_TEXT, "all", 0, 0, NULL},
			{"kill", "how they end, or that they only unmap it", PARAM_ENUM, "exit", 0,
			 0, "exit|sigkill|munmap"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"exit", "ns/page", "per page and process, first release to last reaped",
			 BETTER_LOWER, true},
			{"p50", "ns", "a process's own exit, median", BETTER_LOWER, true},
			{"p99", "ns", "a process's own exit, 99th percentile", BETTER_LOWER, true},
			{"max", "ns", "the slowest process's own exit", BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "lock=none",
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
