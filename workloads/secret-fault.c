/*
 * Page faults in memory of memfd_secret(2), which is locked from its first touch to its end: each
 * page is zeroed, taken out of the kernel's own map (with a flush of the TLB) and put on the
 * unevictable list, and truncating or exiting puts it back.
 *
 * The control faults a tmpfs file of the same size, nothing locked. Unevictable grows by the
 * pages, for their file is unevictable as a whole; Mlocked need not.
 * Needs Linux 5.14 or later with CONFIG_SECRETMEM, and before 6.5 secretmem.enable=1 on the
 * kernel's command line.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

struct state {
	uint64_t bytes;
	void *at; /* in the member */
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	return OUTCOME_OK;
}

static int map(struct bench *b, int member, void *arg, struct err *err)
{
	bool secret = bench_is(b, "memory", "secret");
	struct state *s = arg;
	int fd = secret ? (int)syscall(SYS_memfd_secret, 0) : memory_file("tmpfs", 0, err);

	(void)member;
	if (fd < 0)
		return secret ? err_sys(err, "memfd_secret") : -1;
	s->at = memory_map_new(fd, s->bytes, (unsigned)bench_random(b), err);
	return s->at ? 0 : -1;
}

static int fault(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)b;
	(void)member;
	(void)err;
	memory_touch(s->at, s->bytes, true);
	return 0;
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, 1, map, fault, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
	}
	crew_dismiss(&c);
	return outcome;
}

static const char *feature(struct bench *b)
{
	int fd;

	if (bench_is(b, "memory", "shmem"))
		return NULL;
	fd = (int)syscall(SYS_memfd_secret, 0);
	if (fd < 0)
		return errno == ENOSYS ? "needs memfd_secret(2): Linux 5.14, before 6.5 with "
					 "secretmem.enable=1 on the command line"
				       : "memfd_secret(2) fails";
	close(fd);
	return NULL;
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + (256 << 10);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "memory", "shmem") ? 0 : bench_injected(b, bench_int(b, "size"));
}

const struct workload secret_fault = {
	.name = "secret-fault",
	.help = "page faults in memory of memfd_secret",
	.params =
		(const struct param[]){
			{"size", "that a process faults in", PARAM_SIZE, "4M", 4096, 1ull << 34,
			 NULL},
			{"memory", "what it faults in", PARAM_ENUM, "secret", 0, 0, "secret|shmem"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"fault", "ns/page", "per page, release to done", BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "memory=shmem",
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
};
