/*
 * A shmem file that many processes map with small pages, mlocked, collapsed into huge pages: to do
 * it the kernel unmaps each small page from every process. Linux 5.18 takes i_mmap_rwsem for read
 * there and flushes the TLB once for each page.
 *
 * how=madvise calls MADV_COLLAPSE (6.1 and later). how=khugepaged sets the daemon on it and takes
 * the time from what the daemon spent on the CPU (/proc/PID/schedstat), waiting left out; its
 * scanning is in that too. `shootdowns` are the TLB interrupts of all CPUs (/proc/interrupts), of
 * which one CPU has none. thp_collapse_alloc grows by the huge pages.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/crew.h"
#include "workloads/hugepool.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define THP "/sys/kernel/mm/transparent_hugepage/"

struct state {
	struct knob shmem, scan, sleep;
	int fd;
	uint64_t bytes;
};

/* The daemon sleeps for an hour unless woken, and then looks at everything in one go. */
static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	bench_huge_pages(b, true);
	s->bytes = bench_injected(b, bench_int(b, "huge")) * HUGE_BYTES;
	if (knob_set(&s->shmem, THP "shmem_enabled", "advise", &err) < 0 ||
	    knob_set(&s->sleep, THP "khugepaged/scan_sleep_millisecs", "3600000", &err) < 0 ||
	    knob_set(&s->scan, THP "khugepaged/pages_to_scan", "1000000", &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	knob_restore(&s->scan);
	knob_restore(&s->sleep);
	knob_restore(&s->shmem);
}

/* Small pages first: the file was filled before anyone advised otherwise. */
static void *map(struct state *s, bool lock, struct err *err)
{
	void *at = memory_place(s->bytes, 0, err);

	if (!at || !memory_map(at, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, err) ||
	    (lock && memory_lock(at, s->bytes, err) < 0))
		return NULL;
	memory_touch(at, s->bytes, true);
	return at;
}

static int map_and_lock(struct bench *b, int member, void *arg, struct err *err)
{
	(void)member;
	return map(arg, bench_is(b, "lock", "mlock"), err) ? 0 : -1;
}

/* Process id of a kernel thread, or 0. */
static int thread_named(const char *name)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int pid = 0;

	while (d && !pid && (e = readdir(d))) {
		char path[300], comm[32] = "";
		FILE *f;

		if (*e->d_name < '0' || *e->d_name > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (f && fgets(comm, sizeof(comm), f) && strcspn(comm, "\n") == strlen(name) &&
		    strncmp(comm, name, strlen(name)) == 0)
			pid = atoi(e->d_name);
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return pid;
}

/* Nanoseconds that it has run. */
static uint64_t ran(int pid)
{
	char path[40];
	long long n;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	n = knob_number(path);
	return n < 0 ? 0 : (uint64_t)n;
}

/* TLB shootdown interrupts, all CPUs. */
static uint64_t shootdowns(void)
{
	struct str text = STR_INIT;
	struct err err;
	uint64_t sum = 0;
	char *at;

	if (fs_read("/proc/interrupts", &text, &err) == 0) {
		at = strstr(str_text(&text), "TLB:");
		at = at ? at + 4 + strspn(at + 4, " ") : (char *)"";
		while (*at >= '0' && *at <= '9') {
			sum += strtoull(at, &at, 10);
			at += strspn(at, " ");
		}
	}
	str_release(&text);
	return sum;
}

/* KiB of huge pages in shmem, system wide. */
static uint64_t huge_kib(void)
{
	struct str text = STR_INIT;
	struct err err;
	uint64_t kib = 0;
	char *at;

	if (fs_read("/proc/meminfo", &text, &err) == 0) {
		at = strstr(str_text(&text), "ShmemHugePages:");
		kib = at ? strtoull(at + strlen("ShmemHugePages:"), NULL, 10) : 0;
	}
	str_release(&text);
	return kib;
}

static enum outcome by_khugepaged(struct bench *b, struct state *s, char *at, uint64_t *ns)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
	uint64_t before = huge_kib(), want = s->bytes >> 10;
	int pid = thread_named("khugepaged");
	uint64_t began = ran(pid);
	struct knob wake;
	struct err err;

	/* Twice: of shmem, Linux 6.1 tells the daemon only of what was advised already. */
	if (madvise(at, s->bytes, MADV_HUGEPAGE) < 0 || madvise(at, s->bytes, MADV_HUGEPAGE) < 0)
		return bench_broken(b, "MADV_HUGEPAGE: %s", strerror(errno));
	/* Writing it wakes the daemon. */
	if (knob_set(&wake, THP "khugepaged/scan_sleep_millisecs", "3600000", &err) < 0)
		return bench_broken(b, "%s", err.text);
	for (int i = 0; i < 1000 && huge_kib() - before < want; i++)
		nanosleep(&pause, NULL);
	nanosleep(&pause, NULL);
	knob_restore(&wake);
	*ns = ran(pid) - began;
	if (huge_kib() - before < want)
		return bench_broken(b,
				    "khugepaged made %" PRIu64 " KiB of %" PRIu64 " huge in 10 s",
				    huge_kib() - before, want);
	return OUTCOME_OK;
}

static enum outcome by_madvise(struct bench *b, struct state *s, char *at, uint64_t *ns)
{
	uint64_t began = bench_now();

	if (madvise(at, s->bytes, MADV_COLLAPSE) < 0)
		return bench_broken(b, "MADV_COLLAPSE: %s", strerror(errno));
	*ns = bench_now() - began;
	return OUTCOME_OK;
}

static enum outcome measure(struct bench *b, struct state *s, char *at)
{
	uint64_t before = shootdowns(), ns = 0;
	enum outcome outcome;

	bench_start(b);
	outcome = bench_is(b, "how", "madvise") ? by_madvise(b, s, at, &ns)
						: by_khugepaged(b, s, at, &ns);
	bench_stop(b);
	bench_ops(b, bench_int(b, "huge"));
	bench_metric(b, "collapse", (double)ns / (double)bench_int(b, "huge"));
	bench_metric(b, "shootdowns", (double)(shootdowns() - before));
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct err err;
	struct crew c;
	char *at;

	s->fd = memory_file("tmpfs", s->bytes, &err);
	if (s->fd < 0)
		return bench_broken(b, "%s", err.text);
	outcome = crew_gather(b, &c, (int)bench_int(b, "procs"), map_and_lock, NULL, s);
	at = outcome == OUTCOME_OK ? map(s, false, &err) : NULL;
	if (at)
		outcome = measure(b, s, at);
	else if (outcome == OUTCOME_OK)
		outcome = bench_broken(b, "%s", err.text);
	crew_dismiss(&c);
	if (at)
		munmap(at, s->bytes);
	close(s->fd);
	return outcome;
}

static const char *feature(struct bench *b)
{
	if (knob_number(THP "hpage_pmd_size") != HUGE_BYTES)
		return "needs transparent huge pages of 2 MiB";
	if (bench_is(b, "how", "khugepaged"))
		return thread_named("khugepaged") && ran(thread_named("khugepaged"))
			       ? NULL
			       : "needs khugepaged and its /proc/PID/schedstat";
	/* Of nothing it does nothing, where it is known. */
	return madvise(NULL, 0, MADV_COLLAPSE) == 0 ? NULL : "no MADV_COLLAPSE (Linux 6.1)";
}

/* The file, its huge copy, and the processes. */
static uint64_t memory(struct bench *b)
{
	return 2 * bench_injected(b, bench_int(b, "huge")) * HUGE_BYTES +
	       bench_int(b, "procs") * (512 << 10);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "huge")) * HUGE_BYTES
					    : 0;
}

const struct workload collapse_mlocked = {
	.name = "collapse-mlocked",
	.help = "many processes' mlocked shmem collapsed to huge pages",
	.params =
		(const struct param[]){
			{"procs", "processes that map it", PARAM_INT, "8", 1, 1024, NULL},
			{"huge", "huge pages to make", PARAM_INT, "4", 1, 4096, NULL},
			{"how", "who collapses", PARAM_ENUM, "khugepaged", 0, 0,
			 "khugepaged|madvise"},
			{"lock", "mlock it, or only map it", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"collapse", "ns/hugepage", "CPU time of khugepaged, or of MADV_COLLAPSE",
			 BETTER_LOWER, true},
			{"shootdowns", "interrupts", "TLB shootdowns", BETTER_LOWER, false},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.changes = (const char *const[]){THP "shmem_enabled", THP "khugepaged/scan_sleep_millisecs",
					 THP "khugepaged/pages_to_scan", NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
