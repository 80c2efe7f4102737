/*
 * mlock(2) and at once munlock(2) of populated memory, by tasks at the same time: the lruvec lock,
 * taken for each page up to Linux 5.17 and for a batch of up to 15 (later more) since.
 *
 * chunk=4096 is the adverse case, one page a call, where a batch never fills but for its own
 * pages coming back. The control makes the same calls with madvise(MADV_DONTFORK, MADV_DOFORK),
 * which split and merge the mapping alike and touch no page. unevictable_pgs_mlocked and
 * _munlocked grow by the pages.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	int fd;
	uint64_t bytes;
	char *at; /* in a member: its own mapping */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	s->fd = -1;
	if (bench_is(b, "memory", "anon"))
		return OUTCOME_OK;
	s->fd = memory_file(bench_is(b, "memory", "shmem") ? "tmpfs" : bench_text(b, "memory"),
			    s->bytes, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static int map(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	s->at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	if (!s->at || !memory_map(s->at, s->bytes, PROT_READ | PROT_WRITE,
				  s->fd < 0 ? MAP_PRIVATE : MAP_SHARED, s->fd, err))
		return -1;
	memory_touch(s->at, s->bytes, true);
	return 0;
}

static int on(char *at, uint64_t bytes, bool lock)
{
	return lock ? mlock(at, bytes) : madvise(at, bytes, MADV_DONTFORK);
}

static int off(char *at, uint64_t bytes, bool lock)
{
	return lock ? munlock(at, bytes) : madvise(at, bytes, MADV_DOFORK);
}

static int toggle(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	uint64_t chunk = bench_int(b, "chunk"), rounds = bench_int(b, "rounds");
	bool lock = bench_is(b, "lock", "mlock");

	(void)member;
	for (uint64_t r = 0; r < rounds; r++) {
		for (uint64_t done = 0; done < s->bytes; done += chunk) {
			uint64_t n = s->bytes - done < chunk ? s->bytes - done : chunk;

			if (on(s->at + done, n, lock) < 0)
				return err_sys(err, "locking %llu bytes", (unsigned long long)n);
			if (off(s->at + done, n, lock) < 0)
				return err_sys(err, "unlocking %llu bytes", (unsigned long long)n);
		}
	}
	return 0;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int procs = (int)bench_int(b, "procs");
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, procs, map, toggle, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, (uint64_t)procs * bench_int(b, "rounds") *
				     (bench_int(b, "size") / PAGE_BYTES));
	}
	if (outcome == OUTCOME_OK && bench_locked_pages(b) != 0)
		outcome = bench_fail(b, "%lld pages stay locked after munlock, none would be right",
				     (long long)bench_locked_pages(b));
	crew_dismiss(&c);
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	if (s->fd >= 0)
		close(s->fd);
}

static uint64_t memlock(struct bench *b)
{
	uint64_t size = bench_int(b, "size"), chunk = bench_int(b, "chunk");

	return bench_is(b, "lock", "none") ? 0 : chunk < size ? chunk : size;
}

static uint64_t memory(struct bench *b)
{
	uint64_t each = bench_is(b, "memory", "anon") ? bench_int(b, "procs") : 1;

	return bench_injected(b, bench_int(b, "size")) * each + bench_int(b, "procs") * (256 << 10);
}

const struct workload mlock_toggle = {
	.name = "mlock-toggle",
	.help = "mlock and at once munlock populated memory",
	.params =
		(const struct param[]){
			{"procs", "processes", PARAM_INT, "1", 1, 1024, NULL},
			{"size", "that each of them toggles", PARAM_SIZE, "4M", 4096, 1ull << 34,
			 NULL},
			{"chunk", "of a call; 4096 is one page", PARAM_SIZE, "1M", 4096, 1ull << 34,
			 NULL},
			{"rounds", "times over the whole", PARAM_INT, "1", 1, 1000000, NULL},
			{"memory",
			 "anon (their own), shmem (one file for all), or a directory for the file",
			 PARAM_TEXT, "anon", 0, 0, NULL},
			{"lock", "mlock it, or madvise it as often", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"toggle", "ns/page",
			 "per page locked and unlocked, first release to last done", BETTER_LOWER,
			 true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "lock=none",
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
