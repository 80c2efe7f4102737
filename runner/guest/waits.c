#include "runner/guest/waits.h"

#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

/* --- who wanted the lock --- */

static bool has_prefix(const char *name, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (strncmp(name, *prefixes, strlen(*prefixes)) == 0)
			return true;
	return false;
}

void waits_caller(const struct symbols *s, const uint64_t *chain, size_t n, struct lock_event *e)
{
	static const char *const lock_code[] = {
		/* on 7.2 what a recorder in the kernel put there stands below the slow path too */
		"bpf_trampoline_",
		"bpf_prog_",
		"rwsem_",
		"down_read",
		"down_write",
		"__down_",
		"percpu_down_",
		"__percpu_down_",
		"call_rwsem_",
		"mutex_lock",
		"__mutex_",
		"__ww_mutex_",
		"ww_mutex_",
		"rt_mutex_",
		"_raw_spin_",
		"__raw_spin_",
		"native_queued_spin_",
		"queued_spin_",
		"_raw_read_lock",
		"_raw_write_lock",
		"queued_read_",
		"queued_write_",
		NULL};
	/* what only chooses between kinds of walks says nothing of who asked for one */
	static const char *const detours[] = {"rmap_walk", NULL};

	size_t first = 0;

	/* above the slow path may stand what a recorder in the kernel put there */
	for (size_t i = 0; i < n && !first; i++) {
		const char *name = symbols_find(s, chain[i] - 1);

		if (name && strncmp(name, "rwsem_down_", 11) == 0)
			first = i;
	}
	e->caller = e->via = "";
	for (size_t i = first + 1; i < n; i++) {
		const char *name = symbols_find(s, chain[i] - 1);

		if (!name)
			continue;
		if (!*e->caller) {
			if (!has_prefix(name, lock_code))
				e->caller = name;
		} else if (!has_prefix(name, detours)) {
			e->via = name;
			break;
		}
	}
}

/* --- pairing --- */

/* Equal times keep the order in which they came: e points into one array. */
static int by_time(const void *a, const void *b)
{
	const struct lock_event *x = *(const struct lock_event *const *)a;
	const struct lock_event *y = *(const struct lock_event *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x < y ? -1 : x > y;
}

static const struct lock_event **sorted(const struct lock_event *events, size_t n)
{
	const struct lock_event **order = xcalloc(n + 1, sizeof(*order));

	for (size_t i = 0; i < n; i++)
		order[i] = &events[i];
	qsort(order, n, sizeof(*order), by_time);
	return order;
}

/* Who waits now, by an open hash; a slot is never given up. */
struct pending {
	const struct lock_event **slots;
	uint64_t *waiters;
	size_t mask;
};

static const struct lock_event **slot_of(struct pending *p, uint64_t waiter)
{
	size_t i = (size_t)((waiter * 0x9e3779b97f4a7c15u) >> 32) & p->mask;

	while (p->waiters[i] && p->waiters[i] != waiter)
		i = (i + 1) & p->mask;
	p->waiters[i] = waiter;
	return &p->slots[i];
}

static void take(struct lock_waits *w, const struct lock_event **open, const struct lock_event *e)
{
	if (e->enter && *open && e->goes_on)
		return;
	if (e->enter) {
		w->unpaired += *open != NULL;
		*open = e;
	} else if (!*open) {
		w->unpaired++;
	} else if (e->mode != MODE_ANY && e->mode != (*open)->mode) {
		/* the return of the one and the enter of the other are missing */
		w->unpaired += 2;
		*open = NULL;
	} else {
		w->v[w->n++] = (struct lock_wait){
			(*open)->time,	 e->time,      (*open)->lock,	(*open)->mode,
			(*open)->caller, (*open)->via, (*open)->waiter, false};
		*open = NULL;
	}
}

void waits_pair(const struct lock_event *events, size_t n, struct lock_waits *w)
{
	const struct lock_event **order = sorted(events, n);
	struct pending p = {.mask = 1023};

	while (p.mask < 2 * n)
		p.mask = p.mask * 2 + 1;
	p.slots = xcalloc(p.mask + 1, sizeof(*p.slots));
	p.waiters = xcalloc(p.mask + 1, sizeof(*p.waiters));
	*w = (struct lock_waits){.v = xcalloc(n / 2 + 1, sizeof(*w->v))};
	for (size_t i = 0; i < n; i++)
		if (order[i]->waiter)
			take(w, slot_of(&p, order[i]->waiter), order[i]);
		else
			w->unpaired++; /* an idle task never waits: a damaged event */
	for (size_t i = 0; i <= p.mask; i++)
		w->unpaired += p.slots[i] != NULL;
	free(p.slots);
	free(p.waiters);
	free(order);
	waits_find_exits(w);
}

/* --- within exit_mmap() --- */

static int by_waiter(const void *a, const void *b)
{
	const struct lock_wait *x = *(const struct lock_wait *const *)a;
	const struct lock_wait *y = *(const struct lock_wait *const *)b;

	if (x->waiter != y->waiter)
		return x->waiter < y->waiter ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

/* The last of a waiter's that began at a time or before it; those of one do not overlap. */
static const struct lock_wait *last_before(const struct lock_wait **exits, size_t n,
					   uint64_t waiter, uint64_t time)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (exits[mid]->waiter < waiter ||
		    (exits[mid]->waiter == waiter && exits[mid]->from <= time))
			low = mid + 1;
		else
			high = mid;
	}
	return low && exits[low - 1]->waiter == waiter ? exits[low - 1] : NULL;
}

void waits_find_exits(struct lock_waits *w)
{
	const struct lock_wait **exits = xcalloc(w->n + 1, sizeof(*exits)), *exit;
	size_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].mode == MODE_EXIT)
			exits[n++] = &w->v[i];
	qsort(exits, n, sizeof(*exits), by_waiter);
	for (size_t i = 0; i < w->n; i++) {
		exit = last_before(exits, n, w->v[i].waiter | WAITER_EXIT, w->v[i].from);
		w->v[i].in_exit = exit && w->v[i].from <= exit->to;
	}
	free(exits);
}

void waits_release(struct lock_waits *w)
{
	free(w->v);
	*w = (struct lock_waits){0};
}

/* --- rows --- */

static const char *const mode_names[] = {"read", "write", "mutex", "spin"};
#define MODES 4

struct row {
	struct lock_wait key; /* times aside; lock 0: several */
	uint64_t waits, total, longest, in_exit;
};

static int by_key(const void *a, const void *b)
{
	const struct lock_wait *x = a, *y = b;
	int c;

	if (x->lock != y->lock)
		return x->lock < y->lock ? -1 : 1;
	if (x->mode != y->mode)
		return (int)x->mode - (int)y->mode;
	c = strcmp(x->caller, y->caller);
	return c ? c : strcmp(x->via, y->via);
}

static int by_total(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->total != y->total)
		return x->total > y->total ? -1 : 1;
	return by_key(&x->key, &y->key);
}

static void add_to(struct row *row, const struct row *more)
{
	row->waits += more->waits;
	row->total += more->total;
	row->in_exit += more->in_exit;
	if (more->longest > row->longest)
		row->longest = more->longest;
}

static bool began_in(const struct lock_wait *w, const struct lock_region *region)
{
	return w->from >= region->start && w->from <= region->end;
}

/* The rows of a region, the longest waiting first; *n of them, for the caller to free. */
static struct row *sum_up(const struct lock_waits *w, const struct lock_region *region, size_t *n)
{
	struct lock_wait *inside = xcalloc(w->n + 1, sizeof(*inside));
	struct row *rows = xcalloc(w->n + 1, sizeof(*rows));
	size_t count = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].mode != MODE_EXIT && began_in(&w->v[i], region))
			inside[count++] = w->v[i];
	qsort(inside, count, sizeof(*inside), by_key);
	*n = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t ns = inside[i].to - inside[i].from;

		if (!*n || by_key(&rows[*n - 1].key, &inside[i]) != 0)
			rows[(*n)++].key = inside[i];
		add_to(&rows[*n - 1], &(struct row){.waits = 1,
						    .total = ns,
						    .longest = ns,
						    .in_exit = inside[i].in_exit ? ns : 0});
	}
	free(inside);
	qsort(rows, *n, sizeof(*rows), by_total);
	return rows;
}

/* Puts what is beyond the most rows into one of each mode. */
static void fold(struct row *rows, size_t *n)
{
	size_t keep = WAITS_MAX_ROWS - MODES, k = keep;
	struct row rest[MODES];

	if (*n <= WAITS_MAX_ROWS)
		return;
	for (int mode = 0; mode < MODES; mode++)
		rest[mode] = (struct row){
			.key = {.mode = (enum wait_mode)mode, .caller = "", .via = ""}};
	for (size_t i = keep; i < *n; i++)
		add_to(&rest[rows[i].key.mode], &rows[i]);
	for (int mode = 0; mode < MODES; mode++)
		if (rest[mode].waits)
			rows[k++] = rest[mode];
	*n = k;
}

/* Replaces addresses by numbers: 1 for the lock of the first row, and so on; 0 stays. */
static void number_locks(struct row *rows, size_t n)
{
	uint64_t address[WAITS_MAX_ROWS], next = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		address[i] = rows[i].key.lock;
		while (address[k] != address[i])
			k++;
		if (address[i])
			rows[i].key.lock = k < i ? rows[k].key.lock : ++next;
	}
}

json_t *waits_rows(const struct lock_waits *w, const struct lock_region *region)
{
	json_t *a = json_array();
	size_t n;
	struct row *rows = sum_up(w, region, &n);

	fold(rows, &n);
	number_locks(rows, n);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I}",
						   "lock", (json_int_t)rows[i].key.lock, "mode",
						   mode_names[rows[i].key.mode], "caller",
						   rows[i].key.caller, "via", rows[i].key.via,
						   "waits", (json_int_t)rows[i].waits, "wait_ns",
						   (json_int_t)rows[i].total, "longest_ns",
						   (json_int_t)rows[i].longest, "in_exit_ns",
						   (json_int_t)rows[i].in_exit));
	free(rows);
	return a;
}

struct exits waits_exits(const struct lock_waits *w, const struct lock_region *region)
{
	struct exits sum = {0};

	for (size_t i = 0; i < w->n; i++) {
		if (w->v[i].mode != MODE_EXIT || !began_in(&w->v[i], region))
			continue;
		sum.n++;
		sum.ns += w->v[i].to - w->v[i].from;
	}
	return sum;
}
