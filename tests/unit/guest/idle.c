/* Idle is a share of what the CPUs could do, however many there are. */
#include "tests/unit/check.h"

#include "runner/guest/idle.h"
#include "runner/guest/rings.h"

static void test_idle(void **state)
{
	(void)state;
	assert_true(idle_is(2, 1));
	assert_false(idle_is(3, 1));
	assert_true(idle_is(128, 64));
	assert_false(idle_is(129, 64));
	assert_false(idle_is(-1, 64));
}

/* The recorder's rings fit into the machine they record. */
static void test_rings(void **state)
{
	(void)state;
	assert_int_equal(rings_bytes(1, 2ull << 30), 4 << 20);
	assert_int_equal(rings_bytes(4, 2ull << 30), 4 << 20);
	assert_true(128 * rings_bytes(128, 2ull << 30) <= 128u << 20);
	assert_int_equal(rings_bytes(4096, 64ull << 20), 64 << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_idle),
					   cmocka_unit_test(test_rings)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
