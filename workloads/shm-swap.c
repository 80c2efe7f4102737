/*
 * Shmem swapped out (MADV_PAGEOUT) and in again (read), and every word checked: the swap paths of
 * shmem, whose pages move between page cache and swap cache.
 *
 * The device is a RAM disk, so that input and output are copies. A word that comes back other than
 * it was written is a failure. Nothing is locked, so there is no control. pswpout and pswpin grow
 * by the pages.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/memory.h"
#include "workloads/swap.h"
#include "workloads/workload.h"

/* One word a page is enough to tell pages apart, and cheap beside the swapping. */
static uint64_t word(uint64_t seed, uint64_t page)
{
	return (seed + page) * 0x9e3779b97f4a7c15;
}

static void write_words(char *at, uint64_t pages, uint64_t seed)
{
	for (uint64_t i = 0; i < pages; i++)
		*(volatile uint64_t *)(at + i * PAGE_BYTES) = word(seed, i);
}

static uint64_t wrong_words(const char *at, uint64_t pages, uint64_t seed)
{
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < pages; i++)
		wrong += *(const volatile uint64_t *)(at + i * PAGE_BYTES) != word(seed, i);
	return wrong;
}

static enum outcome measure(struct bench *b, char *at, uint64_t pages)
{
	uint64_t seed = bench_random(b), ops = bench_int(b, "size") / PAGE_BYTES, wrong, t0, t1, t2;
	int ret;

	write_words(at, pages, seed);
	bench_start(b);
	t0 = bench_now();
	ret = madvise(at, pages * PAGE_BYTES, MADV_PAGEOUT);
	t1 = bench_now();
	wrong = wrong_words(at, pages, seed);
	t2 = bench_now();
	bench_stop(b);
	if (ret < 0)
		return bench_broken(b, "MADV_PAGEOUT: %s", strerror(errno));
	bench_ops(b, ops);
	bench_metric(b, "out", (double)(t1 - t0) / (double)ops);
	bench_metric(b, "in", (double)(t2 - t1) / (double)ops);
	if (wrong)
		return bench_fail(b, "%" PRIu64 " of %" PRIu64 " pages came back from swap wrong",
				  wrong, pages);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	enum outcome outcome;
	struct err err;
	int fd = memory_file("tmpfs", bytes, &err);
	void *at = fd < 0 ? NULL : memory_place(bytes, (unsigned)bench_random(b), &err);

	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, &err)) {
		outcome = bench_broken(b, "%s", err.text);
	} else {
		outcome = measure(b, at, bytes / PAGE_BYTES);
		munmap(at, bytes);
	}
	if (fd >= 0)
		close(fd);
	return outcome;
}

static enum outcome setup(struct bench *b)
{
	struct err err;

	return swap_on(2 * bench_injected(b, bench_int(b, "size")), &err) < 0
		       ? bench_broken(b, "%s", err.text)
		       : OUTCOME_OK;
}

static void teardown(struct bench *b)
{
	struct err err;

	(void)b;
	swap_off(&err);
}

static const char *feature(struct bench *b)
{
	(void)b;
	return swap_missing();
}

/* In memory, and on the RAM disk. */
static uint64_t memory(struct bench *b)
{
	return 2 * bench_injected(b, bench_int(b, "size"));
}

const struct workload shm_swap = {
	.name = "shm-swap",
	.help = "shmem swapped out and in, contents checked",
	.params =
		(const struct param[]){
			{"size", "of the file", PARAM_SIZE, "16M", 65536, 1ull << 34, NULL},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"cycle", "ns/page", "out and in", BETTER_LOWER, true},
			{"out", "ns/page", "MADV_PAGEOUT", BETTER_LOWER, true},
			{"in", "ns/page", "the read that faults it in", BETTER_LOWER, true},
			{0},
		},
	.needs = {.root = true, .memory = memory, .feature = feature},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
