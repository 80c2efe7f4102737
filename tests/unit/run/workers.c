/* How many guests at once: never more than CPUs and memory for them. */
#include "tests/unit/check.h"

#include <sched.h>
#include "runner/run/workers.h"

static void test_quota(void **state)
{
	(void)state;
	assert_int_equal(workers_quota("max 100000\n"), 0);
	assert_int_equal(workers_quota("200000 100000\n"), 2);
	assert_int_equal(workers_quota("150000 100000\n"), 2);
	assert_int_equal(workers_quota("1000 100000\n"), 1);
	assert_int_equal(workers_quota(""), 0);
}

static void test_fit(void **state)
{
	(void)state;
	assert_int_equal(workers_fit(8, 0, 1 << 20, 2048), 8);
	assert_int_equal(workers_fit(8, 3, 1 << 20, 2048), 3);
	assert_int_equal(workers_fit(64, 0, 8 * 2304, 2048), 8);
	assert_int_equal(workers_fit(8, 0, 100, 2048), 1);
}

/* Of the CPUs of the machine we may be let use one. */
static void test_affinity(void **state)
{
	struct target t = {.memory_mib = 64};
	cpu_set_t before, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(c, &one);
		break;
	}
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(workers_default(&t), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	t.memory_mib = 1 << 30;
	assert_int_equal(workers_default(&t), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_affinity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
