/*
 * mlock(2) of memory that nobody has touched, which must make every page of it and lock it: how a
 * database or a real-time program locks what it has just mapped. The same pages without the lock:
 * how=madvise makes them by MADV_POPULATE (5.14 and later), how=touch by a fault each, and that is
 * the control.
 *
 * Anonymous pages are made by writes, those of a new tmpfs file by reads, as mlock(2) of a private
 * and of a shared mapping does. unevictable_pgs_mlocked grows by the pages that are locked, and
 * when the call has returned each is there (mincore) and counts as locked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static int advice(struct bench *b)
{
	return bench_is(b, "memory", "shmem") ? MADV_POPULATE_READ : MADV_POPULATE_WRITE;
}

static int populate(struct bench *b, void *at, uint64_t bytes)
{
	if (bench_is(b, "how", "mlock"))
		return mlock(at, bytes);
	if (bench_is(b, "how", "madvise"))
		return madvise(at, bytes, advice(b));
	memory_touch(at, bytes, !bench_is(b, "memory", "shmem"));
	return 0;
}

static uint64_t missing(void *at, uint64_t bytes)
{
	uint64_t pages = bytes / PAGE_BYTES, n = 0;
	unsigned char *there = xcalloc(pages, 1);

	if (mincore(at, bytes, there) < 0)
		memset(there, 0, pages);
	for (uint64_t i = 0; i < pages; i++)
		n += !(there[i] & 1);
	free(there);
	return n;
}

static enum outcome measure(struct bench *b, void *at, uint64_t bytes)
{
	int64_t right = bench_is(b, "how", "mlock") ? (int64_t)(bytes / PAGE_BYTES) : 0, locked;
	int ret;

	bench_start(b);
	ret = populate(b, at, bytes);
	bench_stop(b);
	if (ret < 0)
		return bench_broken(b, "%" PRIu64 " bytes: %s", bytes, strerror(errno));
	bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
	if (missing(at, bytes))
		return bench_fail(b, "%" PRIu64 " pages are missing", missing(at, bytes));
	locked = bench_locked_pages(b);
	if (locked != right)
		return bench_fail(b,
				  "%" PRId64 " pages count as locked, %" PRId64 " would be right",
				  locked, right);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	bool shmem = bench_is(b, "memory", "shmem");
	enum outcome outcome;
	struct err err;
	int fd = shmem ? memory_file("tmpfs", 0, &err) : -1;
	void *at =
		shmem && fd < 0 ? NULL : memory_map_new(fd, bytes, (unsigned)bench_random(b), &err);

	if (at) {
		outcome = measure(b, at, bytes);
		munmap(at, bytes);
	} else {
		outcome = bench_broken(b, "%s", err.text);
	}
	if (fd >= 0)
		close(fd);
	return outcome;
}

/* Of nothing it does nothing, where it is known. */
static const char *feature(struct bench *b)
{
	if (bench_is(b, "how", "madvise") && madvise(NULL, 0, advice(b)) < 0)
		return "no MADV_POPULATE_READ and MADV_POPULATE_WRITE (Linux 5.14)";
	return NULL;
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size"));
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "how", "mlock") ? memory(b) : 0;
}

const struct workload populate_fresh = {
	.name = "populate",
	.help = "mlock(2) of untouched memory, MADV_POPULATE, faults",
	.params =
		(const struct param[]){
			{"size", "of the mapping", PARAM_SIZE, "16M", 4096, 1ull << 34, NULL},
			{"memory", "what it maps", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{"how", "its pages are made", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|madvise|touch"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"populate", "ns/page", "the call, or the touches", BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "how=touch",
	.slack_pages = 16,
	.iterate = iterate,
};
