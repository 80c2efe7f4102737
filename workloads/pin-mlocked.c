/*
 * Long-term pins of locked memory, and its unlocking while they are held, as of buffers that a
 * program mlocked and registered with io_uring: pinning looks each page up and takes a reference,
 * and munlock(2) or munmap(2) then must count and move pages that somebody else holds.
 *
 * `pin` is IORING_REGISTER_BUFFERS, `unlock` the munlock or munmap after it; the control does the
 * same unlocked, where end=munlock finds nothing to unlock. `error` is what still counts as Mlocked
 * then, with the pins held, and `pinned` says how many are. Memory in a movable zone (movablecore=
 * on the kernel's command line) is moved before it is pinned, which pgmigrate_success counts: where
 * that fails, because a batch holds a reference too, the call does.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/io_uring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/accounting.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

static int open_ring(void)
{
	struct io_uring_params p = {0};

	return (int)syscall(SYS_io_uring_setup, 1, &p);
}

/* The number of a line of /proc/vmstat, 0 where there is none. */
static double vmstat(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtod(at + strlen(name), NULL) : 0;
}

/* References that pins hold at the moment, one a page; exact, as what CPUs have not yet told is
 * added first. */
static double held(void)
{
	struct str text = STR_INIT;
	struct err ignored;
	double n;

	accounting_settle();
	fs_read("/proc/vmstat", &text, &ignored);
	n = vmstat(str_text(&text), "\nnr_foll_pin_acquired ") -
	    vmstat(str_text(&text), "\nnr_foll_pin_released ");
	str_release(&text);
	return n;
}

static int end(struct bench *b, void *at, uint64_t bytes)
{
	return bench_is(b, "end", "munmap") ? munmap(at, bytes) : munlock(at, bytes);
}

static enum outcome measure(struct bench *b, int ring, void *at, uint64_t bytes)
{
	uint64_t pages = bench_int(b, "size") / PAGE_BYTES, from, pinned, to;
	double before = held();
	struct iovec all = {at, bytes};
	int error = 0;

	bench_start(b);
	from = bench_now();
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &all, 1) < 0)
		error = errno;
	pinned = bench_now();
	if (!error && end(b, at, bytes) < 0)
		error = errno;
	to = bench_now();
	bench_stop(b);
	if (error)
		return bench_broken(b, "pinning %" PRIu64 " bytes, unlocking them: %s", bytes,
				    strerror(error));
	bench_ops(b, pages);
	bench_metric(b, "pin", (double)(pinned - from) / (double)pages);
	bench_metric(b, "unlock", (double)(to - pinned) / (double)pages);
	bench_metric(b, "pinned", held() - before);
	bench_metric(b, "error", (double)llabs(bench_locked_pages(b)));
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	int ring = open_ring();
	enum outcome outcome;
	struct err err;
	void *at;

	if (ring < 0)
		return bench_broken(b, "io_uring_setup: %s", strerror(errno));
	at = memory_map_new(-1, bytes, (unsigned)bench_random(b), &err);
	if (!at) {
		close(ring);
		return bench_broken(b, "%s", err.text);
	}
	memory_touch(at, bytes, true);
	if (bench_is(b, "lock", "mlock") && memory_lock(at, bytes, &err) < 0)
		outcome = bench_broken(b, "%s", err.text);
	else
		outcome = measure(b, ring, at, bytes);
	syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS, NULL, 0);
	close(ring);
	munmap(at, bytes);
	return outcome;
}

static const char *feature(struct bench *b)
{
	int ring = open_ring();

	(void)b;
	if (ring < 0)
		return errno == EPERM ? "needs io_uring, which kernel.io_uring_disabled forbids"
				      : "needs io_uring (CONFIG_IO_URING)";
	close(ring);
	return NULL;
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + (1 << 20);
}

/* What is registered counts once more. */
static uint64_t memlock(struct bench *b)
{
	return (bench_is(b, "lock", "none") ? 1 : 2) * bench_injected(b, bench_int(b, "size"));
}

const struct workload pin_mlocked = {
	.name = "pin-mlocked",
	.help = "long-term pins of mlocked memory, and its unlocking",
	.params =
		(const struct param[]){
			{"size", "of the memory", PARAM_SIZE, "4M", 4096, 1ull << 30, NULL},
			{"end", "what unlocks it while it is pinned", PARAM_ENUM, "munlock", 0, 0,
			 "munlock|munmap"},
			{"lock", "mlock it, or not", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"pin", "ns/page", "io_uring's registering of it", BETTER_LOWER, true},
			{"unlock", "ns/page", "munlock or munmap of it", BETTER_LOWER, true},
			{"pinned", "pages", "that are pinned then, as nr_foll_pin has it",
			 BETTER_NEITHER, false},
			{"error", "pages", "that count as Mlocked then", BETTER_LOWER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
