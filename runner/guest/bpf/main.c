/*
 * lock-bpf: loads waits.bpf.c and says on its standard output
 *
 *     ready                                   when it records, or "error REASON"
 *     wait FROM TO LOCK read|write|exit THREAD ADDRESS...
 *                                             for each wait, after its standard input has ended
 *     end LOST UNPAIRED
 *
 * with times in ns of CLOCK_MONOTONIC_RAW. A program of its own, so that only boots that use it
 * carry the library.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "runner/guest/bpf/waits.h"
#include <waits.skel.h>

struct waits {
	struct wait *v;
	size_t n, cap;
	unsigned long long dropped; /* for want of memory */
};

/* What the library complains of first is the reason of a failure. */
static char reason[400];

static int keep_reason(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && !*reason) {
		vsnprintf(reason, sizeof(reason), fmt, ap);
		reason[strcspn(reason, "\n")] = '\0';
	}
	return 0;
}

static int take(void *arg, void *data, size_t size)
{
	struct waits *w = arg;

	if (size < sizeof(*w->v))
		return 0;
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 4096;
		struct wait *v = realloc(w->v, cap * sizeof(*v));

		if (!v) {
			w->dropped++;
			return 0;
		}
		w->v = v;
		w->cap = cap;
	}
	memcpy(&w->v[w->n++], data, sizeof(*w->v));
	return 0;
}

static long long now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Between the clock of the records and that of the regions lies an offset, which drifts with NTP.
 */
struct offsets {
	long long at[2], raw[2]; /* CLOCK_MONOTONIC at begin and end, and what to add to it */
};

static void note_offset(struct offsets *o, int which)
{
	o->at[which] = now(CLOCK_MONOTONIC);
	o->raw[which] = now(CLOCK_MONOTONIC_RAW) - o->at[which];
}

static unsigned long long to_raw(const struct offsets *o, unsigned long long t)
{
	double part = (double)((long long)t - o->at[0]) / (double)(o->at[1] - o->at[0] + 1);

	return t + (unsigned long long)(o->raw[0] +
					(long long)(part * (double)(o->raw[1] - o->raw[0])));
}

static void print_wait(const struct wait *w, const struct offsets *o)
{
	static const char *const kinds[] = {"read", "write", "exit"};

	printf("wait %llu %llu %llx %s %u", to_raw(o, w->from), to_raw(o, w->to), w->lock,
	       kinds[w->kind], w->thread);
	for (int i = 0; i < WAIT_FRAMES && w->chain[i]; i++)
		printf(" %llx", w->chain[i]);
	putchar('\n');
}

/* Calls that the kernel left out because the program was running on that CPU: 5.12 and later tell.
 */
static unsigned long long misses(const struct waits_bpf *b)
{
	const struct bpf_program *programs[] = {b->progs.enter_read,  b->progs.enter_write,
						b->progs.enter_exit,  b->progs.leave_read,
						b->progs.leave_write, b->progs.leave_exit};
	unsigned long long sum = 0;

	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (bpf_obj_get_info_by_fd(bpf_program__fd(programs[i]), &info, &len) == 0)
			sum += info.recursion_misses;
	}
	return sum;
}

static void record(struct ring_buffer *ring)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
			      {.fd = ring_buffer__epoll_fd(ring), .events = POLLIN}};

	while (poll(p, 2, -1) >= 0 || errno == EINTR) {
		if (p[1].revents)
			ring_buffer__consume(ring);
		if (p[0].revents)
			break;
	}
}

static int fail(const char *what)
{
	printf("error %s: %s\n", what, *reason ? reason : strerror(errno));
	return 1;
}

int main(void)
{
	struct waits waits = {0};
	struct offsets o;
	struct ring_buffer *ring;
	struct waits_bpf *b;

	libbpf_set_print(keep_reason);
	b = waits_bpf__open_and_load();
	if (!b)
		return fail("the kernel does not take the program");
	ring = ring_buffer__new(bpf_map__fd(b->maps.ring), take, &waits, NULL);
	if (!ring || waits_bpf__attach(b))
		return fail("the program cannot be attached");
	note_offset(&o, 0);
	puts("ready");
	fflush(stdout);
	record(ring);
	waits_bpf__detach(b);
	ring_buffer__consume(ring);
	note_offset(&o, 1);
	for (size_t i = 0; i < waits.n; i++)
		print_wait(&waits.v[i], &o);
	printf("end %llu %llu\n", (unsigned long long)b->bss->lost + waits.dropped + misses(b),
	       (unsigned long long)b->bss->unpaired);
	ring_buffer__free(ring);
	waits_bpf__destroy(b);
	free(waits.v);
	return 0;
}
