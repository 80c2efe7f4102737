/*
 * The exit of many processes that map and mlock one file: munlock of each page, and, up to Linux
 * 5.17, a walk of all the file's other mappings for it under the file's i_mmap_rwsem.
 *
 * Timed is the whole of it, from the one signal that releases (or kills) all of them until the last
 * is reaped. A process's own latency ends when it is reaped too: the parent does nothing but
 * waitpid(2) and read the clock, which looks through its children and so costs each reaping some
 * nanoseconds a living child.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	int fd;
	uint64_t bytes; /* that each process maps */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	s->fd = memory_file(bench_text(b, "file"), s->bytes, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static int map_and_lock(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	bool lock = bench_is(b, "lock", "mlock");
	void *at = memory_place(s->bytes, (unsigned)bench_random(b), err);

	(void)member;
	if (!at || !memory_map(at, s->bytes, PROT_READ | PROT_WRITE,
			       MAP_SHARED | (lock ? 0 : MAP_POPULATE), s->fd, err))
		return -1;
	return lock ? memory_lock(at, s->bytes, err) : 0;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int procs = (int)bench_int(b, "procs");
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, procs, map_and_lock, NULL, s);

	if (outcome == OUTCOME_OK) {
		crew_watch();
		bench_start(b);
		if (bench_is(b, "kill", "sigkill"))
			crew_kill(&c);
		else
			crew_release(&c);
		outcome = crew_reap(b, &c);
		bench_stop(b);
		bench_ops(b, (uint64_t)procs * (bench_int(b, "size") / PAGE_BYTES));
		crew_latencies(b, &c);
		bench_percentiles(b);
	}
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
	.params = (const struct param[]){
		{"procs", "processes", PARAM_INT, "8", 1, 1024, NULL},
		{"size", "of the file", PARAM_SIZE, "1M", 4096, 1ull << 34, NULL},
		{"file", "tmpfs, or a directory to make it in", PARAM_TEXT, "tmpfs", 0, 0, NULL},
		{"lock", "mlock it, or only map it", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
		{"kill", "how they end", PARAM_ENUM, "exit", 0, 0, "exit|sigkill"},
		{0},
	},
	.metrics = (const struct metric[]){
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
