/* From addresses to kernel functions: what symbols mean, and which files are refused. */
#include "tests/unit/check.h"

#include <string.h>
#include "runner/plugin/functions.h"

static int load(struct functions *f, const char *text, struct err *err)
{
	char path[] = "/tmp/mlocklab-test-XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fs_write_atomic(path, text, strlen(text), err), 0);
	ret = functions_load(f, path, err);
	unlink(path);
	return ret;
}

static void refuses(const char *text, const char *why)
{
	struct functions f;
	struct err err;

	assert_int_equal(load(&f, text, &err), -1);
	assert_non_null(strstr(err.text, why));
}

static const char *name_at(struct functions *f, uint64_t addr, bool *first)
{
	return functions_find(f, addr, first)->name;
}

static const char map[] = "ffffffff81000000 T _text\n"
			  "ffffffff81000000 T _stext\n"
			  "ffffffff81000100 t helper\n"
			  "ffffffff81000200 W __ia32_sys_getppid\n"
			  "ffffffff81000200 T __x64_sys_getppid\n"
			  "ffffffff81000200 T __ia32_sys_getppid\n"
			  "ffffffff812ff000 D data\n"
			  "ffffffff81000300 T asm_exc_page_fault\n"
			  "ffffffff81000400 T irq_entries_start\n"
			  "ffffffff81000500 t helper.cold\n"
			  "ffffffff810005f0 t __pfx_main\n"
			  "ffffffff81000600 T asm_sysvec_reboot\n"
			  "ffffffff81000700 T asm_common_interrupt\n"
			  "ffffffffc0001000 t init\t[ext4]\n";

static void finds(void **state)
{
	struct functions f;
	struct err err;
	bool first;

	(void)state;
	assert_int_equal(load(&f, map, &err), 0);
	assert_string_equal(name_at(&f, 0xffffffff81000100, &first), "helper");
	assert_true(first);
	assert_string_equal(name_at(&f, 0xffffffff810001ff, &first), "helper");
	assert_false(first);
	/* of several names the global one that says most */
	assert_string_equal(name_at(&f, 0xffffffff81000204, &first), "__x64_sys_getppid");
	/* a cold part is the function, but not where one enters it */
	assert_string_equal(name_at(&f, 0xffffffff81000500, &first), "helper");
	assert_false(first);
	assert_ptr_equal(functions_find(&f, 0xffffffff81000500, &first),
			 functions_find(&f, 0xffffffff81000100, &first));
	assert_string_equal(name_at(&f, 0x401000, &first), "[user]");
	assert_string_equal(name_at(&f, 0xffffffffc0001004, &first), "[module]");
	assert_string_equal(name_at(&f, 0xfffffe0000001000, &first), "[kernel]");
	functions_release(&f);
}

static void knows_entries(void **state)
{
	struct functions f;
	struct err err;
	bool first;

	(void)state;
	assert_int_equal(load(&f, map, &err), 0);
	assert_true(functions_find(&f, 0xffffffff81000300, &first)->entry);
	assert_true(functions_find(&f, 0xffffffff81000300, &first)->fault);
	assert_true(functions_find(&f, 0xffffffff81000408, &first)->entry);
	assert_true(functions_find(&f, 0xffffffff81000408, &first)->stubs);
	assert_true(functions_find(&f, 0xffffffff81000600, &first)->entry);
	assert_false(functions_find(&f, 0xffffffff81000600, &first)->fault);
	/* the stubs jump there: no vector points to it */
	assert_false(functions_find(&f, 0xffffffff81000700, &first)->entry);
	functions_release(&f);
}

static void order_does_not_matter(void **state)
{
	struct functions f;
	struct err err;
	bool first;

	(void)state;
	assert_int_equal(load(&f,
			      "ffffffff81000040 t b\nffffffff81000040 t a\n"
			      "ffffffff81000000 T _text\n",
			      &err),
			 0);
	assert_string_equal(name_at(&f, 0xffffffff81000041, &first), "a");
	functions_release(&f);
}

static void without_symbols(void **state)
{
	struct functions f;
	bool first;

	(void)state;
	functions_none(&f);
	assert_string_equal(name_at(&f, 0xffffffff81234567, &first), "0xffffffff81234000");
	assert_string_equal(name_at(&f, 0xffffffff81233fff, &first), "0xffffffff81233000");
	assert_ptr_equal(functions_find(&f, 0xffffffff81234001, &first),
			 functions_find(&f, 0xffffffff81234ff1, &first));
	assert_string_equal(name_at(&f, 0x7fff00001000, &first), "[user]");
	functions_release(&f);
}

static void refuses_bad(void **state)
{
	(void)state;
	refuses("", "no symbol of kernel code");
	refuses("ffffffffffffffff B The real System.map is in the package\n", "no symbol");
	refuses("0000000000000000 T _text\n0000000000000000 T main\n", "kptr_restrict");
	refuses("ffffffff9c000000 T _text\nffffffff9c000100 T main\n", "nokaslr");
	refuses("ffffffff81000000 T _text\n\x7f\x45\x4c\x46\n", ":2: not a symbol");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(knows_entries),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(without_symbols),
		cmocka_unit_test(refuses_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
