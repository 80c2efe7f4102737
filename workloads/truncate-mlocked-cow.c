/*
 * ftruncate(2) to nothing of a file under a private mapping whose pages were all written (so that
 * they are private copies) and mlocked: the truncation must free them and take them off Mlocked.
 * Before Linux 3.7 such pages were freed while still locked; up to 5.17 clear_page_mlock() cleared
 * up, since then unmapping a page munlocks it.
 *
 * race=munlock unlocks the same range from another thread meanwhile. It is done over until the two
 * calls overlapped: `overlap` is the share of the truncation in which the other ran.
 *
 * unevictable_pgs_munlocked grows by the pages, or up to 5.17 unevictable_pgs_cleared, which since
 * counts pages that were freed while they still counted as locked. When the file is empty, nothing
 * may count as locked any more, though the mapping stands.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/memory.h"
#include "workloads/workload.h"

struct race {
	pthread_t thread;
	atomic_bool ready, go;
	char *at;
	uint64_t bytes, began, ended;
};

#define OVERLAP 0.1
#define TRIES 50

static void *unlock(void *arg)
{
	struct race *r = arg;

	atomic_store(&r->ready, true);
	while (!atomic_load(&r->go))
		;
	r->began = bench_now();
	munlock(r->at, r->bytes);
	r->ended = bench_now();
	return NULL;
}

/* The share of from..to in which the other thread was at it. */
static double overlap(const struct race *r, uint64_t from, uint64_t to)
{
	uint64_t begin = r->began > from ? r->began : from, end = r->ended < to ? r->ended : to;

	return end > begin && to > from ? (double)(end - begin) / (double)(to - from) : 0;
}

static enum outcome measure(struct bench *b, int fd, char *at, uint64_t bytes, double *overlapped)
{
	bool raced = bench_is(b, "race", "munlock");
	struct race r = {.at = at, .bytes = bytes};
	uint64_t from, to;
	int64_t locked;
	struct err err;
	int ret;

	memory_touch(at, bytes, true);
	if (bench_is(b, "lock", "mlock") && memory_lock(at, bytes, &err) < 0)
		return bench_broken(b, "%s", err.text);
	if (raced && pthread_create(&r.thread, NULL, unlock, &r) != 0)
		return bench_broken(b, "no second thread for the race");
	while (raced && !atomic_load(&r.ready))
		sched_yield();
	bench_start(b);
	from = bench_now();
	atomic_store(&r.go, true);
	ret = ftruncate(fd, 0);
	to = bench_now();
	bench_stop(b);
	if (raced)
		pthread_join(r.thread, NULL);
	*overlapped = overlap(&r, from, to);
	if (ret < 0)
		return bench_broken(b, "ftruncate: %s", strerror(errno));
	bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
	locked = bench_locked_pages(b);
	return locked ? bench_fail(b, "%" PRId64 " pages stay locked, none would be right", locked)
		      : OUTCOME_OK;
}

static enum outcome once(struct bench *b, double *overlapped)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	enum outcome outcome;
	struct err err;
	int fd = memory_file(bench_text(b, "file"), bytes, &err);
	void *at = fd < 0 ? NULL : memory_place(bytes, (unsigned)bench_random(b), &err);

	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, &err)) {
		outcome = bench_broken(b, "%s", err.text);
	} else {
		outcome = measure(b, fd, at, bytes, overlapped);
		munmap(at, bytes);
	}
	if (fd >= 0)
		close(fd);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	bool raced = bench_is(b, "race", "munlock");
	enum outcome outcome = OUTCOME_OK;
	double overlapped = 0;

	for (int i = 0; i < TRIES && outcome == OUTCOME_OK && overlapped < OVERLAP; i++) {
		outcome = once(b, &overlapped);
		if (!raced)
			return outcome;
	}
	if (outcome == OUTCOME_OK && overlapped < OVERLAP)
		return bench_broken(b, "of %d truncations none met the munlock", TRIES);
	bench_metric(b, "overlap", overlapped);
	return outcome;
}

static const char *feature(struct bench *b)
{
	return bench_is(b, "race", "munlock") && sysconf(_SC_NPROCESSORS_ONLN) < 2
		       ? "needs 2 CPUs for a race"
		       : NULL;
}

/* The file and the copies. */
static uint64_t memory(struct bench *b)
{
	return 2 * bench_injected(b, bench_int(b, "size"));
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "size")) : 0;
}

const struct workload truncate_mlocked_cow = {
	.name = "truncate-mlocked-cow",
	.help = "truncate a file whose mlocked private copies are mapped",
	.params =
		(const struct param[]){
			{"size", "of the file", PARAM_SIZE, "2M", 4096, 1ull << 34, NULL},
			{"file", "tmpfs, or a directory to make the file in", PARAM_TEXT, "tmpfs",
			 0, 0, NULL},
			{"race", "what another thread does meanwhile", PARAM_ENUM, "none", 0, 0,
			 "none|munlock"},
			{"lock", "mlock the copies, or not", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"truncate", "ns/page", "ftruncate(2), per page of the file", BETTER_LOWER,
			 true},
			{"overlap", "share", "of the truncation in which the munlock of a race ran",
			 BETTER_NEITHER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
