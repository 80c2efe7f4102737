/*
 * mlock2(MLOCK_ONFAULT) of memory that is mapped already, whose pages it must find and lock: up to
 * Linux 5.17 get_user_pages() looks each one up, since 5.18 one walk of the page tables does.
 * lock=mlock calls mlock(2), which since walks them too and then looks each one up all the same.
 *
 * `uncounted` is the share of the range that does not count in Mlocked when the call returns, with
 * no batch emptied: none would be right. The control marks the mapping with madvise(MADV_DONTFORK)
 * instead. unevictable_pgs_mlocked grows by the pages.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/accounting.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

static int mark(struct bench *b, char *at, uint64_t bytes)
{
	if (bench_is(b, "lock", "none"))
		return madvise(at, bytes, MADV_DONTFORK);
	return mlock2(at, bytes, bench_is(b, "lock", "onfault") ? MLOCK_ONFAULT : 0);
}

/* What the call has added to Mlocked when it returns. Another time than the one that is timed,
 * whose end empties all batches. */
static int count(struct bench *b, char *at, uint64_t bytes, int64_t *locked)
{
	int64_t before;
	int ret;

	accounting_settle();
	before = accounting_mlocked();
	ret = mark(b, at, bytes);
	*locked = accounting_mlocked() - before;
	munlock(at, bytes);
	accounting_settle();
	return ret;
}

static enum outcome measure(struct bench *b, char *at, uint64_t bytes)
{
	bool lock = !bench_is(b, "lock", "none");
	int64_t pages = (int64_t)(bytes / PAGE_BYTES), locked = 0;
	int ret;

	memory_touch(at, bytes, true);
	ret = count(b, at, bytes, &locked);
	if (ret == 0) {
		bench_start(b);
		ret = mark(b, at, bytes);
		bench_stop(b);
	}
	if (ret < 0)
		return bench_broken(b, "mlock2 of %" PRIu64 " bytes: %s", bytes, strerror(errno));
	bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
	bench_metric(b, "uncounted", lock ? (double)(pages - locked) / (double)pages : 0);
	if (locked < 0 || locked > (lock ? pages : 0))
		return bench_fail(
			b, "%" PRId64 " pages count as locked, at most %" PRId64 " would be right",
			locked, lock ? pages : 0);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	bool shmem = bench_is(b, "memory", "shmem");
	enum outcome outcome;
	struct err err;
	int fd = shmem ? memory_file("tmpfs", bytes, &err) : -1;
	void *at = shmem && fd < 0 ? NULL : memory_place(bytes, (unsigned)bench_random(b), &err);

	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, shmem ? MAP_SHARED : MAP_PRIVATE,
			       fd, &err)) {
		outcome = bench_broken(b, "%s", err.text);
	} else {
		outcome = measure(b, at, bytes);
		munmap(at, bytes);
	}
	if (fd >= 0)
		close(fd);
	return outcome;
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size"));
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "none") ? 0 : memory(b);
}

const struct workload mlock_onfault_prefaulted = {
	.name = "mlock-onfault-prefaulted",
	.help = "mlock2(MLOCK_ONFAULT) of memory that is mapped already",
	.params =
		(const struct param[]){
			{"size", "of the mapping", PARAM_SIZE, "16M", 4096, 1ull << 34, NULL},
			{"memory", "what it maps", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{"lock", "mlock2(MLOCK_ONFAULT), mlock(2), or only mark it", PARAM_ENUM,
			 "onfault", 0, 0, "onfault|mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"mlock2", "ns/page", "the call", BETTER_LOWER, true},
			{"uncounted", "share",
			 "of the range not yet in Mlocked when the call returns", BETTER_LOWER,
			 false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
