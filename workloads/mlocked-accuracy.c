/*
 * Mlocked in /proc/meminfo while the processes that mlock one file exit one by one: it should
 * stand at the file's size until the last is gone. Up to 5.17 munlock looked for another locker
 * each time; since Linux 5.18 a count of lockers in page->lru decides, which is there only while
 * the page is on the unevictable list, and starts again where the page comes to that list by
 * another way.
 *
 * The figure is the error after each exit but the last, in pages; that the count is right after
 * the last is the harness's check.
 *
 * disturb=migrate moves the file's pages to another node before, disturb=pin tries to while a pipe
 * holds a reference to each, so that the move takes them off their list and puts them back.
 * pgmigrate_success or pgmigrate_fail grows by the pages.
 *
 * fill=sparse leaves it to the first locker's faults to make the file's pages, as a new shared
 * segment is filled. Each then waits in two batches of its CPU: to be added to an LRU list, and to
 * be counted as locked. Where the second is emptied before the first, the page comes to the
 * unevictable list with nothing counted, and the first locker that goes takes it off Mlocked.
 * `ahead` other pages in the first batch make it so for ahead / 15 of the file (/ 31 from 6.8 on),
 * lock=future and onfault, on one CPU; mlock(2) empties the first batch as it begins, and
 * start=together shows what two CPUs do to that.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/accounting.h"
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define MPOL_MF_MOVE_ALL 4

struct state {
	int fd;
	uint64_t bytes;
	int ready[2], turn[2]; /* pipes: a byte of each that waits, and one for whose turn it is */
	void *at;	       /* in a member: where it will map */
};

/* The file, made anew for each iteration: one that was filled is not sparse any more. */
static int make_file(struct bench *b, struct state *s, struct err *err)
{
	bool sparse = bench_is(b, "fill", "sparse");

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	s->fd = memory_file("tmpfs", sparse ? 0 : s->bytes, err);
	if (s->fd >= 0 && sparse && ftruncate(s->fd, (off_t)s->bytes) < 0)
		return err_sys(err, "a sparse file of %" PRIu64 " bytes", s->bytes);
	return s->fd;
}

/* Empties this CPU's batches, and leaves some pages in that of pages to be added to a list. */
static int batch_ahead(struct bench *b, struct err *err)
{
	accounting_settle();
	return memory_file("tmpfs", bench_int(b, "ahead") * PAGE_BYTES, err) < 0 ? -1 : 0;
}

static int map_and_lock(struct bench *b, struct state *s, struct err *err)
{
	bool ahead = bench_is(b, "lock", "future") || bench_is(b, "lock", "onfault");
	int flags = MCL_FUTURE | (bench_is(b, "lock", "onfault") ? MCL_ONFAULT : 0);

	if (batch_ahead(b, err) < 0)
		return -1;
	if (ahead && mlockall(flags) < 0)
		return err_sys(err, "mlockall");
	if (!memory_map(s->at, s->bytes, PROT_READ, MAP_SHARED, s->fd, err))
		return -1;
	if (bench_is(b, "lock", "mlock"))
		return memory_lock(s->at, s->bytes, err);
	memory_touch(s->at, s->bytes, false);
	return 0;
}

static int place(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	s->at = memory_place(s->bytes, (unsigned)bench_random(b), err);
	return s->at ? 0 : -1;
}

/* None may lock before all are awake: what they do meanwhile would go through the same batches. */
static int lock(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	char byte = 0;
	int ret;

	(void)member;
	if (bench_is(b, "start", "together"))
		return map_and_lock(b, s, err);
	if (write(s->ready[1], &byte, 1) != 1 || read(s->turn[0], &byte, 1) != 1)
		return err_sys(err, "waiting for the others");
	ret = map_and_lock(b, s, err);
	return write(s->turn[1], &byte, 1) == 1 ? ret : err_sys(err, "letting the others lock");
}

/* Gives the pipe a reference to each page. */
static int pin(char *at, uint64_t bytes, int to, struct err *err)
{
	struct iovec all = {at, bytes};

	if (fcntl(to, F_SETPIPE_SZ, bytes) < 0)
		return err_sys(err, "a pipe for %" PRIu64 " bytes", bytes);
	for (ssize_t n; all.iov_len; all.iov_base = (char *)all.iov_base + n, all.iov_len -= n) {
		n = vmsplice(to, &all, 1, SPLICE_F_NONBLOCK);
		if (n <= 0)
			return err_sys(err, "vmsplice of %" PRIu64 " bytes", bytes);
	}
	return 0;
}

/* Asks for each page of our mapping to be moved to the node it is not on. */
static int move(char *at, uint64_t n, struct err *err)
{
	int nodes[2], *to = xcalloc(n, sizeof(*to)), *status = xcalloc(n, sizeof(*status));
	void **pages = xcalloc(n, sizeof(*pages));
	long ret;

	bench_nodes(nodes, 2);
	for (uint64_t i = 0; i < n; i++)
		pages[i] = at + i * PAGE_BYTES;
	ret = syscall(SYS_move_pages, 0, n, pages, NULL, status, MPOL_MF_MOVE_ALL);
	for (uint64_t i = 0; i < n; i++)
		to[i] = status[i] == nodes[0] ? nodes[1] : nodes[0];
	if (ret == 0)
		ret = syscall(SYS_move_pages, 0, n, pages, to, status, MPOL_MF_MOVE_ALL);
	free(pages);
	free(to);
	free(status);
	return ret < 0 ? err_sys(err, "moving %" PRIu64 " pages", n) : 0;
}

static enum outcome disturb(struct bench *b, const struct state *s)
{
	char *at = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, s->fd, 0);
	int ends[2] = {-1, -1}, ret;
	struct err err;

	if (at == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0)
		return bench_broken(b, "mapping of the file, pipe: %s", strerror(errno));
	ret = bench_is(b, "disturb", "pin") ? pin(at, s->bytes, ends[1], &err) : 0;
	if (ret == 0)
		ret = move(at, s->bytes / PAGE_BYTES, &err);
	close(ends[0]);
	close(ends[1]);
	munmap(at, s->bytes);
	return ret < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

/* Ends one process of the crew and waits for its end. */
static void end_one(struct crew *c, int i)
{
	kill(c->pids[i], SIGKILL);
	while (waitpid(c->pids[i], NULL, 0) < 0 && errno == EINTR)
		;
	c->alive--;
}

static enum outcome watch(struct bench *b, struct crew *c, int64_t truth)
{
	int *order = xcalloc((size_t)c->n, sizeof(*order));
	int64_t sum = 0, worst = 0;
	enum outcome outcome = OUTCOME_OK;

	for (int i = 0; i < c->n; i++)
		order[i] = i;
	bench_shuffle(b, order, (size_t)c->n);
	if (!bench_is(b, "disturb", "none"))
		outcome = disturb(b, bench_state(b, sizeof(struct state)));
	/* The last one, whose count reaches zero, is for the harness to check. */
	for (int k = 0; k < c->n - 1 && outcome == OUTCOME_OK; k++) {
		int64_t error;

		end_one(c, order[k]);
		error = llabs(bench_locked_pages(b) - truth);
		sum += error;
		worst = error > worst ? error : worst;
	}
	bench_metric(b, "error", (double)sum / (double)(c->n - 1));
	bench_metric(b, "worst", (double)worst);
	free(order);
	return outcome;
}

static enum outcome gather(struct bench *b, struct crew *c, struct state *s)
{
	enum outcome outcome = crew_gather(b, c, (int)bench_int(b, "procs"), place, lock, s);
	char byte = 0;

	if (outcome != OUTCOME_OK)
		return outcome;
	crew_release(c);
	for (int i = 0; i < c->n && bench_is(b, "start", "turns"); i++)
		if (read(s->ready[0], &byte, 1) != 1)
			return bench_broken(b, "waiting for process %d: %s", i, strerror(errno));
	if (write(s->turn[1], &byte, 1) != 1)
		return bench_broken(b, "a pipe: %s", strerror(errno));
	return crew_join(b, c);
}

static enum outcome measure(struct bench *b, struct state *s)
{
	bool lock = !bench_is(b, "lock", "none");
	struct crew c;
	enum outcome outcome = gather(b, &c, s);

	if (outcome == OUTCOME_OK) {
		/* Reading the counts is part of the region: no time is reported. */
		bench_start(b);
		outcome = watch(b, &c, lock ? (int64_t)(s->bytes / PAGE_BYTES) : 0);
		bench_stop(b);
		bench_ops(b, bench_int(b, "procs") - 1);
	}
	crew_dismiss(&c);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	enum outcome outcome;
	struct err err;

	if (pipe2(s->ready, O_CLOEXEC) < 0 || pipe2(s->turn, O_CLOEXEC) < 0)
		return bench_broken(b, "two pipes: %s", strerror(errno));
	outcome = make_file(b, s, &err) < 0 ? bench_broken(b, "%s", err.text) : measure(b, s);
	if (s->fd >= 0)
		close(s->fd);
	for (int i = 0; i < 2; i++) {
		close(s->ready[i]);
		close(s->turn[i]);
	}
	return outcome;
}

static const char *feature(struct bench *b)
{
	int nodes[2];

	if (bench_is(b, "disturb", "none"))
		return NULL;
	if (bench_nodes(nodes, 2) < 2)
		return "needs 2 NUMA nodes with memory to move pages between";
	return bench_may_move_all() ? NULL : "needs CAP_SYS_NICE to move shared pages";
}

static uint64_t memory(struct bench *b)
{
	uint64_t each = (256 << 10) + bench_int(b, "ahead") * PAGE_BYTES;

	return 2 * bench_injected(b, bench_int(b, "size")) + bench_int(b, "procs") * each;
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "none") ? 0 : bench_injected(b, bench_int(b, "size"));
}

const struct workload mlocked_accuracy = {
	.name = "mlocked-accuracy",
	.help = "how far Mlocked is from the truth while sharers exit",
	.params =
		(const struct param[]){
			{"procs", "processes that lock the file", PARAM_INT, "8", 2, 1024, NULL},
			{"size", "of the file", PARAM_SIZE, "1M", 4096, 1ull << 34, NULL},
			{"disturb", "what happens to the file before they exit", PARAM_ENUM, "none",
			 0, 0, "none|migrate|pin"},
			{"fill",
			 "whether the file has its pages before, or gets them as it is locked",
			 PARAM_ENUM, "written", 0, 0, "written|sparse"},
			{"ahead", "other pages that stand before them in the LRU-add batch",
			 PARAM_INT, "0", 0, 1024, NULL},
			{"start", "whether they lock one after another", PARAM_ENUM, "turns", 0, 0,
			 "turns|together"},
			{"lock",
			 "mlock(2), mlockall(MCL_FUTURE), that with MCL_ONFAULT, or only map it",
			 PARAM_ENUM, "mlock", 0, 0, "mlock|future|onfault|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"error", "pages", "between Mlocked and the truth, mean over the exits",
			 BETTER_LOWER, false},
			{"worst", "pages", "the largest such error", BETTER_LOWER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.slack_pages = 16,
	.iterate = iterate,
};
