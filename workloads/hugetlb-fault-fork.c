/*
 * Faults on a shared hugetlb file, mapped anew each round by several processes, while others that
 * map it fork: from Linux 5.7 to 6.0 each fault takes the file's i_mmap_rwsem for read, to keep
 * shared page tables where they are, and mmap, fork and munmap take it for write.
 *
 * Contention needs more than one CPU; with one it is the cost of the path. The control has no
 * forkers. minflt grows by the faults on the file; those of the forkers are not counted.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/hugepool.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

struct state {
	struct hugepool pool;
	int fd;
	uint64_t bytes;
	char *at;
};

static int map(const struct state *s, struct err *err)
{
	if (!memory_map(s->at, s->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, err))
		return -1;
	for (uint64_t i = 0; i < s->bytes; i += HUGE_BYTES)
		memory_touch(s->at + i, PAGE_BYTES, true);
	return 0;
}

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->bytes = bench_int(b, "pages") * HUGE_BYTES;
	s->fd = memfd_create("mlockbench", MFD_CLOEXEC | MFD_HUGETLB);
	if (s->fd < 0 || ftruncate(s->fd, (off_t)s->bytes) < 0)
		return bench_broken(b, "a hugetlb file: %s", strerror(errno));
	s->at = memory_place(s->bytes, 0, &err);
	/* Once mapped and touched, all of its pages are there and stay. */
	if (!s->at || hugepool_fill(&s->pool, 1, (int)bench_int(b, "pages"), &err) < 0 ||
	    map(s, &err) < 0)
		return bench_broken(b, "%s", err.text);
	munmap(s->at, s->bytes);
	return OUTCOME_OK;
}

static int fault(struct bench *b, int member, void *arg, struct err *err)
{
	uint64_t rounds = bench_injected(b, bench_int(b, "rounds"));
	const struct state *s = arg;

	(void)member;
	for (uint64_t i = 0; i < rounds; i++) {
		if (map(s, err) < 0)
			return -1;
		munmap(s->at, s->bytes);
	}
	return 0;
}

static int prepare_forks(struct bench *b, int member, void *arg, struct err *err)
{
	(void)b;
	(void)member;
	return map(arg, err);
}

/* Until it is killed. */
static int keep_forking(struct bench *b, int member, void *arg, struct err *err)
{
	(void)b;
	(void)member;
	(void)arg;
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0)
			return err_sys(err, "fork");
		waitpid(pid, NULL, 0);
	}
}

static enum outcome measure(struct bench *b, struct state *s, struct crew *forkers)
{
	int procs = (int)bench_int(b, "procs");
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, procs, NULL, fault, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		if (forkers->n)
			crew_release(forkers);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, (uint64_t)procs * bench_int(b, "rounds") * bench_int(b, "pages"));
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int n = (int)bench_int(b, "forkers");
	struct crew forkers = {.notes = -1};
	enum outcome outcome = OUTCOME_OK;

	if (n)
		outcome = crew_gather(b, &forkers, n, prepare_forks, keep_forking, s);
	if (outcome == OUTCOME_OK)
		outcome = measure(b, s, &forkers);
	crew_dismiss(&forkers);
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	if (s->fd >= 0)
		close(s->fd);
	hugepool_drain(&s->pool);
}

static const char *feature(struct bench *b)
{
	(void)b;
	return hugepool_missing();
}

static uint64_t memory(struct bench *b)
{
	return bench_int(b, "pages") * HUGE_BYTES +
	       (bench_int(b, "procs") + 2 * bench_int(b, "forkers")) * (256 << 10);
}

const struct workload hugetlb_fault_fork = {
	.name = "hugetlb-fault-fork",
	.help = "faults on a shared hugetlb file against forks of it",
	.params =
		(const struct param[]){
			{"procs", "processes that fault", PARAM_INT, "2", 1, 1024, NULL},
			{"forkers", "processes that fork", PARAM_INT, "1", 0, 256, NULL},
			{"pages", "huge pages of the file", PARAM_INT, "8", 1, 65536, NULL},
			{"rounds", "times that each maps and touches all of it", PARAM_INT, "512",
			 1, 1000000, NULL},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"fault", "ns/hugepage",
			 "per page touched, its share of mmap and munmap included", BETTER_LOWER,
			 true},
			{0},
		},
	.needs = {.root = true, .memory = memory, .feature = feature},
	.control = "forkers=0",
	.changes = (const char *const[]){HUGEPOOL_CHANGES, NULL},
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
