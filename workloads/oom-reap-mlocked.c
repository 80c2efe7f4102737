/*
 * The OOM kill of a process with mlocked memory in a memory cgroup: the time from the allocation
 * that needs its memory until it is gone, or how much the OOM reaper takes from it where it cannot
 * go. Up to Linux 5.17 the reaper had to leave VM_LOCKED mappings alone.
 *
 * exit=free times the kill and the victim's own exit, munlock of each page included. exit=held
 * stops the victim at the door of exit (PTRACE_O_TRACEEXIT), with its memory, so that the reaper
 * alone can free it, two seconds after the kill: `reaped` is the share it got. The limit is set
 * to what is used, then another process of the cgroup writes one MiB more to a tmpfs file.
 * unevictable_pgs_munlocked grows by the pages that are freed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/cgroup.h"
#include "workloads/crew.h"
#include "workloads/knob.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define MORE (1u << 20)
/* A little room below the limit, so that the processes' own doings do not meet it. */
#define ROOM (64u << 10)
#define CONSOLE_LEVEL "/proc/sys/kernel/printk"
#define OOM_SCORE "/proc/self/oom_score_adj"

struct state {
	struct cgroup group;
	struct knob console; /* the kernel tells of each kill on the console, which takes time */
	uint64_t bytes;
	int fd; /* in the second process: the file it writes to */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	if (knob_set(&s->console, CONSOLE_LEVEL, "1", &err) < 0)
		return bench_broken(b, "%s", err.text);
	return OUTCOME_OK;
}

static int be_victim(struct bench *b, int member, void *arg, struct err *err)
{
	bool lock = bench_is(b, "lock", "mlock");
	struct state *s = arg;
	void *at;

	(void)member;
	if (cgroup_enter(&s->group, 0, err) < 0 || knob_write(OOM_SCORE, "1000", err) < 0)
		return -1;
	at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	if (!at || !memory_map(at, s->bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | (lock ? 0 : MAP_POPULATE), -1, err))
		return -1;
	return lock ? memory_lock(at, s->bytes, err) : 0;
}

static int be_second(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)b;
	(void)member;
	s->fd = memory_file("tmpfs", 0, err);
	return s->fd < 0 || knob_write(OOM_SCORE, "-1000", err) < 0
		       ? -1
		       : cgroup_enter(&s->group, 0, err);
}

/* May be refused while the victim's memory is on its way, with nobody left to kill. */
static int write_more(struct bench *b, int member, void *arg, struct err *err)
{
	static const char block[16 * PAGE_BYTES];
	struct state *s = arg;

	(void)b;
	(void)member;
	for (unsigned n = 0; n < MORE; n += sizeof(block))
		if (fs_write_all(s->fd, block, sizeof(block)) < 0 && errno != ENOMEM)
			return err_sys(err, "write to a tmpfs file");
	return 0;
}

/* Resident pages of a process: the second number in statm. */
static long long resident(pid_t pid)
{
	long long size, pages = 0;
	char path[40];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%lld %lld", &size, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages;
}

/* Until a process of the cgroup was killed for memory, or two seconds have gone by. */
static void wait_for_kill(const struct cgroup *g)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};

	for (int i = 0; i < 2000 && cgroup_get(g, "memory.events", "oom_kill") < 1; i++)
		nanosleep(&pause, NULL);
}

/* The reaper waits two seconds, tries for one more, and then gives up. */
static void wait_for_reaper(pid_t victim, long long pages)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (int i = 0; i < 400 && resident(victim) > pages / 10; i++)
		nanosleep(&pause, NULL);
}

static enum outcome kill_held(struct bench *b, struct state *s, struct crew *victim,
			      struct crew *second)
{
	struct err err;
	pid_t pid = victim->pids[0];
	enum outcome outcome;
	long long before;

	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0)
		return bench_broken(b, "ptrace of the victim: %s", strerror(errno));
	before = resident(pid);
	bench_start(b);
	crew_release(second);
	wait_for_kill(&s->group);
	/* Or the second process would try, and keep the CPU busy, until the reaper comes. */
	if (cgroup_set(&s->group, "memory.max", 1ull << 40, &err) < 0)
		return bench_broken(b, "%s", err.text);
	wait_for_reaper(pid, before);
	bench_stop(b);
	outcome = crew_join(b, second);
	bench_metric(b, "reaped", (double)(before - resident(pid)) / (double)before);
	/* Off it goes: its stop is the first thing to wait for. */
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) == pid)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return outcome;
}

static enum outcome kill_free(struct bench *b, struct crew *victim, struct crew *second)
{
	enum outcome outcome;

	crew_watch();
	bench_start(b);
	crew_release(second);
	outcome = crew_reap(b, victim);
	bench_stop(b);
	bench_metric(b, "reaped", 1);
	return outcome == OUTCOME_OK ? crew_join(b, second) : outcome;
}

static enum outcome measure(struct bench *b, struct state *s, struct crew *victim)
{
	struct crew second;
	struct err err;
	enum outcome outcome = crew_gather(b, &second, 1, be_second, write_more, s);
	int64_t used = cgroup_get(&s->group, "memory.current", NULL), kills;

	if (outcome == OUTCOME_OK &&
	    cgroup_set(&s->group, "memory.max", (uint64_t)used + ROOM, &err) < 0)
		outcome = bench_broken(b, "%s", err.text);
	if (outcome == OUTCOME_OK)
		outcome = bench_is(b, "exit", "held") ? kill_held(b, s, victim, &second)
						      : kill_free(b, victim, &second);
	kills = cgroup_get(&s->group, "memory.events", "oom_kill");
	if (outcome == OUTCOME_OK && kills != 1)
		outcome = bench_broken(b, "%lld processes were killed for memory, 1 would be right",
				       (long long)kills);
	bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
	crew_dismiss(&second);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct crew victim;
	struct err err;

	if (cgroup_make(&s->group, 0, &err) < 0)
		return bench_broken(b, "%s", err.text);
	outcome = crew_gather(b, &victim, 1, be_victim, NULL, s);
	if (outcome == OUTCOME_OK)
		outcome = measure(b, s, &victim);
	crew_dismiss(&victim);
	cgroup_remove(&s->group);
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	knob_restore(&s->console);
}

static const char *feature(struct bench *b)
{
	(void)b;
	return cgroup_missing();
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + MORE;
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? bench_injected(b, bench_int(b, "size")) : 0;
}

const struct workload oom_reap_mlocked = {
	.name = "oom-reap-mlocked",
	.help = "the OOM kill of a process with mlocked memory",
	.params =
		(const struct param[]){
			{"size", "of its memory", PARAM_SIZE, "16M", 1 << 20, 1ull << 34, NULL},
			{"exit", "let it exit, or hold it there so that only the reaper can help",
			 PARAM_ENUM, "free", 0, 0, "free|held"},
			{"lock", "mlock the memory, or only fill it", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"freed", "ns/page",
			 "from the allocation that kills to the memory's end; held: at "
			 "least the reaper's two seconds",
			 BETTER_LOWER, true},
			{"reaped", "share", "of the victim's memory that was freed", BETTER_HIGHER,
			 false},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.changes = (const char *const[]){CGROUP_CHANGES, CONSOLE_LEVEL, NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
