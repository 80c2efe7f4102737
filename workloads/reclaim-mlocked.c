/*
 * Reclaim in a memory cgroup of which a share is mlocked, while a stream twice as large as the rest
 * goes through that: locked pages stand on the unevictable list, so that reclaim should neither
 * scan them nor take longer for them. The room beside what is locked is the same whatever the share
 * is, and the cgroup's limit both together, or the control would have more room to reclaim in.
 *
 * The stream is anonymous memory that is written, given up with MADV_FREE, and so reclaimed from
 * the inactive file list without any swap. The rest is full when the region begins, so that each
 * page costs another. `scan` is how many pages were scanned for each one stolen, and `stolen` is
 * the counter that grows, both from the cgroup's own memory.stat: older kernels leave cgroup
 * reclaim out of the system's pgscan_direct.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/cgroup.h"
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

/* What the stream gives up at a time. */
#define CHUNK (64u << 10)
/* Of the limit, for the stream itself and for page tables and the like. */
#define SPARE (2u << 20)

struct state {
	struct cgroup group;
	uint64_t room, stream; /* room: what is not locked */
	char *at; /* in the member: where the stream goes, the room's worth before it */
};

static uint64_t locked_bytes(struct bench *b)
{
	uint64_t share = bench_int(b, "locked");

	return bench_int(b, "room") / PAGE_BYTES * share / (100 - share) * PAGE_BYTES;
}

/* Writes memory and gives it up. */
static int pour(char *at, uint64_t bytes, struct err *err)
{
	for (uint64_t done = 0; done < bytes; done += CHUNK) {
		uint64_t n = bytes - done < CHUNK ? bytes - done : CHUNK;

		memory_touch(at + done, n, true);
		if (madvise(at + done, n, MADV_FREE) < 0)
			return err_sys(err, "MADV_FREE");
	}
	return 0;
}

static int lock(struct bench *b, uint64_t bytes, struct err *err)
{
	void *at = memory_place(bytes, (unsigned)bench_random(b), err);

	return at && memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, err)
		       ? memory_lock(at, bytes, err)
		       : -1;
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	if (cgroup_enter(&s->group, 0, err) < 0 ||
	    (locked_bytes(b) && lock(b, locked_bytes(b), err) < 0))
		return -1;
	s->at = memory_place(s->room + s->stream, (unsigned)bench_random(b), err);
	if (!s->at || !memory_map(s->at, s->room + s->stream, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_NORESERVE, -1, err))
		return -1;
	return pour(s->at, s->room, err);
}

static int stream(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)b;
	(void)member;
	return pour(s->at + s->room, s->stream, err);
}

static enum outcome judge(struct bench *b, const struct state *s, int64_t scan, int64_t steal)
{
	scan = cgroup_get(&s->group, "memory.stat", "pgscan") - scan;
	steal = cgroup_get(&s->group, "memory.stat", "pgsteal") - steal;
	if (steal <= 0)
		return bench_broken(b, "nothing was reclaimed: the stream never met the limit");
	bench_metric(b, "scan", (double)scan / (double)steal);
	bench_metric(b, "stolen", (double)steal);
	if (bench_locked_pages(b) != (int64_t)(locked_bytes(b) / PAGE_BYTES))
		return bench_fail(b,
				  "%lld pages count as locked after reclaim, %llu would be right",
				  (long long)bench_locked_pages(b),
				  (unsigned long long)(locked_bytes(b) / PAGE_BYTES));
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	int64_t scan, steal;
	struct err err;
	struct crew c;

	s->room = bench_int(b, "room") + SPARE;
	s->stream = bench_injected(b, 2 * bench_int(b, "room") / PAGE_BYTES) * PAGE_BYTES;
	if (cgroup_make(&s->group, s->room + locked_bytes(b), &err) < 0)
		return bench_broken(b, "%s", err.text);
	outcome = crew_gather(b, &c, 1, prepare, stream, s);
	if (outcome == OUTCOME_OK) {
		scan = cgroup_get(&s->group, "memory.stat", "pgscan");
		steal = cgroup_get(&s->group, "memory.stat", "pgsteal");
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, 2 * bench_int(b, "room") / PAGE_BYTES);
		if (outcome == OUTCOME_OK)
			outcome = judge(b, s, scan, steal);
	}
	crew_dismiss(&c);
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
	return bench_int(b, "room") + locked_bytes(b) + SPARE;
}

const struct workload reclaim_mlocked = {
	.name = "reclaim-mlocked",
	.help = "reclaim in a memory cgroup of which a share is mlocked",
	.params =
		(const struct param[]){
			{"room",
			 "of the cgroup beside what is mlocked; twice as much streams through",
			 PARAM_SIZE, "32M", 4 << 20, 1ull << 36, NULL},
			{"locked", "percent of the whole that is mlocked", PARAM_INT, "50", 0, 90,
			 NULL},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"reclaim", "ns/page",
			 "per page of the stream: its fault, MADV_FREE and reclaim", BETTER_LOWER,
			 true},
			{"scan", "pages/page", "scanned for each page reclaimed", BETTER_LOWER,
			 false},
			{"stolen", "pages", "reclaimed", BETTER_NEITHER, false},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = locked_bytes, .feature = feature},
	.control = "locked=0",
	.changes = (const char *const[]){CGROUP_CHANGES, NULL},
	.slack_pages = 16,
	.iterate = iterate,
};
