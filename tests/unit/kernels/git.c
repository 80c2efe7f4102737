/* The words of the user's own tree, and what two configurations differ in. */
#include "tests/unit/check.h"
#include "runner/kernels/configure.h"
#include "runner/kernels/git.h"

static void test_split(void **state)
{
	(void)state;
	assert_null(git_split("HEAD"));
	assert_null(git_split("HEAD@{1}"));
	assert_null(git_split("@"));
	assert_string_equal(git_split("/a/b@v5.17"), "@v5.17");
	assert_string_equal(git_split("/a@b/c@HEAD@{1}"), "@HEAD@{1}");
}

static void test_range(void **state)
{
	static const char *const bad[] = {"v5.17", "a...b", "..", ""};
	char *base, *tip;
	struct err err;

	(void)state;
	assert_int_equal(git_range("v5.17..HEAD~2", &base, &tip, &err), 0);
	assert_string_equal(base, "v5.17");
	assert_string_equal(tip, "HEAD~2");
	free(base);
	free(tip);
	assert_int_equal(git_range("v5.17..", &base, &tip, &err), 0);
	assert_string_equal(tip, "HEAD");
	free(base);
	free(tip);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(git_range(bad[i], &base, &tip, &err), -1);
		assert_non_null(strstr(err.text, "BASE..TIP"));
	}
}

static void test_moves_config(void **state)
{
	(void)state;
	assert_true(git_moves_config("mm/Kconfig"));
	assert_true(git_moves_config("mm/Kconfig.debug"));
	assert_true(git_moves_config("Makefile"));
	assert_true(git_moves_config("kernel/configs/tiny.config"));
	assert_false(git_moves_config("mm/Makefile"));
	assert_false(git_moves_config("mm/mlock.c"));
}

static void test_differ(void **state)
{
	struct strv d = STRV_INIT;

	(void)state;
	kernel_config_differ("CONFIG_A=y\nCONFIG_B=64\n# CONFIG_C is not set\nCONFIG_GONE=y\n",
			     "# Linux\nCONFIG_A=y\nCONFIG_B=32\nCONFIG_C=m\nCONFIG_NEW=y\n# "
			     "CONFIG_OLD is not set\n",
			     &d);
	assert_int_equal(d.n, 4);
	assert_string_equal(d.v[0], "CONFIG_B: 32, was 64");
	assert_string_equal(d.v[1], "CONFIG_C: m, was n");
	assert_string_equal(d.v[2], "CONFIG_NEW: y, was n");
	assert_string_equal(d.v[3], "CONFIG_GONE: n, was y");
	strv_release(&d);
	kernel_config_differ("CONFIG_A=y\n", "CONFIG_A=y\n", &d);
	assert_int_equal(d.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_moves_config),
		cmocka_unit_test(test_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
