/*
 * Reclaim in a memory cgroup that holds VM_LOCKED transparent huge pages: up to Linux 5.17 one that
 * two processes map is not mlocked by mlock(2), so that reclaim meets it on an evictable list,
 * splits it (its page table entry at least), and only then finds that it must not go.
 *
 * The pages are shared with a forked child and locked by their owner, who then writes as much other
 * memory as the cgroup has room for plus what must be reclaimed, to swap on a RAM disk. `splits`
 * are the entries and pages split (thp_split_pmd + thp_split_page) for each locked huge page: none
 * would be right. The control locks nothing, and has them swapped. pswpout grows by the pages
 * reclaimed, and thp_split_pmd where there were splits.
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
#include "workloads/memory.h"
#include "workloads/swap.h"
#include "workloads/workload.h"

/* For the stream itself, page tables and the like. */
#define SPARE (4u << 20)

struct state {
	struct cgroup group;
	uint64_t huge, stream;
	char *at; /* in the owner: where the stream goes */
};

/* KiB of huge pages in our anonymous memory. */
static uint64_t huge_kib(void)
{
	struct str text = STR_INIT;
	struct err err;
	uint64_t kib = 0;
	char *at;

	if (fs_read("/proc/self/smaps_rollup", &text, &err) == 0) {
		at = strstr(str_text(&text), "AnonHugePages:");
		kib = at ? strtoull(at + strlen("AnonHugePages:"), NULL, 10) : 0;
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

static int map_huge(struct bench *b, struct state *s, struct err *err)
{
	void *at = memory_place(s->huge, 0, err);

	if (!at || !memory_map(at, s->huge, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1, err))
		return -1;
	if (madvise(at, s->huge, MADV_HUGEPAGE) < 0)
		return err_sys(err, "MADV_HUGEPAGE");
	memory_touch(at, s->huge, true);
	if (huge_kib() < s->huge >> 10)
		return err_set(err, "%llu of %llu KiB became huge pages",
			       (unsigned long long)huge_kib(), (unsigned long long)s->huge >> 10);
	if (share(err) < 0)
		return -1;
	/* Else populating it would break the sharing. */
	if (mprotect(at, s->huge, PROT_READ) < 0)
		return err_sys(err, "mprotect");
	return bench_is(b, "lock", "mlock") ? memory_lock(at, s->huge, err) : 0;
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
	int64_t steal = cgroup_get(&s->group, "memory.stat", "pgsteal"), before = splits();
	uint64_t elapsed;

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		elapsed = bench_stop(b);
		steal = cgroup_get(&s->group, "memory.stat", "pgsteal") - steal;
		bench_metric(b, "splits", (double)(splits() - before) /
						  (double)(s->huge / HUGE_BYTES));
		if (steal > 0)
			bench_metric(b, "reclaim", (double)elapsed / (double)steal);
		else if (outcome == OUTCOME_OK)
			outcome = bench_broken(b, "nothing was reclaimed");
	}
	crew_dismiss(&c);
	return outcome;
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
	.params = (const struct param[]){
		{"huge", "huge pages that are locked", PARAM_INT, "4", 1, 4096, NULL},
		{"stream", "of other memory written then", PARAM_SIZE, "16M", 8 << 20, 1ull << 34,
		 NULL},
		{"lock", "mlock the huge pages, or only map them", PARAM_ENUM, "mlock", 0, 0,
		 "mlock|none"},
		{0},
	},
	.metrics = (const struct metric[]){
		{"reclaim", "ns/page", "of the stream, per page reclaimed", BETTER_LOWER, true},
		{"splits", "splits/hugepage", "of huge pages and their entries", BETTER_LOWER, false},
		{0},
	},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.changes = (const char *const[]){CGROUP_CHANGES, NULL},
	.slack_pages = 16,
	.iterate = iterate,
};
