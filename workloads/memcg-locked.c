/*
 * What a memory cgroup counts as unevictable when mlock(2) has returned: pages that still wait in
 * their CPU's batches count for no list. Since Linux 5.18 populating empties the batches at its
 * end, which is what keeps memory.stat right for whoever reads it then.
 *
 * A process in a cgroup of its own locks memory that it has just mapped. `short` is by how many
 * pages "unevictable" in memory.stat is below what is locked, read with no batch emptied; `settled`
 * the same afterwards, and what is missing then a cgroup's own counters lag by (5.10: some 30 pages
 * a CPU). Mlocked grows by the pages. The control maps and touches the memory alone, and of that
 * none may count.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/accounting.h"
#include "workloads/cgroup.h"
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	struct cgroup group;
	uint64_t bytes;
	void *at; /* in the member */
};

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	if (cgroup_enter(&s->group, 0, err) < 0)
		return -1;
	s->at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	if (!s->at || !memory_map(s->at, s->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, err))
		return -1;
	accounting_settle();
	return 0;
}

static int lock(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	if (bench_is(b, "lock", "mlock"))
		return memory_lock(s->at, s->bytes, err);
	memory_touch(s->at, s->bytes, true);
	return 0;
}

static int64_t unevictable(const struct state *s)
{
	return cgroup_get(&s->group, "memory.stat", "unevictable") / (int64_t)PAGE_BYTES;
}

static enum outcome measure(struct bench *b, struct state *s)
{
	int64_t right = bench_is(b, "lock", "mlock") ? (int64_t)(s->bytes / PAGE_BYTES) : 0,
		at_once;
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, 1, prepare, lock, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		/* bench_stop() empties the batches, so what is asked of them is part of the region.
		 */
		at_once = unevictable(s);
		bench_stop(b);
		bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
		bench_metric(b, "short", (double)(right - at_once));
		bench_metric(b, "settled", (double)(right - unevictable(s)));
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct err err;

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	if (cgroup_make(&s->group, 0, &err) < 0)
		return bench_broken(b, "%s", err.text);
	outcome = measure(b, s);
	cgroup_remove(&s->group);
	return outcome;
}

static const char *feature(struct bench *b)
{
	(void)b;
	return cgroup_missing();
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + (1 << 20);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "none") ? 0 : bench_injected(b, bench_int(b, "size"));
}

const struct workload memcg_locked = {
	.name = "memcg-locked",
	.help = "what a memory cgroup counts as unevictable at mlock(2)",
	.params =
		(const struct param[]){
			{"size", "of the memory", PARAM_SIZE, "4M", 4096, 1ull << 34, NULL},
			{"lock", "mlock it, or only touch it", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"short", "pages", "missing in memory.stat when the call returns",
			 BETTER_LOWER, false},
			{"settled", "pages", "missing when all batches are empty", BETTER_LOWER,
			 false},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.changes = (const char *const[]){CGROUP_CHANGES, NULL},
	.slack_pages = 16,
	.iterate = iterate,
};
