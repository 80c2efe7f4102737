/* A step of a series as a cell of its table. */
#include "tests/unit/check.h"
#include "analysis/write/patches-text.h"

static void expect_cell(struct result r, const char *want)
{
	struct step s = {.result = r};
	char out[32];

	s.result.k = 6;
	patches_cell(out, &s);
	assert_string_equal(out, want);
}

static void test_cell(void **state)
{
	struct step none = {.result = {.k = 0}};
	char out[32];

	(void)state;
	expect_cell((struct result){.ratio = 1.052, .verdict = VERDICT_WORSE}, "+5.2%!");
	expect_cell((struct result){.ratio = 0.217, .verdict = VERDICT_BETTER}, "-78.3%*");
	expect_cell((struct result){.ratio = 12.37, .verdict = VERDICT_WORSE}, "x12.4!");
	expect_cell((struct result){.ratio = 1.002, .verdict = VERDICT_CHANGED_SMALL}, "+0.2%~");
	expect_cell((struct result){.ratio = 1.03, .verdict = VERDICT_INCONCLUSIVE}, "+3.0%?");
	expect_cell((struct result){.ratio = 256, .difference = true, .verdict = VERDICT_CHANGED},
		    "+256#");
	expect_cell((struct result){.ratio = 1.0001, .verdict = VERDICT_EQUIVALENT}, "");
	patches_cell(out, &none);
	assert_string_equal(out, "- ");
	patches_cell(out, NULL);
	assert_string_equal(out, "- ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cell)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
