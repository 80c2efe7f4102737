/* What a bisection says of the step that it found. */
#include <jansson.h>
#include <math.h>
#include "runner/series/bisect.h"
#include "tests/unit/check.h"

static void expect_size(json_t *figure, const char *want)
{
	char *size = bisect_size(figure);

	assert_string_equal(size, want);
	free(size);
	json_decref(figure);
}

static void test_size(void **state)
{
	(void)state;
	expect_size(json_pack("{s:s, s:b, s:f, s:f, s:f, s:f}", "verdict", "worse", "difference", 0,
			      "ratio", 1.2, "low", 1.1, "high", 1.3, "level", 0.95),
		    "worse, ratio 1.2, 95 % interval 1.1 to 1.3");
	/* of what was 0 there is no ratio */
	expect_size(json_pack("{s:s, s:b, s:f, s:f, s:f, s:f}", "verdict", "changed", "difference",
			      1, "ratio", 12., "low", 10., "high", 14., "level", 0.95),
		    "changed, difference +12, 95 % interval +10 to +14");
	/* an interval of another level, and none */
	expect_size(json_pack("{s:s, s:b, s:f, s:f, s:f, s:f}", "verdict", "equivalent",
			      "difference", 0, "ratio", 1., "low", 0.99, "high", 1.01, "level",
			      0.9),
		    "equivalent, ratio 1, 90 % interval 0.99 to 1.01");
	expect_size(json_pack("{s:s, s:b, s:f, s:n, s:n}", "verdict", "inconclusive", "difference",
			      0, "ratio", 1.5, "low", "high"),
		    "inconclusive, ratio 1.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_size)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
