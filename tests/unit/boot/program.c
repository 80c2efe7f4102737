/* What a program needs in a guest, from what ldd says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "runner/boot/program.h"

static void test_parse(void **state)
{
	struct strv paths = STRV_INIT;

	(void)state;
	strv_push(&paths, "/usr/bin/x");
	program_parse_ldd("\tlinux-vdso.so.1 (0x00007ffd)\n"
			  "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f10)\n"
			  "\tlibgone.so => not found\n"
			  "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f10)\n"
			  "\t/lib64/ld-linux-x86-64.so.2 (0x00007f12)\n",
			  &paths);
	assert_int_equal(paths.n, 3);
	assert_string_equal(paths.v[1], "/lib/x86_64-linux-gnu/libm.so.6");
	assert_string_equal(paths.v[2], "/lib64/ld-linux-x86-64.so.2");
	strv_release(&paths);
}

static void test_real(void **state)
{
	struct strv paths = STRV_INIT;
	struct err err;
	int libc = 0;

	(void)state;
	assert_int_equal(program_files("cat", &paths, &err), 0);
	assert_non_null(strstr(paths.v[0], "/cat"));
	for (size_t i = 1; i < paths.n; i++)
		libc += strstr(paths.v[i], "/libc.so") != NULL;
	assert_int_equal(libc, 1);
	strv_release(&paths);
	assert_int_equal(program_files("no-such-program-here", &paths, &err), -1);
	assert_non_null(strstr(err.text, "no-such-program-here"));
}

static void test_argv(void **state)
{
	struct strv argv = STRV_INIT;

	(void)state;
	program_ldd_argv("/usr/bin/fio", &argv);
	assert_int_equal(argv.n, 2);
	assert_string_equal(argv.v[0], "ldd");
	assert_string_equal(argv.v[1], "/usr/bin/fio");
	strv_release(&argv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_argv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
