/* A kernel's console: the line that tells of its end, and nothing a terminal would obey. */
#include "tests/unit/check.h"

#include "lib/text.h"
#include "runner/boot/console.h"

static void expect(void **state, const char *text, const char *want, int want_panic)
{
	char *path = put_file(*state, "console.log", text);
	int panic = -1;
	char *got = console_trouble(path, &panic);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	assert_int_equal(panic, want_panic);
	free(got);
	free(path);
}

static void test_trouble(void **state)
{
	int panic;

	expect(state, "", NULL, 0);
	expect(state, "[    0.1] Linux version 6.1\n[    0.2] BUGS are not here\n", NULL, 0);
	/* as 6.1 and 5.10 print them */
	expect(state, "[    0.941] Kernel panic - not syncing: VFS: Unable to mount root fs\n[ 1.0] CPU: 0\n",
	       "Kernel panic - not syncing: VFS: Unable to mount root fs", 1);
	expect(state, "[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000000\r\n"
		      "[    1.6] Oops: 0000 [#1] PREEMPT SMP\n",
	       "BUG: kernel NULL pointer dereference, address: 0000000000000000", 0);
	expect(state, "[    1.5] WARNING: CPU: 0 PID: 1 at mm/mlock.c:10 f+0x1/0x2\n",
	       "WARNING: CPU: 0 PID: 1 at mm/mlock.c:10 f+0x1/0x2", 0);
	/* an oops that becomes a panic is a panic */
	expect(state, "BUG: unable to handle page fault\nKernel panic - not syncing: Fatal exception",
	       "Kernel panic - not syncing: Fatal exception", 1);
	assert_null(console_trouble("/nonexistent", &panic));
	assert_int_equal(panic, 0);
}

static void test_hostile(void **state)
{
	char *long_line = xasprintf("Kernel panic %0*d", 100000, 1), *path, *got;
	int panic;

	expect(state, "Kernel panic \033]0;title\007\033[31m%s%n\xff\xfe", "Kernel panic  ]0;title  [31m%s%n", 1);
	path = put_file(*state, "console.log", long_line);
	got = console_trouble(path, &panic);
	assert_int_equal(strlen(got), 200);
	free(got);
	free(path);
	free(long_line);
}

static void test_clean(void **state)
{
	char *a = text_clean("a\tb\nc\x80", 100), *b = text_clean("abcdef", 3), *c = text_clean("", 3);

	(void)state;
	assert_string_equal(a, "a b c");
	assert_string_equal(b, "abc");
	assert_string_equal(c, "");
	free(a);
	free(b);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trouble, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_hostile, make_dir, remove_dir),
		cmocka_unit_test(test_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
