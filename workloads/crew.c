#include "workloads/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/bench.h"
#include "workloads/memory.h"

/* What a member reports through the pipe, when it is ready and when its work is done. */
struct note {
	int member;
	bool failed;
	struct usage usage;
	char text[128];
};

static void send_note(int fd, int member, bool failed, const struct err *err)
{
	struct note note = {.member = member, .failed = failed};

	usage_self(&note.usage);
	if (failed)
		snprintf(note.text, sizeof(note.text), "%.127s", err->text);
	if (write(fd, &note, sizeof(note)) != sizeof(note))
		_exit(EXIT_USAGE);
}

static void wait_for_release(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	while (sigwaitinfo(&set, NULL) < 0 && errno == EINTR)
		;
}

/* All of a page is touched, whatever the sanitizer laid out in it. */
static void __attribute__((no_sanitize_address)) touch(uintptr_t from, uintptr_t to, bool write)
{
	for (uintptr_t at = from & -(uintptr_t)PAGE_BYTES; at < to; at += PAGE_BYTES) {
		volatile char *page = (volatile char *)at;
		char byte = *page;

		if (write)
			*page = byte;
	}
}

/* The code and data of one object; what is read-only after relocation stays as it is. */
static int touch_object(struct dl_phdr_info *object, size_t size, void *arg)
{
	uintptr_t relro = 0;

	(void)size;
	(void)arg;
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_GNU_RELRO)
			relro = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr +
				object->dlpi_phdr[i].p_memsz;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &object->dlpi_phdr[i];
		uintptr_t from = object->dlpi_addr + p->p_vaddr, to = from + p->p_memsz;
		bool write = p->p_flags & PF_W;

		if (p->p_type == PT_LOAD && p->p_flags & PF_R)
			touch(write && relro > from && relro <= to ? relro : from, to, write);
	}
	return 0;
}

/*
 * The heap, and the stack from `stack` up to its end: where either lies is the kernel's choice,
 * which is asked. Of the stack below there is more than anything touches.
 */
static void touch_heap_and_stack(uintptr_t stack)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[256];
	unsigned long from, to;

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		if (strstr(line, " [heap]"))
			touch(from, to, true);
		if (strstr(line, " [stack]"))
			touch(stack, to, true);
	}
	if (maps)
		fclose(maps);
}

/*
 * fork(2) leaves out the page tables of files and makes every private page copy-on-write, on both
 * sides: without this we fault our own program in while its work is timed, as many pages as the
 * linker's layout of this very build, and the kernel's of the stack, make it.
 */
static void touch_program(void)
{
	char below[4 * PAGE_BYTES];

	dl_iterate_phdr(touch_object, NULL);
	bench_now(); /* the page of the vDSO */
	touch_heap_and_stack((uintptr_t)below);
}

struct task {
	crew_fn prepare, work;
	void *arg;
};

static void __attribute__((noreturn))
member(struct bench *b, int i, int notes, const struct task *t)
{
	struct err err = {""};
	bool failed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	failed = t->prepare && t->prepare(b, i, t->arg, &err) < 0;
	if (t->work)
		touch_program();
	send_note(notes, i, failed, &err);
	if (failed)
		_exit(EXIT_USAGE);
	if (!t->work) {
		/* Now, so that the region holds no wake-up through the pipe. */
		close(notes);
		wait_for_release();
		_exit(EXIT_OK);
	}
	wait_for_release();
	send_note(notes, i, t->work(b, i, t->arg, &err) < 0, &err);
	for (;;)
		pause();
}

static int fork_member(struct bench *b, struct crew *c, int write_end, const struct task *t)
{
	pid_t pid;

	/* So that each member's copy of the sequence goes its own way. */
	bench_random(b);
	pid = fork();
	if (pid == 0) {
		close(c->notes);
		member(b, c->n, write_end, t);
	}
	if (pid < 0)
		return -1;
	c->pids[c->n++] = pid;
	c->alive++;
	return 0;
}

/*
 * A group signal goes to whoever joined last first, and waitpid looks through children from the
 * oldest: so the oldest joins last, ends first, and is found at once.
 */
static void form_group(struct crew *c)
{
	if (c->n)
		c->group = c->pids[c->n - 1];
	for (int i = c->n; i-- > 0;)
		setpgid(c->pids[i], c->group);
}

/* One note of each member, whose usage until then is added to sum. */
static enum outcome take_notes(struct bench *b, struct crew *c, struct usage *sum)
{
	struct note note;

	for (int i = 0; i < c->n; i++) {
		ssize_t n = read(c->notes, &note, sizeof(note));

		if (n < 0 && errno == EINTR) {
			i--;
			continue;
		}
		if (n != sizeof(note))
			return bench_broken(b, "a process of the crew died before its time");
		if (note.failed)
			return bench_broken(b, "process %d: %s", note.member, note.text);
		usage_add(sum, &note.usage, 1);
	}
	return OUTCOME_OK;
}

/* A member is asleep when its state, the letter after the name in brackets, is S. */
static bool asleep(pid_t pid)
{
	char path[40], text[256], *bracket;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	bracket = strrchr(text, ')');
	return !bracket || bracket[1] == '\0' || bracket[2] == 'S';
}

static void wait_until_asleep(const struct crew *c)
{
	const struct timespec pause = {.tv_nsec = 1000 * 1000};

	for (int i = 0; i < c->n; i++)
		while (!asleep(c->pids[i]))
			nanosleep(&pause, NULL);
}

enum outcome crew_gather(struct bench *b, struct crew *c, int n, crew_fn prepare, crew_fn work,
			 void *arg)
{
	struct task task = {prepare, work, arg};
	enum outcome outcome = OUTCOME_OK;
	sigset_t set;
	int ends[2];

	*c = (struct crew){.notes = -1};
	b->workers = work ? (unsigned)n : 1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return bench_broken(b, "pipe: %s", strerror(errno));
	c->notes = ends[0];
	c->pids = xcalloc((size_t)n, sizeof(*c->pids));
	c->reaped_ns = xmalloc((size_t)n * sizeof(*c->reaped_ns));
	/* No page fault of ours later, between the first exit and the last. */
	memset(c->reaped_ns, 1, (size_t)n * sizeof(*c->reaped_ns));
	/* Members inherit the mask: a release that comes early waits for them. */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (c->n < n && outcome == OUTCOME_OK)
		if (fork_member(b, c, ends[1], &task) < 0)
			outcome = bench_broken(b, "fork of process %d of %d: %s", c->n, n,
					       strerror(errno));
	close(ends[1]);
	form_group(c);
	if (outcome == OUTCOME_OK)
		outcome = take_notes(b, c, &c->before);
	if (outcome == OUTCOME_OK)
		wait_until_asleep(c);
	if (work)
		touch_program();
	return outcome;
}

void crew_watch(void)
{
	const struct sched_param first = {.sched_priority = 1};

	sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

void crew_release(struct crew *c)
{
	c->released_ns = bench_now();
	kill(-c->group, SIGUSR1);
}

void crew_kill(struct crew *c)
{
	c->released_ns = bench_now();
	kill(-c->group, SIGKILL);
}

enum outcome crew_join(struct bench *b, struct crew *c)
{
	struct usage after = {0};
	enum outcome outcome = take_notes(b, c, &after);

	usage_add(&b->members, &after, 1);
	usage_add(&b->members, &c->before, -1);
	c->before = after;
	return outcome;
}

enum outcome crew_reap(struct bench *b, struct crew *c)
{
	while (c->alive) {
		int status;

		if (waitpid(-c->group, &status, 0) < 0) {
			if (errno == EINTR)
				continue;
			return bench_broken(b, "waitpid: %s", strerror(errno));
		}
		c->reaped_ns[c->reaped++] = bench_now();
		c->alive--;
	}
	/* what they used since counts as that of children now */
	usage_add(&b->members, &c->before, -1);
	return OUTCOME_OK;
}

void crew_latencies(struct bench *b, const struct crew *c)
{
	for (int i = 0; i < c->reaped; i++)
		bench_latency(b, c->reaped_ns[i] - c->released_ns);
}

void crew_dismiss(struct crew *c)
{
	const struct sched_param normal = {0};

	sched_setscheduler(0, SCHED_OTHER, &normal);
	if (c->alive)
		kill(-c->group, SIGKILL);
	while (c->alive) {
		if (waitpid(-c->group, NULL, 0) < 0 && errno != EINTR)
			break;
		c->alive--;
	}
	if (c->notes >= 0)
		close(c->notes);
	free(c->pids);
	free(c->reaped_ns);
	*c = (struct crew){.notes = -1};
}
