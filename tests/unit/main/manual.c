/* How man is asked for a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "runner/main/manual.h"

static void asked(const char *dir, const char *page)
{
	struct strv argv = STRV_INIT;

	manual_argv(&argv, dir, "run");
	assert_int_equal(argv.n, 2);
	assert_string_equal(argv.v[0], "man");
	assert_string_equal(argv.v[1], page);
	strv_release(&argv);
}

static void test_argv(void **state)
{
	(void)state;
	asked(NULL, "mlocklab-run");
	asked("/tree/docs/man", "/tree/docs/man/mlocklab-run.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_argv)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
