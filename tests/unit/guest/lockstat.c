/* Reading /proc/lock_stat. */
#include "tests/unit/check.h"
#include "lib/json.h"
#include "runner/guest/lockstat.h"
#include "runner/guest/perf.h"

#define NUMBERS(contended, longest, total, acquired)                                               \
	"            11 " #contended " 0.10 " #longest " " #total " 1.00 22 " #acquired            \
	" 0.05 9.00 99.00 0.50\n"

/* clang-format off */
static const char text[] =
	"lock_stat version 0.4\n"
	"---------------------------------------------------------------\n"
	"          class name    con-bounces    contentions   waittime-min\n"
	"---------------------------------------------------------------\n"
	"\n"
	"                       cgroup_threadgroup_rwsem:" NUMBERS(0, 0.00, 0.00, 77)
	"                        &mapping->i_mmap_rwsem-W:" NUMBERS(200, 5000.25, 3400000.50, 900)
	"                        &mapping->i_mmap_rwsem-R:"
	NUMBERS(2955, 7000.00, 15600000.00, 40000)
	"                        ----------------------\n"
	"  &mapping->i_mmap_rwsem  150  [<(____ptrval____)>] unlink_file_vma+0x3c/0x60\n"
	"  &mapping->i_mmap_rwsem 2955  [<ffffffff812345f6>] rmap_walk_file+0xad/0x1f0\n"
	"                        ----------------------\n"
	"  &mapping->i_mmap_rwsem 3000  [<00000000812345f6>] somebody_who_held_it+0xad/0x1f0\n"
	"\n"
	".................................................................\n"
	"\n"
	"                                     &rq->__lock:" NUMBERS(9, 10.00, 40.00, 5000)
	"                        ----------------------\n"
	"                     &rq->__lock    9  [<ffffffff81999999>] __schedule+0x1/0x2\n";
/* clang-format on */

static void test_rows(void **state)
{
	json_t *rows = lockstat_rows(text), *row = json_array_get(rows, 0), *points;

	(void)state;
	assert_int_equal(json_array_size(rows), 3);
	assert_string_equal(json_get_str(row, "class", ""), "&mapping->i_mmap_rwsem");
	assert_string_equal(json_get_str(row, "mode", ""), "read");
	assert_int_equal(json_get_int(row, "waits", 0), 2955);
	assert_int_equal(json_get_int(row, "acquisitions", 0), 40000);
	assert_int_equal(json_get_int(row, "wait_ns", 0), 15600000000);
	assert_int_equal(json_get_int(row, "longest_ns", 0), 7000000);
	/* both modes of a class have its points, those who held the lock are none */
	points = json_object_get(row, "points");
	assert_int_equal(json_array_size(points), 2);
	assert_string_equal(json_get_str(json_array_get(points, 1), "caller", ""),
			    "rmap_walk_file");
	assert_int_equal(json_get_int(json_array_get(points, 1), "contentions", 0), 2955);
	row = json_array_get(rows, 1);
	assert_string_equal(json_get_str(row, "mode", ""), "write");
	assert_int_equal(json_get_int(row, "wait_ns", 0), 3400000500);
	assert_int_equal(json_array_size(json_object_get(row, "points")), 2);
	row = json_array_get(rows, 2);
	assert_string_equal(json_get_str(row, "class", ""), "&rq->__lock");
	assert_string_equal(json_get_str(row, "mode", "?"), "");
	assert_string_equal(
		json_get_str(json_array_get(json_object_get(row, "points"), 0), "caller", ""),
		"__schedule");
	json_decref(rows);
}

/* Cut off anywhere it still reads what stands before. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		char *cut = xstrndup(text, n);
		json_t *rows = lockstat_rows(cut);

		assert_true(json_array_size(rows) <= 3);
		json_decref(rows);
		free(cut);
	}
}

/* What perf is started with, on a kernel with lockdep's tracepoints and on one without. */
static void test_perf_commands(void **state)
{
	struct perf p = {.data = "D", .lockdep = true};
	char *cell[] = {"bench", "run", "x=1", NULL};
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;

	(void)state;
	perf_record_argv(&argv, &p, cell);
	strv_quote(&argv, &text);
	assert_string_equal(str_text(&text), "perf lock record -a -m 8192 -o D -- bench run x=1");
	strv_release(&argv);
	str_clear(&text);
	perf_report_argv(&argv, &p);
	strv_quote(&argv, &text);
	assert_string_equal(str_text(&text), "perf lock -i D report -c -k wait_total");
	strv_release(&argv);
	str_clear(&text);
	p.lockdep = false;
	perf_report_argv(&argv, &p);
	strv_quote(&argv, &text);
	assert_string_equal(str_text(&text),
			    "perf lock -i D contention --stack-skip 1 -k wait_total");
	strv_release(&argv);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_cut),
					   cmocka_unit_test(test_perf_commands)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
