/*
 * Page faults of tasks that called mlockall(2): what it costs a fault that its page is locked.
 *
 * Each task maps fresh memory and touches every page of it, in the timed region. With MCL_FUTURE
 * mmap(2) itself populates the mapping, and the touches fault no more; with MCL_ONFAULT, as
 * unlocked, each touch faults. Anonymous memory and shmem are allocated and zeroed by the fault;
 * the pages of a file are in the page cache already and only get mapped, sixteen at a time where
 * the kernel faults around.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	int fd; /* of the file, else -1 */
	uint64_t bytes;
	void *at; /* in a task: where it will map */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	s->fd = -1;
	if (!bench_is(b, "memory", "file"))
		return OUTCOME_OK;
	s->fd = memory_file(bench_text(b, "file"), s->bytes, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	s->at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	if (!s->at)
		return -1;
	if (bench_is(b, "mode", "none"))
		return 0;
	if (mlockall(MCL_FUTURE | (bench_is(b, "mode", "onfault") ? MCL_ONFAULT : 0)) < 0)
		return err_sys(err, "mlockall");
	return 0;
}

static int fault(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	int flags = bench_is(b, "memory", "anon") ? MAP_PRIVATE : MAP_SHARED;

	(void)member;
	if (!memory_map(s->at, s->bytes, PROT_READ | PROT_WRITE, flags, s->fd, err))
		return -1;
	memory_touch(s->at, s->bytes, s->fd < 0);
	return 0;
}

static void count_locked(struct bench *b, const struct state *s, int64_t tasks)
{
	int64_t locked = bench_locked_pages(b), right = 0;

	if (!bench_is(b, "mode", "none"))
		right = (int64_t)(s->bytes / PAGE_BYTES) * (s->fd < 0 ? tasks : 1);
	bench_metric(b, "uncounted", (double)llabs(right - locked));
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int tasks = (int)bench_int(b, "tasks");
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, tasks, prepare, fault, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, (uint64_t)tasks * (bench_int(b, "size") / PAGE_BYTES));
		count_locked(b, s, tasks);
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

/* Besides the mapping, what else a task maps afterwards: nothing to speak of. */
static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "mode", "none") ? 0 : bench_injected(b, bench_int(b, "size"));
}

static uint64_t memory(struct bench *b)
{
	uint64_t size = bench_injected(b, bench_int(b, "size")), tasks = bench_int(b, "tasks");

	return (bench_is(b, "memory", "file") ? size : tasks * size) +
	       tasks * ((256 << 10) + size / 512);
}

const struct workload mlockall_fault = {
	.name = "mlockall-fault",
	.help = "page faults of tasks under mlockall",
	.params = (const struct param[]){
		{"mode", "MCL_FUTURE, that with MCL_ONFAULT, or no mlockall", PARAM_ENUM,
		 "future", 0, 0, "future|onfault|none"},
		{"memory", "what is mapped", PARAM_ENUM, "anon", 0, 0, "anon|shmem|file"},
		{"tasks", "processes", PARAM_INT, "1", 1, 1024, NULL},
		{"size", "that each maps", PARAM_SIZE, "8M", 4096, 1ull << 34, NULL},
		{"file", "of memory=file: tmpfs, or a directory to make it in", PARAM_TEXT,
		 "tmpfs", 0, 0, NULL},
		{0},
	},
	.metrics = (const struct metric[]){
		{"fault", "ns/page", "mmap and first touch, per page and task", BETTER_LOWER, true},
		{"uncounted", "pages", "by which nr_mlock is wrong afterwards", BETTER_LOWER,
		 false},
		{0},
	},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "mode=none",
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
