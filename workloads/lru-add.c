/*
 * Page faults and page cache adds with nothing locked: the path that puts a new page on its LRU
 * list, through a per-CPU batch and the lruvec lock, and on which Linux 5.18 dropped a full memory
 * barrier that only munlock needed.
 *
 * Anonymous pages, or pages of a tmpfs file of each process's own that its fault adds to the page
 * cache. There is nothing locked and so no control. minflt grows by the pages (for shmem up
 * to 5.17, majflt).
 */
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	uint64_t bytes;
	void *at; /* in a member: its own mapping */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	return OUTCOME_OK;
}

static int map(struct bench *b, int member, void *arg, struct err *err)
{
	bool anon = bench_is(b, "memory", "anon");
	struct state *s = arg;
	int fd = -1;

	(void)member;
	if (!anon) {
		fd = memory_file("tmpfs", 0, err);
		if (fd < 0)
			return -1;
	}
	s->at = memory_map_new(fd, s->bytes, (unsigned)bench_random(b), err);
	return s->at ? 0 : -1;
}

static int fault(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)b;
	(void)member;
	(void)err;
	memory_touch(s->at, s->bytes, true);
	return 0;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int procs = (int)bench_int(b, "procs");
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, procs, map, fault, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, (uint64_t)procs * (bench_int(b, "size") / PAGE_BYTES));
	}
	crew_dismiss(&c);
	return outcome;
}

static uint64_t memory(struct bench *b)
{
	return bench_int(b, "procs") * (bench_injected(b, bench_int(b, "size")) + (256 << 10));
}

const struct workload lru_add = {
	.name = "lru-add",
	.help = "page faults and page cache adds, nothing locked",
	.params =
		(const struct param[]){
			{"procs", "processes", PARAM_INT, "1", 1, 1024, NULL},
			{"size", "that each of them faults in", PARAM_SIZE, "16M", 4096, 1ull << 34,
			 NULL},
			{"memory", "what they fault in", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"fault", "ns/page", "per page, first release to last done", BETTER_LOWER,
			 true},
			{0},
		},
	.needs = {.memory = memory},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
};
