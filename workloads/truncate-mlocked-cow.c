/*
 * ftruncate(2) to nothing of a file under a private mapping whose pages were all written (so that
 * they are private copies) and mlocked: the truncation must free them and take them off Mlocked.
 * Before Linux 3.7 such pages were freed while still locked; up to 5.17 clear_page_mlock() cleared
 * up, since then unmapping a page munlocks it.
 *
 * race=munlock unlocks the same range from another thread meanwhile. unevictable_pgs_munlocked
 * grows by the pages, or up to 5.17 unevictable_pgs_cleared. When the file is empty, nothing may
 * count as locked any more, though the mapping stands.
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
	atomic_bool go;
	char *at;
	uint64_t bytes;
};

static void *unlock(void *arg)
{
	struct race *r = arg;

	while (!atomic_load(&r->go))
		sched_yield();
	munlock(r->at, r->bytes);
	return NULL;
}

static enum outcome measure(struct bench *b, int fd, char *at, uint64_t bytes)
{
	bool raced = bench_is(b, "race", "munlock");
	struct race r = {.at = at, .bytes = bytes};
	int64_t locked;
	struct err err;
	int ret;

	memory_touch(at, bytes, true);
	if (bench_is(b, "lock", "mlock") && memory_lock(at, bytes, &err) < 0)
		return bench_broken(b, "%s", err.text);
	if (raced && pthread_create(&r.thread, NULL, unlock, &r) != 0)
		return bench_broken(b, "no second thread for the race");
	bench_start(b);
	atomic_store(&r.go, true);
	ret = ftruncate(fd, 0);
	bench_stop(b);
	if (raced)
		pthread_join(r.thread, NULL);
	if (ret < 0)
		return bench_broken(b, "ftruncate: %s", strerror(errno));
	bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
	locked = bench_locked_pages(b);
	return locked ? bench_fail(b, "%" PRId64 " pages stay locked, none would be right", locked)
		      : OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	uint64_t bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	enum outcome outcome;
	struct err err;
	int fd = memory_file(bench_text(b, "file"), bytes, &err);
	void *at = fd < 0 ? NULL : memory_place(bytes, (unsigned)bench_random(b), &err);

	if (!at || !memory_map(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, &err)) {
		outcome = bench_broken(b, "%s", err.text);
	} else {
		outcome = measure(b, fd, at, bytes);
		munmap(at, bytes);
	}
	if (fd >= 0)
		close(fd);
	return outcome;
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
	.params = (const struct param[]){
		{"size", "of the file", PARAM_SIZE, "2M", 4096, 1ull << 34, NULL},
		{"file", "tmpfs, or a directory to make the file in", PARAM_TEXT, "tmpfs", 0, 0, NULL},
		{"race", "what another thread does meanwhile", PARAM_ENUM, "none", 0, 0,
		 "none|munlock"},
		{"lock", "mlock the copies, or not", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
		{0},
	},
	.metrics = (const struct metric[]){
		{"truncate", "ns/page", "ftruncate(2), per page of the file", BETTER_LOWER, true},
		{0},
	},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
