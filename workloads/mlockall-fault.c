/*
 * Page faults of tasks that called mlockall(2): what it costs a fault that its page is locked.
 *
 * With MCL_ONFAULT, as unlocked, each touch of the mapping faults, and the touches alone are timed.
 * With MCL_FUTURE mmap(2) itself populates it, which is timed with the touches that fault no more;
 * its like unlocked is mode=populate, an mmap with MAP_POPULATE, for the control mode=none takes a
 * trap a page. Anonymous memory and shmem are allocated and zeroed by the fault; the pages of a
 * file are in the page cache already and only get mapped, sixteen at a time where the kernel faults
 * around.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define MGLRU "/sys/kernel/mm/lru_gen/enabled"

struct state {
	struct knob mglru;
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
	/* A kernel without it has it off. */
	if (!bench_is(b, "mglru", "asis") && knob_number(MGLRU) >= 0 &&
	    knob_set(&s->mglru, MGLRU, bench_is(b, "mglru", "on") ? "7" : "0", &err) < 0)
		return bench_broken(b, "%s", err.text);
	if (!bench_is(b, "memory", "file"))
		return OUTCOME_OK;
	s->fd = memory_file(bench_text(b, "file"), s->bytes, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static bool locks(struct bench *b)
{
	return bench_is(b, "mode", "future") || bench_is(b, "mode", "onfault");
}

static bool populates(struct bench *b)
{
	return bench_is(b, "mode", "future") || bench_is(b, "mode", "populate");
}

static int map(struct bench *b, struct state *s, struct err *err)
{
	int flags = bench_is(b, "memory", "anon") ? MAP_PRIVATE : MAP_SHARED;

	if (bench_is(b, "mode", "populate"))
		flags |= MAP_POPULATE;
	return memory_map(s->at, s->bytes, PROT_READ | PROT_WRITE, flags, s->fd, err) ? 0 : -1;
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	s->at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	if (!s->at)
		return -1;
	if (locks(b) &&
	    mlockall(MCL_FUTURE | (bench_is(b, "mode", "onfault") ? MCL_ONFAULT : 0)) < 0)
		return err_sys(err, "mlockall");
	return populates(b) ? 0 : map(b, s, err);
}

static int fault(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	if (populates(b) && map(b, s, err) < 0)
		return -1;
	memory_touch(s->at, s->bytes, s->fd < 0);
	return 0;
}

static void count_locked(struct bench *b, const struct state *s, int64_t tasks)
{
	int64_t locked = bench_locked_pages(b), right = 0;

	if (locks(b))
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
	knob_restore(&s->mglru);
}

static const char *feature(struct bench *b)
{
	if (bench_is(b, "mglru", "on") && knob_number(MGLRU) < 0)
		return "needs the multi-generational LRU (CONFIG_LRU_GEN)";
	return bench_is(b, "mglru", "asis") || geteuid() == 0 ? NULL : "needs root to set " MGLRU;
}

/* Besides the mapping, what else a task maps afterwards: nothing to speak of. */
static uint64_t memlock(struct bench *b)
{
	return !locks(b) ? 0 : bench_injected(b, bench_int(b, "size"));
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
	.params =
		(const struct param[]){
			{"mode",
			 "MCL_FUTURE, that with MCL_ONFAULT, or no mlockall: MAP_POPULATE, or "
			 "nothing",
			 PARAM_ENUM, "future", 0, 0, "future|onfault|populate|none"},
			{"memory", "what is mapped", PARAM_ENUM, "anon", 0, 0, "anon|shmem|file"},
			{"tasks", "processes", PARAM_INT, "1", 1, 1024, NULL},
			{"size", "that each maps", PARAM_SIZE, "8M", 4096, 1ull << 34, NULL},
			{"file", "of memory=file: tmpfs, or a directory to make it in", PARAM_TEXT,
			 "tmpfs", 0, 0, NULL},
			{"mglru",
			 "the multi-generational LRU, which each release has on or off by itself",
			 PARAM_ENUM, "asis", 0, 0, "asis|off|on"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"fault", "ns/page",
			 "first touch (and mmap where it populates), per page and task",
			 BETTER_LOWER, true},
			{"uncounted", "pages", "by which nr_mlock is wrong afterwards",
			 BETTER_LOWER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "mode=none",
	.changes = (const char *const[]){MGLRU, NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
