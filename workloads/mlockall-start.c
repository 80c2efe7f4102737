/*
 * A program's start under mlockall(2), as a JVM's or a database's: threads map and write many
 * separate mappings and a shared segment, and the call comes before (future, onfault) or after them
 * (current).
 *
 * The region holds the start of the threads too: with MCL_FUTURE the stack of each is populated
 * whole, as is each mapping while its thread holds mmap_lock for write; with MCL_ONFAULT and in the
 * control the threads fault at the same time (by VMA locks since Linux 6.4). `locked` says how much
 * of it counts as Mlocked then, the program itself (current) and stacks (future) included: less
 * than was mapped is a count gone wrong, see mlocked-accuracy.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define THREADS_MAX 64

struct state {
	uint64_t chunk; /* bytes of a mapping */
	uint64_t shared;
	int fd;
	char *at, *shared_at, *stacks; /* in the member: where it will map */
};

struct worker {
	pthread_t thread;
	struct bench *b;
	const struct state *s;
	int n;
	struct err err;
	int ret;
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	uint64_t pages = bench_injected(b, bench_int(b, "size") / PAGE_BYTES);
	uint64_t maps = bench_int(b, "maps");
	struct err err;

	if (maps > pages)
		return bench_broken(b, "maps=%llu of fewer pages: at most %llu would do",
				    (unsigned long long)maps, (unsigned long long)pages);
	s->chunk = pages / maps * PAGE_BYTES;
	s->shared = bench_int(b, "shared");
	s->fd = memory_file("tmpfs", s->shared, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

/* With a page between any two, or the kernel would make one of them. */
static char *place(const struct state *s, uint64_t i)
{
	return s->at + i * (s->chunk + PAGE_BYTES);
}

static uint64_t stack_stride(struct bench *b)
{
	return bench_int(b, "stack") + PAGE_BYTES;
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	uint64_t maps = bench_int(b, "maps");
	struct state *s = arg;
	uint64_t own = maps * (s->chunk + PAGE_BYTES), shared = s->shared + PAGE_BYTES;

	(void)member;
	s->at = memory_place(own + shared + bench_int(b, "threads") * stack_stride(b),
			     (unsigned)bench_random(b), err);
	if (!s->at)
		return -1;
	s->shared_at = s->at + own;
	s->stacks = s->shared_at + shared;
	return 0;
}

static int build(struct worker *w)
{
	uint64_t maps = bench_int(w->b, "maps"), threads = bench_int(w->b, "threads");
	const struct state *s = w->s;

	for (uint64_t i = (uint64_t)w->n; i < maps; i += threads) {
		if (!memory_map(place(s, i), s->chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE, -1,
				&w->err))
			return -1;
		memory_touch(place(s, i), s->chunk, true);
	}
	if (w->n)
		return 0;
	if (!memory_map(s->shared_at, s->shared, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
			&w->err))
		return -1;
	memory_touch(s->shared_at, s->shared, true);
	return 0;
}

static void *run(void *arg)
{
	struct worker *w = arg;

	w->ret = build(w);
	return NULL;
}

/* Its stack is mapped as pthread_create(3) would, but where nothing of ours is to come. */
static int start_thread(struct bench *b, struct worker *w, struct err *err)
{
	uint64_t bytes = bench_int(b, "stack");
	void *stack = memory_map(w->s->stacks + (uint64_t)w->n * stack_stride(b), bytes,
				 PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_STACK, -1, err);
	pthread_attr_t attr;

	if (!stack)
		return -1;
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, bytes);
	errno = pthread_create(&w->thread, &attr, run, w);
	pthread_attr_destroy(&attr);
	return errno ? err_sys(err, "starting thread %d", w->n) : 0;
}

static int run_threads(struct bench *b, const struct state *s, struct err *err)
{
	int threads = (int)bench_int(b, "threads"), started = 0, ret = 0;
	struct worker workers[THREADS_MAX];

	for (; ret == 0 && started < threads; started += ret == 0) {
		workers[started] = (struct worker){.b = b, .s = s, .n = started};
		ret = start_thread(b, &workers[started], err);
	}
	for (int i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].ret < 0) {
			*err = workers[i].err;
			ret = -1;
		}
	}
	return ret;
}

static int start(struct bench *b, int member, void *arg, struct err *err)
{
	int before = bench_is(b, "mode", "future")    ? MCL_FUTURE
		     : bench_is(b, "mode", "onfault") ? MCL_FUTURE | MCL_ONFAULT
						      : 0;

	(void)member;
	if (before && mlockall(before) < 0)
		return err_sys(err, "mlockall");
	if (run_threads(b, arg, err) < 0)
		return -1;
	if (bench_is(b, "mode", "current") && mlockall(MCL_CURRENT) < 0)
		return err_sys(err, "mlockall");
	return 0;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, 1, prepare, start, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, (bench_int(b, "size") + s->shared) / PAGE_BYTES);
		bench_metric(b, "locked", (double)bench_locked_pages(b));
	}
	if (outcome == OUTCOME_OK && bench_is(b, "mode", "none") && bench_locked_pages(b) != 0)
		outcome = bench_fail(b, "%lld pages count as locked, none would be right",
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

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + bench_int(b, "shared") +
	       bench_int(b, "threads") * bench_int(b, "stack") + (16 << 20);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "mode", "none") ? 0 : memory(b);
}

const struct workload mlockall_start = {
	.name = "mlockall-start",
	.help = "the start of a threaded program under mlockall",
	.params =
		(const struct param[]){
			{"maps", "mappings of its own", PARAM_INT, "256", 1, 65536, NULL},
			{"size", "of them together", PARAM_SIZE, "16M", 4096, 1ull << 34, NULL},
			{"shared", "segment that one thread maps", PARAM_SIZE, "8M", 4096,
			 1ull << 34, NULL},
			{"threads", "that map and write", PARAM_INT, "4", 1, THREADS_MAX, NULL},
			{"stack", "of each thread", PARAM_SIZE, "256K", 65536, 1 << 26, NULL},
			{"mode",
			 "MCL_CURRENT at the end, MCL_FUTURE or that with MCL_ONFAULT at "
			 "the beginning, or no mlockall",
			 PARAM_ENUM, "future", 0, 0, "current|future|onfault|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"start", "ns/page", "the whole start, per page mapped", BETTER_LOWER,
			 true},
			{"locked", "pages", "that count as Mlocked afterwards", BETTER_NEITHER,
			 false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock},
	.control = "mode=none",
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
