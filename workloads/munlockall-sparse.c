/*
 * munlockall(2) with one large locked mapping that is nearly empty: up to Linux 5.17 each page of
 * the range is looked up by itself, since 5.18 the page tables are walked and empty ones skipped.
 *
 * The mapping is locked with mlock2(MLOCK_ONFAULT), as mlockall(2) leaves one that it could not
 * populate, and `pages` of it are touched, evenly spread: unevictable_pgs_munlocked grows by them.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include "workloads/memory.h"
#include "workloads/workload.h"

/* Touches `pages` pages, evenly spread. */
static void touch(char *at, uint64_t bytes, uint64_t pages)
{
	for (uint64_t i = 0; i < pages; i++)
		*(volatile char *)(at + bytes / PAGE_BYTES * i / pages * PAGE_BYTES) = 1;
}

static enum outcome measure(struct bench *b, char *at, uint64_t bytes)
{
	bool lock = bench_is(b, "lock", "mlock");
	uint64_t pages = bench_int(b, "pages");
	int64_t locked;

	if (lock && mlock2(at, bytes, MLOCK_ONFAULT) < 0)
		return bench_broken(b, "mlock2 of %" PRIu64 " bytes: %s", bytes, strerror(errno));
	touch(at, bytes, pages);
	locked = bench_locked_pages(b);
	if (locked != (lock ? (int64_t)pages : 0))
		return bench_fail(b,
				  "%" PRId64 " pages count as locked, %" PRIu64 " would be right",
				  locked, lock ? pages : 0);
	bench_start(b);
	if (munlockall() < 0)
		return bench_broken(b, "munlockall: %s", strerror(errno));
	bench_stop(b);
	bench_ops(b, 1);
	locked = bench_locked_pages(b);
	return locked ? bench_fail(b, "%" PRId64 " pages stay locked, none would be right", locked)
		      : OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	struct err err;
	void *at = memory_place(bytes, (unsigned)bench_random(b), &err);
	enum outcome outcome;

	if (!at ||
	    !memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, -1, &err))
		return bench_broken(b, "%s", err.text);
	outcome = measure(b, at, bytes);
	munmap(at, bytes);
	return outcome;
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "size")) : 0;
}

/* Each page may need a page table and a directory of its own. */
static uint64_t memory(struct bench *b)
{
	return bench_int(b, "pages") * 3 * PAGE_BYTES;
}

const struct workload munlockall_sparse = {
	.name = "munlockall-sparse",
	.help = "munlockall with a large, nearly empty locked mapping",
	.params =
		(const struct param[]){
			{"size", "of the mapping", PARAM_SIZE, "1G", 2 << 20, 1ull << 46, NULL},
			{"pages", "of it that are there", PARAM_INT, "64", 0, 1 << 20, NULL},
			{"lock", "lock it before, or not", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"munlockall", "ns/call", "the one call", BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
