/*
 * Faults in locked memory that a thread of the program itself resolves by userfaultfd(2), as
 * live migration, restored snapshots and some garbage collectors have it: what the kernel copies
 * there (UFFDIO_COPY), zeroes (ZEROPAGE) or finds in the file and maps (CONTINUE, a minor fault of
 * shmem, Linux 5.14) goes around the fault that would have locked it, and must count as locked all
 * the same.
 *
 * lock=onfault is mlock2(MLOCK_ONFAULT) before the touches; lock=mlock leaves them to mlock(2)
 * itself, which waits for that thread as a touch would. The control resolves as much with nothing
 * locked. A zero page that is written is copied by a second fault, which is timed with the first.
 * `uncounted` is by how many pages Mlocked is off afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

enum { COPY, ZERO, CONTINUE };

struct state {
	uint64_t bytes;
	int by, fd; /* how faults are resolved; of shmem, else -1 */
	/* in the member: */
	int uffd, failed; /* errno of what the thread could not do, or 0 */
	char *at;
};

static enum outcome setup(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	struct err err;

	s->bytes = bench_injected(b, bench_int(b, "size") / PAGE_BYTES) * PAGE_BYTES;
	s->by = bench_is(b, "by", "copy") ? COPY : bench_is(b, "by", "zero") ? ZERO : CONTINUE;
	s->fd = -1;
	if (bench_is(b, "memory", "anon"))
		return OUTCOME_OK;
	/* A minor fault is one of a page that the file has; any other, of one that it lacks. */
	s->fd = memory_file("tmpfs", s->by == CONTINUE ? s->bytes : 0, &err);
	return s->fd < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

static int resolve(const struct state *s, uint64_t at)
{
	static char page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES))) = {1};
	struct uffdio_copy copy = {.dst = at, .src = (uintptr_t)page, .len = PAGE_BYTES};
	struct uffdio_zeropage zero = {.range = {at, PAGE_BYTES}};
	struct uffdio_continue found = {.range = {at, PAGE_BYTES}};

	switch (s->by) {
	case COPY:
		return ioctl(s->uffd, UFFDIO_COPY, &copy);
	case ZERO:
		return ioctl(s->uffd, UFFDIO_ZEROPAGE, &zero);
	default:
		return ioctl(s->uffd, UFFDIO_CONTINUE, &found);
	}
}

/* Where it cannot, it gives the memory up, so that nobody waits for it for ever. */
static void *serve(void *arg)
{
	struct state *s = arg;
	struct uffdio_range all = {(uintptr_t)s->at, s->bytes};
	struct uffd_msg msg;
	int ret = 0;

	while (ret == 0 && read(s->uffd, &msg, sizeof(msg)) == sizeof(msg))
		do {
			ret = resolve(s, msg.arg.pagefault.address & -(uint64_t)PAGE_BYTES);
		} while (ret < 0 && errno == EAGAIN);
	s->failed = errno;
	ioctl(s->uffd, UFFDIO_UNREGISTER, &all);
	return NULL;
}

/* A descriptor that speaks of the faults; -1 with errno. */
static int open_faults(bool minor)
{
	struct uffdio_api api = {.api = UFFD_API, .features = minor ? UFFD_FEATURE_MINOR_SHMEM : 0};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static int start_server(struct state *s, struct err *err)
{
	struct uffdio_register all = {.range = {(uintptr_t)s->at, s->bytes},
				      .mode = s->by == CONTINUE ? UFFDIO_REGISTER_MODE_MINOR
								: UFFDIO_REGISTER_MODE_MISSING};
	pthread_t thread;

	s->uffd = open_faults(s->by == CONTINUE);
	if (s->uffd < 0)
		return err_sys(err, "userfaultfd");
	if (ioctl(s->uffd, UFFDIO_REGISTER, &all) < 0)
		return err_sys(err, "UFFDIO_REGISTER of %llu bytes", (unsigned long long)s->bytes);
	errno = pthread_create(&thread, NULL, serve, s);
	return errno ? err_sys(err, "starting a thread") : 0;
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	s->at = memory_map_new(s->fd, s->bytes, (unsigned)bench_random(b), err);
	if (!s->at || start_server(s, err) < 0)
		return -1;
	if (bench_is(b, "lock", "onfault") && mlock2(s->at, s->bytes, MLOCK_ONFAULT) < 0)
		return err_sys(err, "mlock2");
	return 0;
}

static int fault(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;

	(void)member;
	if (bench_is(b, "lock", "mlock") && memory_lock(s->at, s->bytes, err) < 0)
		return -1;
	memory_touch(s->at, s->bytes, true);
	if (!s->failed)
		return 0;
	errno = s->failed;
	return err_sys(err, "resolving a fault");
}

static enum outcome iterate(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));
	int64_t right = bench_is(b, "lock", "none") ? 0 : (int64_t)(s->bytes / PAGE_BYTES);
	struct crew c;
	enum outcome outcome = crew_gather(b, &c, 1, prepare, fault, s);

	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, bench_int(b, "size") / PAGE_BYTES);
		bench_metric(b, "uncounted", (double)llabs(right - bench_locked_pages(b)));
	}
	crew_dismiss(&c);
	/* What was filled is missing no more. */
	if (s->fd >= 0 && s->by != CONTINUE && ftruncate(s->fd, 0) < 0)
		return bench_broken(b, "emptying the file");
	return outcome;
}

static void teardown(struct bench *b)
{
	struct state *s = bench_state(b, sizeof(*s));

	if (s->fd >= 0)
		close(s->fd);
}

static const char *feature(struct bench *b)
{
	bool minor = bench_is(b, "by", "continue");
	int fd;

	if (minor && bench_is(b, "memory", "anon"))
		return "by=continue needs memory=shmem: anonymous memory has no minor faults";
	fd = open_faults(minor);
	if (fd < 0)
		return errno == EPERM ? "needs CAP_SYS_PTRACE or vm.unprivileged_userfaultfd=1"
		       : minor ? "needs userfaultfd(2) with minor faults of shmem: Linux 5.14"
			       : "needs userfaultfd(2) (CONFIG_USERFAULTFD)";
	close(fd);
	return NULL;
}

static uint64_t memory(struct bench *b)
{
	return bench_injected(b, bench_int(b, "size")) + (1 << 20);
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "none") ? 0 : bench_injected(b, bench_int(b, "size"));
}

const struct workload userfault = {
	.name = "userfault",
	.help = "faults in locked memory that userfaultfd resolves",
	.params =
		(const struct param[]){
			{"size", "of the memory", PARAM_SIZE, "4M", 4096, 1ull << 34, NULL},
			{"memory", "what it is", PARAM_ENUM, "anon", 0, 0, "anon|shmem"},
			{"by", "what resolves a fault: UFFDIO_COPY, ZEROPAGE or CONTINUE",
			 PARAM_ENUM, "copy", 0, 0, "copy|zero|continue"},
			{"lock", "mlock2(MLOCK_ONFAULT), mlock(2), or not", PARAM_ENUM, "onfault",
			 0, 0, "onfault|mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"fault", "ns/page", "per page, release to done", BETTER_LOWER, true},
			{"uncounted", "pages", "by which nr_mlock is wrong afterwards",
			 BETTER_LOWER, false},
			{0},
		},
	.needs = {.memory = memory, .memlock = memlock, .feature = feature},
	.control = "lock=none",
	.slack_pages = 16,
	.setup = setup,
	.iterate = iterate,
	.teardown = teardown,
};
