/*
 * mlock(2) of memory in large folios, anonymous (mTHP, 6.8 and later) or shmem (6.11 and later),
 * and munlock(2) of every other half of one: a folio can be on one LRU list only, so that with a
 * part of it locked the kernel must choose what counts. folio=4K is the same in small pages, and
 * the control.
 *
 * `mlock` is the call, on memory that is there; `partial` are the calls that unlock the second half
 * of each folio; `unmap` is munmap(2) of it all then, as an exit does. `short` is by how many of
 * the pages that are still locked then Mlocked is below them; above them it may not be.
 * thp_split_page grows where folios were split for it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/accounting.h"
#include "workloads/hugepool.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

/* What is unlocked at a time where there are no folios to halve: so much as of one of 64 KiB. */
#define SMALL_HALF (32u << 10)
#define SIZES "/sys/kernel/mm/transparent_hugepage/hugepages-"

struct state {
	struct knob enabled, largest;
};

static bool is_large(struct bench *b)
{
	return bench_int(b, "folio") > PAGE_BYTES;
}

static bool is_shmem(struct bench *b)
{
	return bench_is(b, "memory", "shmem");
}

static const char *switch_of(struct bench *b)
{
	return is_shmem(b) ? "shmem_enabled" : "enabled";
}

/* The file of a size: "hugepages-64kB/enabled". */
static char *size_file(struct bench *b, const char *name)
{
	return xasprintf(SIZES "%" PRIu64 "kB/%s", bench_int(b, "folio") >> 10, name);
}

/* That size and no larger one: what is aligned would be made of the largest, which is on as a rule.
 */
static int only_that_size(struct bench *b, struct state *s, struct err *err)
{
	char *path = size_file(b, switch_of(b)),
	     *largest = xasprintf(SIZES "2048kB/%s", switch_of(b));
	int ret = 0;

	if (bench_int(b, "folio") < HUGE_BYTES)
		ret = knob_set(&s->largest, largest, "never", err);
	if (ret == 0)
		ret = knob_set(&s->enabled, path, is_shmem(b) ? "advise" : "madvise", err);
	free(largest);
	free(path);
	return ret;
}

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	bench_huge_pages(b, is_large(b));
	if (is_large(b) && only_that_size(b, s, &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	knob_restore(&s->enabled);
	knob_restore(&s->largest);
}

/* Folios of that size that faults have made, all of them: -1 unknown. */
static long long made(struct bench *b)
{
	char *path = size_file(b, is_shmem(b) ? "stats/shmem_alloc" : "stats/anon_fault_alloc");
	long long n = knob_number(path);

	free(path);
	return n;
}

static int fill(struct bench *b, char *at, uint64_t bytes, struct err *err)
{
	long long want = (long long)(bytes / bench_int(b, "folio")), before = made(b);

	if (!memory_map(at, bytes, PROT_READ | PROT_WRITE, is_shmem(b) ? MAP_SHARED : MAP_PRIVATE,
			-1, err))
		return -1;
	if (is_large(b) && madvise(at, bytes, MADV_HUGEPAGE) < 0)
		return err_sys(err, "MADV_HUGEPAGE");
	memory_touch(at, bytes, true);
	accounting_settle();
	if (is_large(b) && before >= 0 && made(b) - before < want)
		return err_set(err, "%lld of %lld folios were made", made(b) - before, want);
	return 0;
}

static int unlock_halves(char *at, uint64_t bytes, uint64_t folio)
{
	for (uint64_t i = 0; i < bytes; i += 2 * folio)
		if (munlock(at + i + folio, folio) < 0)
			return -1;
	return 0;
}

static enum outcome measure(struct bench *b, char *at, uint64_t bytes)
{
	uint64_t half = is_large(b) ? bench_int(b, "folio") / 2 : SMALL_HALF;
	uint64_t pages = bench_int(b, "size") / PAGE_BYTES, from, locked, to;
	int64_t counted;
	int ret;

	bench_start(b);
	from = bench_now();
	ret = mlock(at, bytes);
	locked = bench_now();
	ret = ret < 0 ? ret : unlock_halves(at, bytes, half);
	to = bench_now();
	bench_stop(b);
	if (ret < 0)
		return bench_broken(b, "%" PRIu64 " bytes: %s", bytes, strerror(errno));
	bench_ops(b, pages);
	bench_metric(b, "mlock", (double)(locked - from) / (double)pages);
	bench_metric(b, "partial", 2 * (double)(to - locked) / (double)pages);
	counted = bench_locked_pages(b);
	bench_metric(b, "short", (double)((int64_t)(bytes / PAGE_BYTES / 2) - counted));
	if (counted > (int64_t)(bytes / PAGE_BYTES / 2))
		return bench_fail(b, "%" PRId64 " pages count as locked, %" PRIu64 " are", counted,
				  bytes / PAGE_BYTES / 2);
	return OUTCOME_OK;
}

static void unmap(struct bench *b, char *at, uint64_t bytes)
{
	uint64_t from = bench_now();

	munmap(at, bytes);
	bench_metric(b, "unmap",
		     (double)(bench_now() - from) / (double)(bench_int(b, "size") / PAGE_BYTES));
}

static enum outcome iterate(struct bench *b)
{
	uint64_t unit = is_large(b) ? bench_int(b, "folio") : 2 * SMALL_HALF;
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / unit) * unit;
	enum outcome outcome;
	struct err err;
	void *at = memory_place(bytes, 0, &err);

	if (!at)
		return bench_broken(b, "%s", err.text);
	if (fill(b, at, bytes, &err) < 0) {
		munmap(at, bytes);
		return bench_broken(b, "%s", err.text);
	}
	outcome = measure(b, at, bytes);
	unmap(b, at, bytes);
	return outcome;
}

static const char *feature(struct bench *b)
{
	char *path = size_file(b, switch_of(b));
	bool there = !is_large(b) || access(path, W_OK) == 0;

	free(path);
	return there ? NULL
		     : "needs folios of that size (" SIZES
		       "NkB, Linux 6.8, of shmem 6.11) and root";
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size"));
}

const struct workload mlock_folios = {
	.name = "mlock-folios",
	.help = "mlock(2) of large folios, munlock(2) of half of each",
	.params =
		(const struct param[]){
			{"size", "of the memory", PARAM_SIZE, "8M", 65536, 1ull << 34, NULL},
			{"folio", "size of a folio", PARAM_SIZE, "64K", 4096, 2 << 20, NULL},
			{"memory", "what it maps", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"mlock", "ns/page", "mlock(2) of all of it", BETTER_LOWER, true},
			{"partial", "ns/page", "munlock(2) of half of each folio", BETTER_LOWER,
			 true},
			{"unmap", "ns/page", "munmap(2) of it then", BETTER_LOWER, true},
			{"short", "pages", "locked, and not in Mlocked then", BETTER_LOWER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memory, .feature = feature},
	.control = "folio=4K",
	.changes = (const char *const[]){SIZES "*/enabled", SIZES "*/shmem_enabled", NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
