/*
 * move_pages(2) of mlocked memory from one NUMA node to another and back: what the lock costs a
 * migration, how many pages it keeps from moving, and whether nr_mlock is right afterwards.
 *
 * The parent maps and moves; the other processes only have the same pages mapped, and locked, so
 * that each move walks their mappings too. Anonymous pages are shared as after fork(2), read-only,
 * because an mlock of a writable private mapping would copy them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define MOVE_OWN 2 /* MPOL_MF_MOVE and _MOVE_ALL of linux/mempolicy.h */
#define MOVE_ALL 4
#define POLICY_DEFAULT 0
#define POLICY_BIND 2

#define SLACK 16

struct state {
	uint64_t pages;
	void *at;
	void **page;  /* the address of each */
	int *node[2]; /* the target of each, home last */
	int *status[2];
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int home_and_away[2];

	bench_nodes(home_and_away, 2);
	s->pages = bench_injected(b, bench_int(b, "size") / PAGE_BYTES);
	s->page = xcalloc(s->pages, sizeof(*s->page));
	for (int way = 0; way < 2; way++) {
		s->node[way] = xcalloc(s->pages, sizeof(int));
		s->status[way] = xcalloc(s->pages, sizeof(int));
		for (uint64_t i = 0; i < s->pages; i++)
			s->node[way][i] = home_and_away[!way];
	}
	return OUTCOME_OK;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	free(s->page);
	for (int way = 0; way < 2; way++) {
		free(s->node[way]);
		free(s->status[way]);
	}
}

/* Every page allocated on the home node, and mapped read-only. */
static int map_at_home(struct bench *b, struct state *s, struct err *err)
{
	unsigned long mask = 1ul << s->node[1][0];
	uint64_t bytes = s->pages * PAGE_BYTES;
	void *at = memory_place(bytes, (unsigned)bench_random(b), err);

	s->at = at ? memory_map(at, bytes, PROT_READ | PROT_WRITE,
				bench_is(b, "memory", "anon") ? MAP_PRIVATE : MAP_SHARED, -1, err)
		   : NULL;
	if (!s->at)
		return -1;
	for (uint64_t i = 0; i < s->pages; i++)
		s->page[i] = (char *)s->at + i * PAGE_BYTES;
	if (syscall(SYS_set_mempolicy, POLICY_BIND, &mask, 8 * sizeof(mask)) < 0)
		return err_sys(err, "set_mempolicy of node %d", s->node[1][0]);
	memory_touch(s->at, bytes, true);
	syscall(SYS_set_mempolicy, POLICY_DEFAULT, NULL, 0);
	if (mprotect(s->at, bytes, PROT_READ) < 0)
		return err_sys(err, "mprotect");
	return 0;
}

static int hold(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	uint64_t bytes = s->pages * PAGE_BYTES;

	(void)member;
	if (bench_is(b, "lock", "mlock"))
		return memory_lock(s->at, bytes, err);
	memory_touch(s->at, bytes, false);
	return 0;
}

static enum outcome move(struct bench *b, struct state *s)
{
	int flags = bench_int(b, "procs") > 1 ? MOVE_ALL : MOVE_OWN;
	long ret = 0;

	bench_start(b);
	for (int way = 0; way < 2 && ret >= 0; way++)
		ret = syscall(SYS_move_pages, 0, s->pages, s->page, s->node[way], s->status[way],
			      flags);
	bench_stop(b);
	bench_ops(b, 2 * (bench_int(b, "size") / PAGE_BYTES));
	return ret < 0 ? bench_broken(b, "move_pages: %s", strerror(errno)) : OUTCOME_OK;
}

static enum outcome judge(struct bench *b, const struct state *s)
{
	int64_t locked = bench_locked_pages(b);
	int64_t right = bench_is(b, "lock", "mlock") ? (int64_t)s->pages : 0;
	uint64_t failed = 0;

	for (int way = 0; way < 2; way++)
		for (uint64_t i = 0; i < s->pages; i++)
			failed += s->status[way][i] != s->node[way][i];
	bench_metric(b, "failed", (double)failed / (double)(2 * s->pages));
	bench_metric(b, "uncounted", (double)llabs(right - locked));
	if (llabs(right - locked) > SLACK)
		return bench_fail(b, "nr_mlock tells %lld pages after the move, %lld are locked",
				  (long long)locked, (long long)right);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct crew c = {.notes = -1};
	enum outcome outcome = OUTCOME_OK;
	struct err err;

	if (map_at_home(b, s, &err) < 0 || hold(b, 0, s, &err) < 0)
		outcome = bench_broken(b, "%s", err.text);
	if (outcome == OUTCOME_OK)
		outcome = crew_gather(b, &c, (int)bench_int(b, "procs") - 1, hold, NULL, s);
	if (outcome == OUTCOME_OK)
		outcome = move(b, s);
	if (outcome == OUTCOME_OK)
		outcome = judge(b, s);
	crew_dismiss(&c);
	if (s->at)
		munmap(s->at, s->pages * PAGE_BYTES);
	return outcome;
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "size")) : 0;
}

static uint64_t memory(struct bench *b)
{
	uint64_t size = bench_injected(b, bench_int(b, "size"));

	return 2 * size + bench_int(b, "procs") * ((256 << 10) + size / 512);
}

static const char *feature(struct bench *b)
{
	if (bench_int(b, "procs") > 1 && !bench_may_move_all())
		return "needs CAP_SYS_NICE where procs is above 1";
	return NULL;
}

const struct workload migrate_mlocked = {
	.name = "migrate-mlocked",
	.help = "mlocked memory moved between two NUMA nodes and back",
	.params =
		(const struct param[]){
			{"memory", "what is mapped", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{"procs", "processes that map it", PARAM_INT, "1", 1, 1024, NULL},
			{"size", "of the range", PARAM_SIZE, "4M", 4096, 1ull << 34, NULL},
			{"lock", "mlock it in each process, or only map it", PARAM_ENUM, "mlock", 0,
			 0, "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"migrate", "ns/page", "per page moved, each counted there and back",
			 BETTER_LOWER, true},
			{"failed", "share", "pages that did not move", BETTER_LOWER, false},
			{"uncounted", "pages", "by which nr_mlock is wrong afterwards",
			 BETTER_LOWER, false},
			{0},
		},
	.needs = {.nodes = 2, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.slack_pages = SLACK,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
