/*
 * Reclaim in a memory cgroup that holds VM_LOCKED transparent huge pages which Mlocked misses, so
 * that reclaim meets them on an evictable list, splits them, and only then finds that they must not
 * go.
 *
 * memory=anon: pages shared with a forked child and locked by their owner, which up to Linux 5.17
 * mlock(2) does not count; what is split is the page table entry at least. memory=shmem: pages of a
 * file that are faulted in under MLOCK_ONFAULT, which up to 5.17 nobody counts; what is split is
 * the page itself, before its mappings are looked at (thp_split_page).
 *
 * Their owner then writes as much other memory as the cgroup has room for plus what must be
 * reclaimed, to swap on a RAM disk. `splits` are the entries and pages split (thp_split_pmd +
 * thp_split_page) for each locked huge page: none would be right. The control locks nothing, and
 * has them swapped. pswpout grows by the pages reclaimed, and thp_split_pmd where there were
 * splits.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/accounting.h"
#include "workloads/cgroup.h"
#include "workloads/crew.h"
#include "workloads/hugepool.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/swap.h"
#include "workloads/workload.h"

#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
/* For the stream itself, page tables and the like. */
#define SPARE (4u << 20)

struct state {
	struct cgroup group;
	struct knob shmem;
	uint64_t huge, stream;
	char *at; /* in the owner: where the stream goes */
};

/* KiB that we map by huge pages, of anonymous memory or of shmem. */
static uint64_t huge_kib(const char *field)
{
	struct str text = STR_INIT;
	struct err err;
	uint64_t kib = 0;
	char *at;

	if (fs_read("/proc/self/smaps_rollup", &text, &err) == 0) {
		at = strstr(str_text(&text), field);
		kib = at ? strtoull(at + strlen(field), NULL, 10) : 0;
	}
	str_release(&text);
	return kib;
}

/* A child that does nothing but map what we map, as long as we live. */
static int share(struct err *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(err, "fork");
	if (pid)
		return 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int check_huge(const struct state *s, const char *field, struct err *err)
{
	uint64_t kib = huge_kib(field);

	if (kib >= s->huge >> 10)
		return 0;
	return err_set(err, "%llu of %llu KiB became huge pages", (unsigned long long)kib,
		       (unsigned long long)s->huge >> 10);
}

static int map_anon(struct bench *b, struct state *s, void *at, struct err *err)
{
	if (!memory_map(at, s->huge, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, err))
		return -1;
	if (madvise(at, s->huge, MADV_HUGEPAGE) < 0)
		return err_sys(err, "MADV_HUGEPAGE");
	memory_touch(at, s->huge, true);
	if (check_huge(s, "AnonHugePages:", err) < 0 || share(err) < 0)
		return -1;
	/* Else populating it would break the sharing. */
	if (mprotect(at, s->huge, PROT_READ) < 0)
		return err_sys(err, "mprotect");
	return bench_is(b, "lock", "mlock") ? memory_lock(at, s->huge, err) : 0;
}

static int map_shmem(struct bench *b, struct state *s, void *at, struct err *err)
{
	int fd = memory_file("tmpfs", 0, err);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, (off_t)s->huge) < 0)
		return err_sys(err, "a sparse file");
	if (!memory_map(at, s->huge, PROT_READ | PROT_WRITE, MAP_SHARED, fd, err))
		return -1;
	close(fd);
	if (madvise(at, s->huge, MADV_HUGEPAGE) < 0)
		return err_sys(err, "MADV_HUGEPAGE");
	if (bench_is(b, "lock", "mlock") && mlock2(at, s->huge, MLOCK_ONFAULT) < 0)
		return err_sys(err, "mlock2");
	memory_touch(at, s->huge, true);
	return check_huge(s, "ShmemPmdMapped:", err);
}

static int map_huge(struct bench *b, struct state *s, struct err *err)
{
	void *at = memory_place(s->huge, 0, err);

	if (!at)
		return -1;
	return bench_is(b, "memory", "shmem") ? map_shmem(b, s, at, err) : map_anon(b, s, at, err);
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	bench_huge_pages(b, true);
	if (cgroup_enter(&s->group, 0, err) < 0 || map_huge(b, s, err) < 0)
		return -1;
	s->at = memory_place(s->stream, (unsigned)bench_random(b), err);
	if (!s->at || !memory_map(s->at, s->stream, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, err))
		return -1;
	return madvise(s->at, s->stream, MADV_NOHUGEPAGE) < 0 ? err_sys(err, "MADV_NOHUGEPAGE") : 0;
}

static int stream(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)b;
	(void)member;
	(void)err;
	memory_touch(s->at, s->stream, true);
	return 0;
}

/* Splits so far, or -1. */
static int64_t splits(void)
{
	struct vmstat now;
	struct err err;

	if (vmstat_read(&now, &err) < 0)
		return -1;
	return vmstat_get(&now, "thp_split_pmd") + vmstat_get(&now, "thp_split_page");
}

static enum outcome measure(struct bench *b, struct state *s)
{
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, 1, prepare, stream, s);
	int64_t counted = bench_locked_pages(b);
	int64_t steal = cgroup_get(&s->group, "memory.stat", "pgsteal"), before = splits();
	uint64_t elapsed;

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		elapsed = bench_stop(b);
		steal = cgroup_get(&s->group, "memory.stat", "pgsteal") - steal;
		bench_metric(b, "splits",
			     (double)(splits() - before) / (double)(s->huge / HUGE_BYTES));
		bench_metric(b, "counted", (double)counted / (double)(s->huge / HUGE_BYTES));
		if (steal > 0)
			bench_metric(b, "reclaim", (double)elapsed / (double)steal);
		else if (outcome == OUTCOME_OK)
			outcome = bench_broken(b, "nothing was reclaimed");
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	if (bench_is(b, "memory", "shmem") &&
	    knob_set(&s->shmem, SHMEM_ENABLED, "advise", &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	knob_restore(&s->shmem);
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct err err;

	s->huge = bench_int(b, "huge") * HUGE_BYTES;
	s->stream = bench_injected(b, bench_int(b, "stream") / PAGE_BYTES) * PAGE_BYTES;
	if (swap_on(2 * (s->huge + s->stream), &err) < 0)
		return bench_broken(b, "%s", err.text);
	if (cgroup_make(&s->group, s->huge + SPARE, &err) < 0) {
		outcome = bench_broken(b, "%s", err.text);
	} else {
		outcome = measure(b, s);
		cgroup_remove(&s->group);
	}
	if (swap_off(&err) < 0 && outcome == OUTCOME_OK)
		outcome = bench_broken(b, "%s", err.text);
	return outcome;
}

static const char *feature(struct bench *b)
{
	(void)b;
	if (knob_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size") != HUGE_BYTES)
		return "needs transparent huge pages of 2 MiB";
	return cgroup_missing() ? cgroup_missing() : swap_missing();
}

static uint64_t memory(struct bench *b)
{
	return bench_int(b, "huge") * HUGE_BYTES + SPARE +
	       2 * bench_injected(b, bench_int(b, "stream"));
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_int(b, "huge") * HUGE_BYTES : 0;
}

const struct workload reclaim_mlocked_thp = {
	.name = "reclaim-mlocked-thp",
	.help = "reclaim in a memory cgroup with mlocked huge pages",
	.params =
		(const struct param[]){
			{"huge", "huge pages that are locked", PARAM_INT, "4", 1, 4096, NULL},
			{"stream", "of other memory written then", PARAM_SIZE, "16M", 8 << 20,
			 1ull << 34, NULL},
			{"memory", "what they are of", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{"lock", "mlock the huge pages, or only map them", PARAM_ENUM, "mlock", 0,
			 0, "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"reclaim", "ns/page", "of the stream, per page reclaimed", BETTER_LOWER,
			 true},
			{"splits", "splits/hugepage", "of huge pages and their entries",
			 BETTER_LOWER, false},
			{"counted", "pages/hugepage", "in Mlocked before", BETTER_NEITHER, false},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.changes = (const char *const[]){CGROUP_CHANGES, SHMEM_ENABLED, NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
