/* The name that was probably meant, and none where nothing is near. */
#include "tests/unit/check.h"
#include "lib/suggest.h"

static const char *const names[] = {"ab",     "run",	 "compare",	 "report",
				    "repeat", "profile", "exit-mlocked", "migrate-mlocked"};
#define N (sizeof(names) / sizeof(*names))

static void test_near(void **state)
{
	(void)state;
	assert_string_equal(suggest("comapre", names, N), "compare"); /* swapped */
	assert_string_equal(suggest("compre", names, N), "compare");  /* missing */
	assert_string_equal(suggest("rrun", names, N), "run");	      /* too many */
	assert_string_equal(suggest("reporT", names, N), "report");   /* wrong */
	assert_string_equal(suggest("exit", names, N), "exit-mlocked");
	assert_string_equal(suggest("mlocked", names, N), "exit-mlocked");
}

static void test_far(void **state)
{
	char long_name[200];

	(void)state;
	memset(long_name, 'r', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_null(suggest("", names, N));
	assert_null(suggest("x", names, N));
	assert_null(suggest("nonsense", names, N));
	assert_null(suggest("--foo", (const char *const[]){"--look"},
			    1)); /* the dashes are no likeness */
	assert_null(suggest(long_name, names, N));
	assert_null(suggest("run", names, 0));
}

static void test_message(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, "no verb 'reprot'");
	assert_int_equal(err_suggest(&err, "reprot", names, N), -1);
	assert_string_equal(err.text, "no verb 'reprot'; did you mean 'report'?");
	err_set(&err, "no verb 'zzz'");
	err_suggest(&err, "zzz", names, N);
	assert_string_equal(err.text, "no verb 'zzz'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_near), cmocka_unit_test(test_far),
					   cmocka_unit_test(test_message)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
