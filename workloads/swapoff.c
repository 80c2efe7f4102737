/*
 * swapoff(2) of a device that holds memory of several processes: all of it must be found and read
 * back, for anonymous memory in the page tables of every process, for shmem in the page cache of
 * every file.
 *
 * The device is a RAM disk, so that reading is a copy. Nothing is locked, so there is no control.
 * pswpin grows by the pages.
 */
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/swap.h"
#include "workloads/workload.h"

static uint64_t bytes_each(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
}

static int fill_and_page_out(struct bench *b, int member, void *arg, struct err *err)
{
	bool anon = bench_is(b, "memory", "anon");
	uint64_t bytes = bytes_each(b);
	int fd = anon ? -1 : memory_file("tmpfs", bytes, err);
	void *at;

	(void)member;
	(void)arg;
	if (!anon && fd < 0)
		return -1;
	at = memory_place(bytes, (unsigned)bench_random(b), err);
	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, anon ? MAP_PRIVATE : MAP_SHARED,
			       fd, err))
		return -1;
	memory_touch(at, bytes, true);
	return madvise(at, bytes, MADV_PAGEOUT) < 0 ? err_sys(err, "MADV_PAGEOUT") : 0;
}

static uint64_t swapped_pages(void)
{
	struct sysinfo i;

	return sysinfo(&i) < 0 ? 0 : (i.totalswap - i.freeswap) * i.mem_unit / PAGE_BYTES;
}

static enum outcome measure(struct bench *b, uint64_t pages)
{
	struct crew c;
	enum outcome outcome =
		crew_gather(b, &c, (int)bench_int(b, "procs"), fill_and_page_out, NULL, NULL);
	uint64_t swapped = swapped_pages();
	struct err err;
	int ret;

	/* A few pages may be busy at the time; more would be another measurement. */
	if (outcome == OUTCOME_OK && swapped < pages - pages / 20)
		outcome = bench_broken(b, "%llu of %llu pages went to swap",
				       (unsigned long long)swapped, (unsigned long long)pages);
	if (outcome == OUTCOME_OK) {
		bench_start(b);
		ret = swap_stop(&err);
		bench_stop(b);
		bench_ops(b, bench_int(b, "procs") * (bench_int(b, "size") / PAGE_BYTES));
		if (ret < 0)
			outcome = bench_broken(b, "%s", err.text);
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t pages = bench_int(b, "procs") * (bytes_each(b) / PAGE_BYTES);
	enum outcome outcome;
	struct err err;

	if (swap_on(2 * pages * PAGE_BYTES, &err) < 0)
		return bench_broken(b, "%s", err.text);
	outcome = measure(b, pages);
	if (outcome != OUTCOME_OK)
		swap_stop(&err);
	swap_remove();
	return outcome;
}

static const char *feature(struct bench *b)
{
	(void)b;
	return swap_missing();
}

/* In memory, and on the RAM disk. */
static uint64_t memory(struct bench *b)
{
	return bench_int(b, "procs") * (2 * bytes_each(b) + (256 << 10));
}

const struct workload swapoff_busy = {
	.name = "swapoff",
	.help = "swapoff with memory of several processes on the device",
	.params =
		(const struct param[]){
			{"procs", "processes", PARAM_INT, "4", 1, 1024, NULL},
			{"size", "that each has there", PARAM_SIZE, "4M", 65536, 1ull << 34, NULL},
			{"memory", "of what kind", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"swapoff", "ns/page", "swapoff(2), per page out there", BETTER_LOWER,
			 true},
			{0},
		},
	.needs = {.root = true, .memory = memory, .feature = feature},
	.slack_pages = 16,
	.iterate = iterate,
};
