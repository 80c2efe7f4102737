/* When a run will be over: what is left does not rise before it is overdue. */
#include "tests/unit/check.h"
#include "runner/run/progress.h"

#define BOOTS 12

/* Boots of these lengths, one after the other: the time left when each has ended. */
static void check(const double *seconds, size_t n)
{
	double t = 100, end = 0;

	for (size_t i = 0; i < n; i++) {
		double was = end;

		t += seconds[i];
		end = progress_foresee(end, 100, t, i + 1, n - i - 1);
		assert_true(end >= t);
		if (was && t <= was)
			assert_true(
				end <=
				was); /* what is left sinks with the time that passes, or faster */
	}
	assert_true(end == t);
}

static void test_left(void **state)
{
	static const double slower[BOOTS] = {5, 5, 9, 9, 20, 5, 1, 1, 30, 30, 5, 5};
	static const double even[BOOTS] = {7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
	static const double faster[BOOTS] = {60, 30, 10, 5, 5, 5, 5, 5, 5, 5, 5, 5};

	(void)state;
	check(slower, BOOTS);
	check(even, BOOTS);
	check(faster, BOOTS);
}

static void test_promise(void **state)
{
	(void)state;
	assert_true(progress_foresee(0, 100, 110, 1, 3) == 140);
	assert_true(progress_foresee(140, 100, 130, 2, 2) == 140); /* 160 by the boots so far */
	assert_true(progress_foresee(140, 100, 120, 3, 1) < 140);
	assert_true(progress_foresee(140, 100, 150, 2, 2) == 200); /* it is overdue: told anew */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_left),
					   cmocka_unit_test(test_promise)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
