/* Building a kernel, as far as no compiler is needed. */
#include "tests/unit/check.h"
#include "runner/kernels/build.h"
#include "runner/kernels/make.h"
#include "runner/kernels/source.h"

static void expect_words(struct strv *argv, const char *words)
{
	struct str s = STR_INIT;

	strv_quote(argv, &s);
	assert_string_equal(str_text(&s), words);
	str_release(&s);
	strv_release(argv);
	*argv = (struct strv)STRV_INIT;
}

static void test_arguments(void **state)
{
	struct kernel_make m = {.source = "/src", .out = "/out"};
	struct strv argv = STRV_INIT, fragments = STRV_INIT;

	(void)state;
	unsetenv("LLVM");
	unsetenv("LD");
	unsetenv("HOSTCC");
	unsetenv("CROSS_COMPILE");
	setenv("CC", "ccache gcc", 1);
	kernel_make_argv(&argv, &m, "bzImage modules", 3);
	expect_words(&argv,
		     "make -C /src O=/out KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=mlocklab "
		     "KBUILD_BUILD_HOST=mlocklab KBUILD_BUILD_VERSION=1 LOCALVERSION= 'CC=ccache "
		     "gcc' -j3 bzImage modules");
	strv_push(&fragments, "base.config");
	strv_push(&fragments, "lockstat.config");
	kernel_merge_argv(&argv, &m, &fragments);
	expect_words(&argv,
		     "sh /src/scripts/kconfig/merge_config.sh -m -O /out /out/.config base.config "
		     "lockstat.config");
	strv_release(&fragments);
	kernel_source_unpack_argv(&argv, "/a.tar.xz", "/tree");
	expect_words(&argv, "tar -xJ --strip-components=1 -f /a.tar.xz -C /tree");
}

static void expect_complaint(const char *log, const char *want)
{
	char *found = kernel_make_complaint(log);

	if (want)
		assert_string_equal(found, want);
	else
		assert_null(found);
	free(found);
}

static void test_complaint(void **state)
{
	(void)state;
	expect_complaint("  CC a.o\na.c:1:2: error: bad\nmake[1]: *** [a.o] Error 1\n",
			 "a.c:1:2: error: bad");
	expect_complaint("/bin/sh: 1: flex: not found\nmake: *** [Makefile:1: x] Error 127\n",
			 "/bin/sh: 1: flex: not found");
	expect_complaint("a.c: error: \x1b[31mred", "a.c: error:  [31mred");
	expect_complaint("  CC a.o\n", NULL);
}

static void test_missing(void **state)
{
	struct strv missing = STRV_INIT;

	(void)state;
	kernel_config_missing("# comment\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_C=64\n",
			      "CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=640\nXCONFIG_C=64\n",
			      &missing);
	assert_int_equal(missing.n, 2);
	assert_string_equal(missing.v[0], "CONFIG_B=y");
	assert_string_equal(missing.v[1], "CONFIG_C=64");
	strv_release(&missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_complaint),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
