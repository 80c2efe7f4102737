/*
 * hugetlb pages moved between nodes by a process while the owner unmaps, maps and touches them
 * anew, as LTP's move_pages12 does: migration takes the mapping's i_mmap_rwsem against the sharing
 * of page tables, and races with fault and unmap.
 *
 * For each of `moves` the owner maps its two pages anew, and the mover has them moved to the other
 * node: at the same time with race=unmap, and once more where the race took them away; one after
 * the other in the control, race=none. So both do the same work, whatever the scheduler makes of
 * it, and copy as often, which is nearly all of what is counted. `moved` is the share that did
 * move; less than 0.95 is no measurement. More movers only ask. pgmigrate_success grows.
 */
#include <errno.h>
#include <fcntl.h>
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
#define POLICY_BIND 2

struct state {
	struct hugepool pool;
	int nodes[2], fd;   /* fd: -1 for anonymous memory */
	int go[2], done[2]; /* pipes: a byte for each remapping to do, and done */
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
	s->moved =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
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

/* On the first node, where each mapping is to begin. */
static int own(struct bench *b, int member, void *arg, struct err *err)
{
	const struct state *s = arg;
	unsigned long mask = 1ul << s->nodes[0];

	(void)b;
	(void)member;
	if (syscall(SYS_set_mempolicy, POLICY_BIND, &mask, 8 * sizeof(mask)) < 0)
		return err_sys(err, "set_mempolicy of node %d", s->nodes[0]);
	return map(s, err);
}

/* Until it is killed. */
static int remap(struct bench *b, int member, void *arg, struct err *err)
{
	const struct state *s = arg;
	char byte;

	(void)b;
	(void)member;
	while (read(s->go[0], &byte, 1) == 1)
		if (munmap(s->at, PAGES * HUGE_BYTES) < 0 || map(s, err) < 0 ||
		    write(s->done[1], &byte, 1) != 1)
			return -1;
	return 0;
}

/* How many are on that node then; a page that is gone or busy at the moment is part of the
 * race. -1: err. */
static int try_move(const struct state *s, int node, struct err *err)
{
	void *pages[PAGES] = {s->at, s->at + HUGE_BYTES};
	int to[PAGES] = {node, node}, status[PAGES] = {-1, -1}, moved = 0;

	if (syscall(SYS_move_pages, s->owner, (unsigned long)PAGES, pages, to, status,
		    MPOL_MF_MOVE_ALL) < 0 &&
	    errno != ENOENT && errno != EBUSY && errno != ENOMEM)
		return err_sys(err, "move_pages");
	for (int k = 0; k < PAGES; k++)
		moved += status[k] == node;
	return moved;
}

static int move(struct bench *b, int member, void *arg, struct err *err)
{
	uint64_t moves = bench_injected(b, bench_int(b, "moves"));
	bool race = bench_is(b, "race", "unmap");
	const struct state *s = arg;
	char byte = 0;

	for (uint64_t i = 0; i < moves; i++) {
		/* Pages of a file live on when they are unmapped, and so are where they were moved.
		 */
		int node = s->nodes[s->fd < 0 || i % 2 == 0], moved = 0;

		if (member == 0 && write(s->go[1], &byte, 1) != 1)
			return err_sys(err, "asking for a remapping");
		if (race || member)
			moved = try_move(s, node, err);
		if (member == 0 && read(s->done[0], &byte, 1) != 1)
			return err_sys(err, "waiting for a remapping");
		if (moved >= 0 && moved < PAGES && member == 0)
			moved = try_move(s, node, err);
		if (moved < 0)
			return -1;
		if (member == 0)
			atomic_fetch_add(s->moved, (unsigned long)moved);
	}
	return 0;
}

static enum outcome measure(struct bench *b, struct state *s, struct crew *owner)
{
	uint64_t movers = bench_int(b, "movers"), asked = PAGES * bench_int(b, "moves");
	enum outcome outcome;
	double moved;
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
		moved = (double)atomic_load(s->moved) / (double)bench_injected(b, asked);
		bench_metric(b, "moved", moved);
		if (outcome == OUTCOME_OK && moved < 0.95)
			outcome = bench_broken(b, "%.2f of the pages moved, 0.95 would do", moved);
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

	if (pipe2(s->go, O_CLOEXEC) < 0 || pipe2(s->done, O_CLOEXEC) < 0)
		return bench_broken(b, "two pipes: %s", strerror(errno));
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
	for (int i = 0; i < 2; i++) {
		close(s->go[i]);
		close(s->done[i]);
	}
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
	.help = "hugetlb pages migrate while being mapped and unmapped",
	.params =
		(const struct param[]){
			{"movers", "processes that move them", PARAM_INT, "1", 1, 64, NULL},
			{"moves", "that each asks for", PARAM_INT, "16", 1, 1000000, NULL},
			{"memory", "private anonymous, or a shared file", PARAM_ENUM, "anon", 0, 0,
			 "anon|shared"},
			{"race", "whether the owner maps them anew meanwhile, or before",
			 PARAM_ENUM, "unmap", 0, 0, "unmap|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"move", "ns/hugepage", "per page mapped anew and moved", BETTER_LOWER,
			 true},
			{"moved", "share", "of those that were on their new node then",
			 BETTER_HIGHER, false},
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
