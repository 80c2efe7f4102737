/* Symbols in the cache: those that were written, or none. */
#include "tests/unit/check.h"

#include "runner/probe/symbols.h"

static void test_cached(void **state)
{
	static const char text[] = "ffffffff81000000 T _text\n";
	const char *dir = *state;
	char sum[65], image[65], *name, *path, *found;
	struct err err;

	memset(image, 'a', 64);
	image[64] = '\0';
	assert_null(kernel_symbols_cached("/nonexistent", image));
	path = put_file(dir, "map", text);
	assert_int_equal(fs_sha256(path, sum, &err), 0);
	free(path);
	name = xasprintf("%s-%s.map", image, sum);
	path = put_file(dir, name, text);
	found = kernel_symbols_cached(dir, image);
	assert_non_null(found);
	assert_string_equal(found, path);
	free(found);
	/* another image's are not its own */
	image[0] = 'b';
	assert_null(kernel_symbols_cached(dir, image));
	image[0] = 'a';
	/* one function renamed */
	free(path);
	path = put_file(dir, name, "ffffffff81000000 T _evil\n");
	assert_null(kernel_symbols_cached(dir, image));
	free(path);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cached, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
