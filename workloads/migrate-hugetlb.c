/*
 * hugetlb pages moved between nodes by processes while the owner maps, touches and unmaps them in a
 * loop, as LTP's move_pages12 does: migration takes the mapping's i_mmap_rwsem against the sharing
 * of page tables, and races with fault and unmap.
 *
 * Each mover asks `moves` times for both pages to go to the other node. Timed is how long that
 * takes per page asked for; `moved` is the share that did move, which the race makes less. The
 * control, race=none, leaves the pages mapped. pgmigrate_success grows.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/hugepool.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define PAGES 2
#define MPOL_MF_MOVE_ALL 4

struct state {
	struct hugepool pool;
	int nodes[2], fd; /* fd: -1 for anonymous memory */
	char *at;
	pid_t owner;
	atomic_ulong *moved; /* shared with the movers */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	bench_nodes(s->nodes, 2);
	s->fd = -1;
	s->moved = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->moved == MAP_FAILED)
		return bench_broken(b, "no page to count in: %s", strerror(errno));
	/* Each mover may hold two new pages on a node while the old ones are still in use. */
	if (hugepool_fill(&s->pool, 2, PAGES * (2 + (int)bench_int(b, "movers")), &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

static int map(const struct state *s, struct err *err)
{
	int flags = s->fd < 0 ? MAP_PRIVATE | MAP_HUGETLB : MAP_SHARED;

	if (!memory_map(s->at, PAGES * HUGE_BYTES, PROT_READ | PROT_WRITE, flags, s->fd, err))
		return -1;
	for (int i = 0; i < PAGES; i++)
		memory_touch(s->at + (size_t)i * HUGE_BYTES, PAGE_BYTES, true);
	return 0;
}

static int own(struct bench *b, int member, void *arg, struct err *err)
{
	(void)b;
	(void)member;
	return map(arg, err);
}

/* Until it is killed. Where there is but one CPU, movers get it while the pages are there. */
static int remap(struct bench *b, int member, void *arg, struct err *err)
{
	const struct state *s = arg;

	(void)member;
	while (bench_is(b, "race", "unmap")) {
		if (munmap(s->at, PAGES * HUGE_BYTES) < 0 || map(s, err) < 0)
			return -1;
		sched_yield();
	}
	return 0;
}

static int move(struct bench *b, int member, void *arg, struct err *err)
{
	const struct state *s = arg;
	void *pages[PAGES] = {s->at, s->at + HUGE_BYTES};
	uint64_t moves = bench_injected(b, bench_int(b, "moves"));

	for (uint64_t i = 0; i < moves; i++) {
		int node = s->nodes[(i + 1 + (unsigned)member) % 2], to[PAGES] = {node, node};
		int status[PAGES] = {-1, -1};

		/* A page that is gone or busy at the moment is part of the race. */
		if (syscall(SYS_move_pages, s->owner, (unsigned long)PAGES, pages, to, status,
			    MPOL_MF_MOVE_ALL) < 0 && errno != ENOENT && errno != EBUSY &&
		    errno != ENOMEM)
			return err_sys(err, "move_pages");
		for (int k = 0; k < PAGES; k++)
			atomic_fetch_add(s->moved, status[k] == node);
		sched_yield();
	}
	return 0;
}

static enum outcome measure(struct bench *b, struct state *s, struct crew *owner)
{
	uint64_t movers = bench_int(b, "movers"), asked = movers * PAGES * bench_int(b, "moves");
	enum outcome outcome;
	struct crew c;

	s->owner = owner->pids[0];
	atomic_store(s->moved, 0);
	outcome = crew_gather(b, &c, (int)movers, NULL, move, s);
	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(owner);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, asked);
		bench_metric(b, "moved", (double)atomic_load(s->moved) / (double)asked);
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct crew owner;
	struct err err = {""};

	if (bench_is(b, "memory", "shared")) {
		s->fd = memfd_create("mlockbench", MFD_CLOEXEC | MFD_HUGETLB);
		if (s->fd < 0 || ftruncate(s->fd, PAGES * HUGE_BYTES) < 0)
			return bench_broken(b, "a hugetlb file: %s", strerror(errno));
	}
	s->at = memory_place(PAGES * HUGE_BYTES, 0, &err);
	if (!s->at)
		return bench_broken(b, "%s", err.text);
	outcome = crew_gather(b, &owner, 1, own, remap, s);
	if (outcome == OUTCOME_OK)
		outcome = measure(b, s, &owner);
	crew_dismiss(&owner);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	hugepool_drain(&s->pool);
}

static const char *feature(struct bench *b)
{
	(void)b;
	return hugepool_missing();
}

static uint64_t memory(struct bench *b)
{
	return 2 * PAGES * (2 + bench_int(b, "movers")) * HUGE_BYTES;
}

const struct workload migrate_hugetlb = {
	.name = "migrate-hugetlb",
	.help = "hugetlb pages moved between nodes while they are mapped and unmapped",
	.params = (const struct param[]){
		{"movers", "processes that move them", PARAM_INT, "1", 1, 64, NULL},
		{"moves", "that each asks for", PARAM_INT, "16", 1, 1000000, NULL},
		{"memory", "private anonymous, or a shared file", PARAM_ENUM, "anon", 0, 0,
		 "anon|shared"},
		{"race", "what the owner does meanwhile", PARAM_ENUM, "unmap", 0, 0, "unmap|none"},
		{0},
	},
	.metrics = (const struct metric[]){
		{"move", "ns/hugepage", "per page asked to move", BETTER_LOWER, true},
		{"moved", "share", "of those that were on their new node then", BETTER_HIGHER, false},
		{0},
	},
	.needs = {.nodes = 2, .root = true, .memory = memory, .feature = feature},
	.control = "race=none",
	.changes = (const char *const[]){HUGEPOOL_CHANGES, NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
