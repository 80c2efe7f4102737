/* From recorded events to who waited how long: whole, interleaved, cut off and damaged. */
#include "tests/unit/check.h"
#include <jansson.h>
#include <linux/perf_event.h>
#include "lib/json.h"
#include "runner/guest/helper.h"
#include "runner/guest/rings.h"
#include "runner/guest/waits.h"

/* Functions as a kernel lists them, not in order, data and variants among them. */
static const char kallsyms[] = "ffffffff81000300 T unlink_file_vma\n"
			       "ffffffff81000100 t rwsem_down_write_slowpath\n"
			       "ffffffff81000000 t rwsem_down_read_slowpath.isra.0\n"
			       "ffffffff81000010 t rwsem_down_read_slowpath.isra.0.cold\n"
			       "ffffffff81000200 T down_write\n"
			       "ffffffff81000400 T free_pgtables\n"
			       "ffffffff81000500 T rmap_walk_file\n"
			       "ffffffff81000600 T rmap_walk\n"
			       "ffffffff81000700 T try_to_munlock\t[mod]\n"
			       "ffffffffc0000000 t bpf_trampoline_6442554780\t[bpf]\n"
			       "ffffffff82000000 D some_data\n";

static void load(struct symbols *s)
{
	char path[] = "/tmp/mlocklab-kallsyms-XXXXXX";
	int fd = mkstemp(path);
	struct err err;

	assert_int_equal(fs_write_all(fd, kallsyms, strlen(kallsyms)), 0);
	close(fd);
	assert_int_equal(symbols_load(s, path, &err), 0);
	unlink(path);
}

static void test_symbols(void **state)
{
	struct symbols s;
	struct err err;

	(void)state;
	load(&s);
	assert_int_equal(s.n, 10);
	assert_string_equal(symbols_find(&s, 0xffffffff81000305), "unlink_file_vma");
	assert_string_equal(symbols_find(&s, 0xffffffff81000200), "down_write");
	assert_string_equal(symbols_find(&s, 0xffffffff90000000), "try_to_munlock");
	assert_null(symbols_find(&s, 0xffffffff80ffffff));
	assert_string_equal(symbols_name(&s, "rwsem_down_read_slowpath"),
			    "rwsem_down_read_slowpath.isra.0");
	assert_string_equal(symbols_name(&s, "rmap_walk"), "rmap_walk");
	assert_null(symbols_name(&s, "rmap_wal"));
	symbols_release(&s);
	assert_int_equal(symbols_load(&s, "/nonexistent", &err), -1);
	assert_says(&err, "/nonexistent");
}

/* What an unprivileged reader sees of /proc/kallsyms. */
static void test_symbols_hidden(void **state)
{
	char path[] = "/tmp/mlocklab-kallsyms-XXXXXX";
	static const char hidden[] = "0000000000000000 T down_write\n0000000000000000 T up_write\n";
	int fd = mkstemp(path);
	struct symbols s;
	struct err err;

	(void)state;
	assert_int_equal(fs_write_all(fd, hidden, strlen(hidden)), 0);
	close(fd);
	assert_int_equal(symbols_load(&s, path, &err), -1);
	assert_says(&err, "kptr_restrict");
	unlink(path);
}

static void test_caller(void **state)
{
	static const uint64_t exit_chain[] = {0xffffffff81000101, 0xffffffff81000220,
					      0xffffffff81000330, 0xffffffff81000420};
	/* down_write's call is its last instruction: the return address lies in the next function
	 */
	static const uint64_t edge[] = {0xffffffff81000101, 0xffffffff81000300, 0xffffffff81000420};
	static const uint64_t walk[] = {0xffffffff81000001, 0xffffffff81000520, 0xffffffff81000620,
					0xffffffff81000720};
	static const uint64_t traced[] = {0xffffffffc0000010, 0xffffffff81000105,
					  0xffffffffc0000040, 0xffffffff81000220,
					  0xffffffff81000330, 0xffffffff81000420};
	struct lock_event e;
	struct symbols s;

	(void)state;
	load(&s);
	waits_caller(&s, exit_chain, 4, &e);
	assert_string_equal(e.caller, "unlink_file_vma");
	assert_string_equal(e.via, "free_pgtables");
	waits_caller(&s, edge, 3, &e);
	assert_string_equal(e.caller, "free_pgtables");
	assert_string_equal(e.via, "");
	waits_caller(&s, walk, 4, &e);
	assert_string_equal(e.caller, "rmap_walk_file");
	assert_string_equal(e.via, "try_to_munlock");
	waits_caller(&s, traced, 6, &e);
	assert_string_equal(e.caller, "unlink_file_vma");
	assert_string_equal(e.via, "free_pgtables");
	waits_caller(&s, walk, 1, &e);
	assert_string_equal(e.caller, "");
	waits_caller(&s, NULL, 0, &e);
	assert_string_equal(e.caller, "");
	symbols_release(&s);
}

/* --- pairing --- */

static struct lock_event enter(uint64_t time, uint32_t thread, uint64_t lock, bool write,
			       const char *caller)
{
	return (struct lock_event){time, thread, true, false, write ? MODE_WRITE : MODE_READ,
				   lock, caller, "x"};
}

static struct lock_event leave(uint64_t time, uint32_t thread, bool write)
{
	return (struct lock_event){time, thread, false, false, write ? MODE_WRITE : MODE_READ,
				   0,	 NULL,	 NULL};
}

/* Rings are read one CPU after the other: a thread that was moved leaves before it enters. */
static void test_pairs_interleaved(void **state)
{
	const struct lock_event events[] = {
		leave(50, 7, true),
		enter(60, 8, 0xb, false, "walk"),
		leave(90, 8, false),
		enter(10, 7, 0xa, true, "unlink"),
		enter(20, 8, 0xa, false, "walk"),
		leave(55, 8, false),
		enter(70, 9, 0xa, true, "unlink"),
		leave(70, 9, true),
	};
	struct lock_waits w;

	(void)state;
	waits_pair(events, 8, &w);
	assert_int_equal(w.unpaired, 0);
	assert_int_equal(w.n, 4);
	assert_int_equal(w.v[0].from, 10);
	assert_int_equal(w.v[0].to, 50);
	assert_int_equal(w.v[0].mode, MODE_WRITE);
	assert_int_equal(w.v[1].to - w.v[1].from, 35);
	assert_int_equal(w.v[2].from, w.v[2].to);
	assert_int_equal(w.v[3].lock, 0xb);
	waits_release(&w);
}

static void test_pairs_damaged(void **state)
{
	const struct lock_event events[] = {
		leave(5, 1, true),		   /* its enter was lost */
		enter(10, 2, 0xa, true, "unlink"), /* its leave was lost */
		enter(20, 2, 0xa, true, "unlink"),
		leave(30, 2, true),
		enter(40, 3, 0xa, true, "unlink"),
		leave(50, 3, false),		   /* halves of two waits */
		leave(60, 0, true),		   /* nobody */
		enter(70, 4, 0xa, true, "unlink"), /* never leaves */
	};
	struct lock_waits w;

	(void)state;
	waits_pair(events, 8, &w);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.v[0].from, 20);
	assert_int_equal(w.unpaired, 6);
	waits_release(&w);
	waits_pair(NULL, 0, &w);
	assert_int_equal(w.n + w.unpaired, 0);
	waits_release(&w);
}

/* Whatever is lost: every event is half of a wait or counted as unpaired. */
static void test_pairs_add_up(void **state)
{
	static struct lock_event events[4000];
	uint64_t random = 1;

	(void)state;
	for (int lossy = 0; lossy < 2; lossy++) {
		struct lock_waits w;
		size_t n = 0;

		for (unsigned i = 0; i < 2000; i++) {
			uint32_t thread = 1 + i % 97 * 4096;
			bool write = i % 3 == 0;

			random = random * 6364136223846793005u + 1442695040888963407u;
			if (!lossy || random >> 33 & 63)
				events[n++] = enter(10 * i, thread, i % 5 + 1, write, "f");
			if (!lossy || random >> 40 & 63)
				events[n++] = leave(10 * i + 9, thread, write);
		}
		waits_pair(events, n, &w);
		assert_int_equal(2 * w.n + w.unpaired, n);
		assert_true(lossy ? n < 4000 && w.unpaired > 0 : w.n == 2000);
		waits_release(&w);
	}
}

/* A mutex is spun for and then slept for: one wait. A spinlock is waited for amid it, by an
 * interrupt. */
static void test_pairs_nested(void **state)
{
	const struct lock_event events[] = {
		{10, 7, true, true, MODE_MUTEX, 0xa, "f", ""},
		{20, 8, true, false, MODE_SPIN, 0xb, "g", ""},
		{25, 8, false, false, MODE_ANY, 0xb, "", ""},
		{30, 7, true, true, MODE_MUTEX, 0xa, "f", ""},
		{50, 7, false, false, MODE_ANY, 0xa, "", ""},
	};
	struct lock_waits w;

	(void)state;
	waits_pair(events, 5, &w);
	assert_int_equal(w.unpaired, 0);
	assert_int_equal(w.n, 2);
	assert_int_equal(w.v[0].mode, MODE_SPIN);
	assert_int_equal(w.v[1].mode, MODE_MUTEX);
	assert_int_equal(w.v[1].to - w.v[1].from, 40);
	waits_release(&w);
}

/* An exit encloses waits of its own thread, and none of another's; it is no wait itself. */
static void test_exits(void **state)
{
	const struct lock_event events[] = {
		{10, 7 | WAITER_EXIT, true, false, MODE_EXIT, 0xe, "", ""},
		enter(20, 7, 0xa, true, "unlink"),
		leave(35, 7, true),
		enter(30, 8, 0xa, false, "walk"),
		leave(39, 8, false),
		{50, 7 | WAITER_EXIT, false, false, MODE_EXIT, 0, NULL, NULL},
		enter(60, 7, 0xa, true, "unlink"),
		leave(70, 7, true),
		{80, 8 | WAITER_EXIT, true, false, MODE_EXIT, 0xf, "", ""},
		enter(85, 8, 0xa, true, "unlink"),
		leave(95, 8, true),
		{100, 8 | WAITER_EXIT, false, false, MODE_EXIT, 0, NULL, NULL},
	};
	struct lock_region region = {1, 0, 200, 2}, first = {1, 0, 79, 2};
	struct lock_waits w;
	struct exits exits;
	json_t *rows, *row;

	(void)state;
	waits_pair(events, 12, &w);
	assert_int_equal(w.unpaired, 0);
	exits = waits_exits(&w, &region);
	assert_int_equal(exits.n, 2);
	assert_int_equal(exits.ns, 60);
	assert_int_equal(waits_exits(&w, &first).ns, 40);
	rows = waits_rows(&w, &region);
	assert_int_equal(json_array_size(rows), 2);
	row = json_array_get(rows, 0);
	assert_string_equal(json_get_str(row, "caller", ""), "unlink");
	assert_int_equal(json_get_int(row, "wait_ns", 0), 35);
	assert_int_equal(json_get_int(row, "in_exit_ns", 0), 25);
	assert_int_equal(json_get_int(json_array_get(rows, 1), "wait_ns", 0), 9);
	assert_int_equal(json_get_int(json_array_get(rows, 1), "in_exit_ns", -1), 0);
	json_decref(rows);
	waits_release(&w);
}

/* --- rows --- */

static void test_rows(void **state)
{
	struct lock_wait v[] = {
		{10, 30, 0xb, MODE_WRITE, "unlink", "exit", 1, false},
		{10, 20, 0xb, MODE_WRITE, "unlink", "exit", 2, false},
		{12, 100, 0xa, MODE_READ, "walk", "munlock", 3, false},
		{5, 50, 0xa, MODE_WRITE, "unlink", "exit", 4, false},
		{40, 41, 0xa, MODE_WRITE, "unlink", "exit", 1, false},
		{201, 300, 0xa, MODE_WRITE, "unlink", "exit", 1, false},
	};
	struct lock_waits w = {v, 6, 0};
	struct lock_region region = {1, 10, 200, 4};
	json_t *rows = waits_rows(&w, &region), *first = json_array_get(rows, 0);

	(void)state;
	/* what began before or after the region is not in it */
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_get_str(first, "caller", ""), "walk");
	assert_string_equal(json_get_str(first, "via", ""), "munlock");
	assert_string_equal(json_get_str(first, "mode", ""), "read");
	assert_int_equal(json_get_int(first, "lock", 0), 1);
	assert_int_equal(json_get_int(first, "wait_ns", 0), 88);
	assert_int_equal(json_get_int(json_array_get(rows, 1), "lock", 0), 2);
	assert_int_equal(json_get_int(json_array_get(rows, 1), "waits", 0), 2);
	assert_int_equal(json_get_int(json_array_get(rows, 1), "wait_ns", 0), 30);
	assert_int_equal(json_get_int(json_array_get(rows, 1), "longest_ns", 0), 20);
	assert_int_equal(json_get_int(json_array_get(rows, 2), "lock", 0), 1);
	json_decref(rows);
}

/* More locks than rows: the rest is one row of each mode, and nothing of the sum is lost. */
static void test_rows_folded(void **state)
{
	enum { N = WAITS_MAX_ROWS + 40 };
	static struct lock_wait v[N];
	struct lock_waits w = {v, N, 0};
	struct lock_region region = {1, 0, 1, 1};
	json_int_t waits = 0, ns = 0, want = 0;
	json_t *rows, *row;
	size_t i;

	(void)state;
	for (i = 0; i < N; i++) {
		v[i] = (struct lock_wait){0,   i + 1, i + 1, i % 2 ? MODE_WRITE : MODE_READ,
					  "f", "g",   1,     false};
		want += (json_int_t)i + 1;
	}
	rows = waits_rows(&w, &region);
	assert_int_equal(json_array_size(rows), WAITS_MAX_ROWS - 2);
	json_array_foreach(rows, i, row) {
		waits += json_get_int(row, "waits", 0);
		ns += json_get_int(row, "wait_ns", 0);
	}
	assert_int_equal(waits, N);
	assert_int_equal(ns, want);
	assert_int_equal(json_get_int(json_array_get(rows, WAITS_MAX_ROWS - 3), "lock", -1), 0);
	json_decref(rows);
}

/* --- records as the kernel writes them --- */

static const struct probes probes = {{1501, 1502, 1503, 1504, 1505, 1506}, 16, 0};

/* A sample record: thread, time, call chain, and the probe's own bytes. */
static void add_record(struct str *raw, enum probe probe, uint32_t thread, uint64_t time,
		       const uint64_t *chain, uint64_t frames, uint64_t lock)
{
	struct __attribute__((packed)) {
		uint16_t type;
		uint8_t flags, preempt;
		int32_t pid;
		uint64_t ip, lock;
	} bytes = {(uint16_t)probes.id[probe], 0, 0, (int32_t)thread, 1, lock};
	struct perf_event_header h = {.type = PERF_RECORD_SAMPLE};
	uint32_t ids[2] = {1, thread}, size = sizeof(bytes) + 4, pad = 0;

	h.size = (uint16_t)(sizeof(h) + 8 + 8 + 8 + frames * 8 + 4 + size);
	str_addn(raw, &h, sizeof(h));
	str_addn(raw, ids, 8);
	str_addn(raw, &time, 8);
	str_addn(raw, &frames, 8);
	str_addn(raw, chain, frames * 8);
	str_addn(raw, &size, 4);
	str_addn(raw, &bytes, sizeof(bytes));
	str_addn(raw, &pad, 4);
}

static void record_two(struct str *raw)
{
	static const uint64_t chain[] = {(uint64_t)-128, /* PERF_CONTEXT_KERNEL */
					 0xffffffff81000101, 0xffffffff81000220, 0xffffffff81000330,
					 0xffffffff81000420};
	struct perf_event_header lost = {PERF_RECORD_LOST, 0, 24};
	uint64_t told[2] = {1, 7}; /* which event, and how many of its records */

	add_record(raw, PROBE_WRITE_ENTER, 42, 1000, chain, 5, 0xffff888000001000);
	str_addn(raw, &lost, sizeof(lost));
	str_addn(raw, told, sizeof(told));
	add_record(raw, PROBE_WRITE_LEAVE, 42, 1700, NULL, 0, 0);
}

static void test_decode(void **state)
{
	struct str raw = STR_INIT;
	struct lock_events e;
	struct symbols s;

	(void)state;
	load(&s);
	record_two(&raw);
	rings_decode(&raw, &probes, &s, &e);
	assert_int_equal(e.n, 2);
	assert_int_equal(e.lost, 7);
	assert_true(e.v[0].enter && !e.v[1].enter);
	assert_int_equal(e.v[0].mode, MODE_WRITE);
	assert_int_equal(e.v[1].mode, MODE_WRITE);
	assert_int_equal(e.v[0].waiter, 42);
	assert_int_equal(e.v[0].time, 1000);
	assert_true(e.v[0].lock == 0xffff888000001000);
	assert_string_equal(e.v[0].caller, "unlink_file_vma");
	assert_string_equal(e.v[0].via, "free_pgtables");
	assert_int_equal(e.v[1].time, 1700);
	free(e.v);
	str_release(&raw);
	symbols_release(&s);
}

/* Cut off anywhere, or with any byte changed, it gives no more events, and reads nothing beyond. */
static void test_decode_damaged(void **state)
{
	struct str raw = STR_INIT;
	struct lock_events e;
	struct symbols s;

	(void)state;
	load(&s);
	record_two(&raw);
	for (size_t len = 0; len < raw.len; len++) {
		char *copy = xmalloc(len + 1);
		struct str cut = {copy, len, len + 1};

		memcpy(copy, raw.buf, len);
		rings_decode(&cut, &probes, &s, &e);
		assert_true(e.n <= 1);
		free(e.v);
		free(copy);
	}
	for (size_t at = 0; at < raw.len; at++) {
		for (unsigned value = 0; value < 256; value += 51) {
			char was = raw.buf[at];

			raw.buf[at] = (char)(was ^ (char)value);
			rings_decode(&raw, &probes, &s, &e);
			assert_true(e.n <= 2);
			free(e.v);
			raw.buf[at] = was;
		}
	}
	str_release(&raw);
	symbols_release(&s);
}

/* What lock-bpf says; above the slow path stands what the kernel put there for it. */
static void test_helper_lines(void **state)
{
	struct symbols s;
	struct lock_wait w;

	(void)state;
	load(&s);
	assert_int_equal(
		helper_parse_wait("wait 100 350 ffff888000001000 write 42 ffffffff81000720 "
				  "ffffffff81000105 ffffffff81000220 ffffffff81000330 "
				  "ffffffff81000420\n",
				  &s, &w),
		0);
	assert_int_equal(w.to - w.from, 250);
	assert_int_equal(w.mode, MODE_WRITE);
	assert_true(w.lock == 0xffff888000001000);
	assert_string_equal(w.caller, "unlink_file_vma");
	assert_string_equal(w.via, "free_pgtables");
	assert_int_equal(w.waiter, 42);
	assert_int_equal(helper_parse_wait("wait 100 350 ffff888000001000 exit 42\n", &s, &w), 0);
	assert_int_equal(w.mode, MODE_EXIT);
	assert_true(w.waiter == (42 | WAITER_EXIT));
	assert_int_equal(helper_parse_wait("wait 100 350 ffff888000001000 read 42\n", &s, &w), 0);
	assert_int_equal(w.mode, MODE_READ);
	assert_string_equal(w.caller, "");
	assert_int_equal(helper_parse_wait("wait 350 100 ffff888000001000 read 42\n", &s, &w), -1);
	assert_int_equal(helper_parse_wait("wait 100 350 ffff888000001000 sleep 42\n", &s, &w), -1);
	assert_int_equal(helper_parse_wait("wait 100 350 ffff888000001000 read\n", &s, &w), -1);
	assert_int_equal(helper_parse_wait("wait 350\n", &s, &w), -1);
	assert_int_equal(helper_parse_wait("end 0 0\n", &s, &w), -1);
	symbols_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbols),	     cmocka_unit_test(test_symbols_hidden),
		cmocka_unit_test(test_caller),	     cmocka_unit_test(test_pairs_interleaved),
		cmocka_unit_test(test_exits),	     cmocka_unit_test(test_pairs_damaged),
		cmocka_unit_test(test_pairs_add_up), cmocka_unit_test(test_pairs_nested),
		cmocka_unit_test(test_rows),	     cmocka_unit_test(test_rows_folded),
		cmocka_unit_test(test_decode),	     cmocka_unit_test(test_decode_damaged),
		cmocka_unit_test(test_helper_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
