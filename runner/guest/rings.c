#include "runner/guest/rings.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

/* Room for some ten thousand records a CPU, so that it is seldom read out while something is timed.
 */
#define MAX_RING_BYTES (4u << 20)
#define MIN_RING_BYTES (64u << 10)
#define MAX_RAW_BYTES (256u << 20)

static int open_event(unsigned id, bool stack, int cpu, size_t bytes)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(a),
		.config = id,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
			       PERF_SAMPLE_RAW,
		.disabled = 1,
		.exclude_callchain_user = 1,
		.exclude_callchain_kernel = !stack,
		.watermark = 1,
		.wakeup_watermark = (unsigned)bytes / 2,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC_RAW,
	};

	return (int)syscall(SYS_perf_event_open, &a, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* A CPU that is not there is no error: the ring stays without a base. */
static int open_ring(struct ring *ring, size_t bytes, const struct probes *p, int cpu,
		     struct err *err)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < PROBES; i++)
		ring->fds[i] = -1;
	for (int i = 0; i < PROBES; i++) {
		bool stack = i == PROBE_READ_ENTER || i == PROBE_WRITE_ENTER;

		if (!p->id[i])
			continue;
		ring->fds[i] = open_event(p->id[i], stack, cpu, bytes);
		if (ring->fds[i] < 0 && i == 0 && errno == ENODEV)
			return 0;
		if (ring->fds[i] < 0)
			return err_sys(err, "cannot open a probe's event on CPU %d", cpu);
		if (i == 0) {
			ring->base = mmap(NULL, page + bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
					  ring->fds[0], 0);
			if (ring->base == MAP_FAILED) {
				ring->base = NULL;
				return err_sys(err, "cannot map the events of CPU %d", cpu);
			}
		} else if (ioctl(ring->fds[i], PERF_EVENT_IOC_SET_OUTPUT, ring->fds[0]) < 0) {
			return err_sys(err, "cannot join the events of CPU %d", cpu);
		}
	}
	return 0;
}

static void all(struct rings *r, unsigned long request)
{
	for (size_t i = 0; i < r->n; i++)
		for (int k = 0; r->v[i].base && k < PROBES; k++)
			if (r->v[i].fds[k] >= 0)
				ioctl(r->v[i].fds[k], request, 0);
}

size_t rings_bytes(size_t cpus, unsigned long long memory)
{
	size_t bytes = MAX_RING_BYTES;

	while (bytes > MIN_RING_BYTES && (unsigned long long)bytes * cpus > memory / 16)
		bytes /= 2;
	return bytes;
}

/* One of each probe on each CPU, beside what else is open. */
static void want_descriptors(size_t cpus)
{
	const rlim_t want = cpus * PROBES + 64;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
		return;
	r.rlim_cur = want;
	if (r.rlim_max < want)
		r.rlim_max = want;
	setrlimit(RLIMIT_NOFILE, &r);
}

int rings_open(struct rings *r, const struct probes *p, struct err *err)
{
	int cpus = get_nprocs_conf();
	unsigned long long memory = (unsigned long long)sysconf(_SC_PHYS_PAGES) *
				    (unsigned long long)sysconf(_SC_PAGESIZE);

	want_descriptors((size_t)cpus);
	*r = (struct rings){.bytes = rings_bytes((size_t)cpus, memory),
			    .v = xcalloc((size_t)cpus, sizeof(*r->v)),
			    .polls = xcalloc((size_t)cpus + 1, sizeof(*r->polls))};
	while (r->n < (size_t)cpus) {
		struct ring *ring = &r->v[r->n++];

		if (open_ring(ring, r->bytes, p, (int)r->n - 1, err) < 0) {
			rings_release(r);
			return -1;
		}
		r->polls[r->n - 1] = (struct pollfd){.fd = ring->fds[0], .events = POLLIN};
	}
	all(r, PERF_EVENT_IOC_ENABLE);
	return 0;
}

static void drain(struct rings *r, struct ring *ring)
{
	struct perf_event_mmap_page *page = ring->base;
	const char *data = (const char *)ring->base + page->data_offset;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);

	uint64_t at =
		r->raw.len + (head - page->data_tail) > MAX_RAW_BYTES ? head : page->data_tail;

	while (at < head) {
		uint64_t offset = at % page->data_size, n = page->data_size - offset;

		if (n > head - at)
			n = head - at;
		str_addn(&r->raw, data + offset, n);
		at += n;
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

void rings_drain(struct rings *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].base)
			drain(r, &r->v[i]);
}

void rings_stop(struct rings *r)
{
	all(r, PERF_EVENT_IOC_DISABLE);
}

void rings_release(struct rings *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i].base)
			munmap(r->v[i].base, (size_t)sysconf(_SC_PAGESIZE) + r->bytes);
		for (int k = 0; k < PROBES; k++)
			if (r->v[i].fds[k] >= 0)
				close(r->v[i].fds[k]);
	}
	free(r->v);
	free(r->polls);
	str_release(&r->raw);
	*r = (struct rings){0};
}

/* --- reading what was taken --- */

struct cursor {
	const char *at, *end;
};

/* Copies out the next n bytes; false where there are not as many. */
static bool next(struct cursor *c, void *to, size_t n)
{
	if ((size_t)(c->end - c->at) < n)
		return false;
	memcpy(to, c->at, n);
	c->at += n;
	return true;
}

/* The kernel's own part of a call chain. Values near the top of the address space are marks. */
static void decode_chain(struct cursor *c, uint64_t count, const struct symbols *s,
			 struct lock_event *e)
{
	uint64_t chain[PERF_MAX_STACK_DEPTH], address;
	size_t n = 0;

	while (count-- && next(c, &address, sizeof(address)))
		if (address < PERF_CONTEXT_MAX && n < PERF_MAX_STACK_DEPTH)
			chain[n++] = address;
	waits_caller(s, chain, n, e);
}

/* Copies n bytes from an offset of the probe's own data. */
static bool get(const struct cursor *data, size_t at, void *to, size_t n)
{
	if ((size_t)(data->end - data->at) < at + n)
		return false;
	memcpy(to, data->at + at, n);
	return true;
}

static enum wait_mode mode_of(enum probe probe)
{
	if (probe == PROBE_EXIT_ENTER || probe == PROBE_EXIT_LEAVE)
		return MODE_EXIT;
	return probe == PROBE_READ_ENTER || probe == PROBE_READ_LEAVE ? MODE_READ : MODE_WRITE;
}

static bool decode_probe(const struct cursor *data, uint32_t thread, const struct probes *p,
			 struct lock_event *e)
{
	uint16_t type;
	uint32_t flags;
	int probe = 0;

	if (!get(data, 0, &type, sizeof(type)))
		return false;
	while (probe < PROBES && p->id[probe] != type)
		probe++;
	if (probe == PROBES)
		return false;
	e->enter = probe == PROBE_READ_ENTER || probe == PROBE_WRITE_ENTER ||
		   probe == PROBE_EXIT_ENTER;
	e->mode = mode_of((enum probe)probe);
	e->waiter = e->mode == MODE_EXIT ? thread | WAITER_EXIT : thread;
	if ((e->enter || p->flags_at) && !get(data, p->lock_at, &e->lock, sizeof(e->lock)))
		return false;
	if (!p->flags_at)
		return true;
	if (e->enter && !get(data, p->flags_at, &flags, sizeof(flags)))
		return false;
	/* an interrupt may wait within a wait of the thread it came to, but for another lock */
	e->waiter = ((uint64_t)thread << 32) ^ e->lock;
	e->mode = e->enter ? probes_mode(flags) : MODE_ANY;
	e->goes_on = e->mode == MODE_MUTEX;
	return true;
}

static bool decode_sample(struct cursor *c, const struct probes *p, const struct symbols *s,
			  struct lock_event *e)
{
	uint32_t ids[2], size;
	struct cursor data;
	uint64_t frames;

	if (!next(c, ids, sizeof(ids)) || !next(c, &e->time, sizeof(e->time)) ||
	    !next(c, &frames, sizeof(frames)) || frames > (uint64_t)(c->end - c->at) / 8)
		return false;
	decode_chain(c, frames, s, e);
	if (!next(c, &size, sizeof(size)) || size > (size_t)(c->end - c->at))
		return false;
	data = (struct cursor){c->at, c->at + size};
	return decode_probe(&data, ids[1], p, e);
}

/* The kernel says behind a gap how many records it had no room for. */
static uint64_t decode_lost(struct cursor *c)
{
	uint64_t id_and_count[2] = {0, 0};

	return next(c, id_and_count, sizeof(id_and_count)) ? id_and_count[1] : 0;
}

void rings_decode(const struct str *raw, const struct probes *p, const struct symbols *s,
		  struct lock_events *events)
{
	struct cursor c = {str_text(raw), str_text(raw) + raw->len};
	struct perf_event_header h;
	size_t cap = 0;

	*events = (struct lock_events){0};
	while (next(&c, &h, sizeof(h)) && h.size >= sizeof(h) &&
	       (size_t)(c.end - c.at) >= h.size - sizeof(h)) {
		struct cursor body = {c.at, c.at + h.size - sizeof(h)};
		struct lock_event e = {0};

		c.at = body.end;
		if (h.type == PERF_RECORD_LOST)
			events->lost += decode_lost(&body);
		if (h.type != PERF_RECORD_SAMPLE)
			continue;
		if (!decode_sample(&body, p, s, &e))
			break;
		if (events->n == cap) {
			cap = cap ? cap * 2 : 1024;
			events->v = xrealloc(events->v, cap * sizeof(*events->v));
		}
		events->v[events->n++] = e;
	}
}
