/*
 * How long a touch of mlocked memory takes at worst while the kernel compacts memory: locked is not
 * pinned, and a touch of a page that compaction moves at the moment faults and waits for the move.
 * allowed=0 sets vm.compact_unevictable_allowed so that compaction leaves locked pages where they
 * are.
 *
 * Every other page of a mapping is given back, so that there is something to compact, and the rest
 * locked by mlock2(MLOCK_ONFAULT), which leaves the holes; on a small machine it stands at low
 * addresses, which compaction clears. One process reads a word of each locked page, round by round,
 * and notes the slowest touch of each; another asks for a compaction `compactions` times (the
 * control: none), and the reader goes on until it has ended and for one round more. `moved` is the
 * share of the locked pages that stand in another frame then: none with allowed=0, whatever else
 * was moved (pgmigrate_success counts all). On one CPU the tail is the scheduler's: it takes two
 * for it to say anything of compaction.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/accounting.h"
#include "workloads/crew.h"
#include "workloads/hugepool.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define ALLOWED "/proc/sys/vm/compact_unevictable_allowed"
#define TOP (1ull << 30)
#define COMPACT "/proc/sys/vm/compact_memory"

/* What both processes and we see. */
struct shared {
	atomic_bool done;
	char *at;		     /* where in the reader the pages stand */
	uint64_t touches, slowest[]; /* by page */
};

struct state {
	struct knob allowed;
	struct shared *shared;
	uint64_t pages;	     /* that are locked */
	uint64_t *frames[2]; /* where each stood before, and where it stands after */
};

static uint64_t shared_bytes(const struct state *s)
{
	return sizeof(*s->shared) + s->pages * sizeof(uint64_t);
}

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->pages = bench_injected(b, bench_int(b, "size") / PAGE_BYTES);
	s->shared = mmap(NULL, shared_bytes(s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	if (s->shared == MAP_FAILED)
		return bench_broken(b, "no memory to note %" PRIu64 " times in", s->pages);
	s->frames[0] = xcalloc(2 * s->pages, sizeof(uint64_t));
	s->frames[1] = s->frames[0] + s->pages;
	if (knob_set(&s->allowed, ALLOWED, bench_text(b, "allowed"), &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

/*
 * Three quarters of the memory that is free, TOP at most, in huge pages: taken first and given back
 * before anything is compacted, it leaves what is locked at low addresses. Memory is handed out
 * from the top, and compaction moves pages from the bottom into holes at the top. NULL: there is
 * none to be had.
 */
static char *take_top(uint64_t *bytes)
{
	uint64_t all = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * PAGE_BYTES;
	char *at;

	*bytes = (all / 4 * 3 < TOP ? all / 4 * 3 : TOP) / HUGE_BYTES * HUGE_BYTES;
	at = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		  -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	madvise(at, *bytes, MADV_HUGEPAGE);
	memory_touch(at, *bytes, true);
	return at;
}

static int lock_and_hole(struct bench *b, struct state *s, struct err *err)
{
	uint64_t bytes = 2 * s->pages * PAGE_BYTES;
	char *at = memory_place(bytes, (unsigned)bench_random(b), err);

	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, err))
		return -1;
	s->shared->at = at;
	memory_touch(at, bytes, true);
	for (uint64_t i = 0; i < s->pages; i++)
		if (madvise(at + (2 * i + 1) * PAGE_BYTES, PAGE_BYTES, MADV_DONTNEED) < 0)
			return err_sys(err, "MADV_DONTNEED");
	if (bench_is(b, "lock", "none"))
		return 0;
	return mlock2(at, bytes, MLOCK_ONFAULT) < 0 ? err_sys(err, "mlock2") : 0;
}

/* Member 0 reads, member 1 compacts. */
static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	uint64_t bytes;
	char *top;
	int ret;

	memory_touch(s->shared, shared_bytes(s), false);
	if (member)
		return 0;
	bench_huge_pages(b, true);
	top = take_top(&bytes);
	bench_huge_pages(b, false);
	ret = lock_and_hole(b, s, err);
	if (top)
		munmap(top, bytes);
	return ret;
}

static void read_round(struct state *s)
{
	uint64_t before = bench_now(), now;

	for (uint64_t i = 0; i < s->pages; i++, before = now) {
		(void)*(volatile char *)(s->shared->at + 2 * i * PAGE_BYTES);
		now = bench_now();
		if (now - before > s->shared->slowest[i])
			s->shared->slowest[i] = now - before;
	}
	s->shared->touches += s->pages;
}

static int run(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	bool last = false;

	if (member == 0) {
		while (!last) {
			last = atomic_load(&s->shared->done);
			read_round(s);
		}
		return 0;
	}
	for (uint64_t i = bench_int(b, "compactions"); i; i--)
		if (knob_write(COMPACT, "1", err) < 0)
			return -1;
	atomic_store(&s->shared->done, true);
	return 0;
}

/* The frames of the reader's pages, from its page map: of a page and a hole by turns. */
static int read_frames(const struct state *s, pid_t reader, uint64_t *frames, struct err *err)
{
	const uint64_t present = 1ull << 63, frame = (1ull << 55) - 1;
	char *path = xasprintf("/proc/%d/pagemap", (int)reader);
	int fd = open(path, O_RDONLY | O_CLOEXEC),
	    ret = fd < 0 ? err_sys(err, "cannot open '%s'", path) : 0;

	for (uint64_t i = 0; ret == 0 && i < s->pages; i++) {
		off_t at = (off_t)((uintptr_t)s->shared->at / PAGE_BYTES + 2 * i) *
			   (off_t)sizeof(*frames);

		if (pread(fd, &frames[i], sizeof(*frames), at) != sizeof(*frames))
			ret = err_sys(err, "cannot read '%s'", path);
		else if (!(frames[i] & present) || !(frames[i] & frame))
			ret = err_set(err, "'%s' names no frame of page %" PRIu64, path, i);
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return ret;
}

static double moved(const struct state *s)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < s->pages; i++)
		n += s->frames[0][i] != s->frames[1][i];
	return (double)n / (double)s->pages;
}

static enum outcome judge(struct bench *b, const struct state *s)
{
	int64_t right = bench_is(b, "lock", "none") ? 0 : (int64_t)s->pages, locked;

	bench_ops(b, s->shared->touches);
	bench_metric(b, "moved", moved(s));
	for (uint64_t i = 0; i < s->pages; i++)
		bench_latency(b, s->shared->slowest[i]);
	bench_percentiles(b);
	locked = bench_locked_pages(b);
	if (llabs(locked - right) > 16)
		return bench_fail(b, "%" PRId64 " pages count as locked, %" PRId64 " are", locked,
				  right);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct crew c;
	struct err err;

	for (uint64_t i = 0; i < s->pages; i++)
		s->shared->slowest[i] = 0;
	s->shared->touches = 0;
	atomic_store(&s->shared->done, false);
	outcome = crew_gather(b, &c, 2, prepare, run, s);
	if (outcome == OUTCOME_OK) {
		accounting_settle();
		if (read_frames(s, c.pids[0], s->frames[0], &err) < 0)
			outcome = bench_broken(b, "%s", err.text);
	}
	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		if (outcome == OUTCOME_OK && read_frames(s, c.pids[0], s->frames[1], &err) < 0)
			outcome = bench_broken(b, "%s", err.text);
		if (outcome == OUTCOME_OK)
			outcome = judge(b, s);
	}
	crew_dismiss(&c);
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	free(s->frames[0]);
	knob_restore(&s->allowed);
}

static const char *feature(struct bench *b)
{
	(void)b;
	return access(COMPACT, W_OK) == 0 ? NULL : "needs compaction (CONFIG_COMPACTION) and root";
}

static uint64_t memory(struct bench *b)
{
	return 3 * bench_injected(b, bench_int(b, "size"));
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "none") ? 0 : 2 * bench_injected(b, bench_int(b, "size"));
}

const struct workload rt_fault = {
	.name = "rt-fault",
	.help = "slowest touches of mlocked memory during compaction",
	.params =
		(const struct param[]){
			{"size", "of what is locked", PARAM_SIZE, "8M", 65536, 1ull << 34, NULL},
			{"compactions", "that are asked for meanwhile", PARAM_INT, "4", 0, 1000,
			 NULL},
			{"allowed", "vm.compact_unevictable_allowed", PARAM_ENUM, "1", 0, 0, "0|1"},
			{"lock", "mlock it, or not", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"touch", "ns/touch", "all of it by the touches made", BETTER_NEITHER,
			 true},
			{"p50", "ns", "a page's slowest touch, median", BETTER_LOWER, true},
			{"p99", "ns", "a page's slowest touch, 99th percentile", BETTER_LOWER,
			 true},
			{"p9999", "ns", "the same, 99.99th: max below 10 000 pages", BETTER_LOWER,
			 true},
			{"max", "ns", "the slowest touch", BETTER_LOWER, true},
			{"moved", "share", "of the locked pages that stand elsewhere then",
			 BETTER_LOWER, false},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "compactions=0",
	.changes = (const char *const[]){ALLOWED, NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
