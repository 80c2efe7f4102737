/* A module as the kernel takes it; what unpacks to more than any module is left alone. */
#include "tests/unit/check.h"
#include <sys/stat.h>
#include <zlib.h>
#include "runner/kernels/module.h"

#define MIB (1024 * 1024)

/* brd.ko.gz of so many bytes, unpacked: zeros, a thousandth of that when packed. */
static void pack(const char *top, const char *release, size_t bytes)
{
	char *dir = xasprintf("%s/lib/modules/%s/kernel/drivers/block", top, release);
	char *path = xasprintf("%s/brd.ko.gz", dir), *zeros = xcalloc(1, MIB);
	struct err err = {""};
	gzFile f;

	assert_int_equal(fs_mkdirs(dir, &err), 0);
	f = gzopen(path, "wb");
	assert_non_null(f);
	for (size_t left = bytes; left;) {
		unsigned n = left < MIB ? (unsigned)left : MIB;

		assert_int_equal(gzwrite(f, zeros, n), (int)n);
		left -= n;
	}
	assert_int_equal(gzclose(f), Z_OK);
	free(zeros);
	free(path);
	free(dir);
}

static char *unpacked(const char *top, const char *release, bool *made)
{
	struct kernel k = {.modules = (char *)top, .release = (char *)release};

	return module_file(&k, "drivers/block/brd", top, made);
}

static void test_sizes(void **state)
{
	char *top = *state, *path, *left = xasprintf("%s/brd.ko", top);
	struct stat st;
	bool made;

	pack(top, "good", 64 * MIB);
	path = unpacked(top, "good", &made);
	assert_true(made);
	assert_string_equal(path, left);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 64 * MIB);
	assert_int_equal(unlink(path), 0);
	free(path);
	pack(top, "bomb", 64 * MIB + 1);
	path = unpacked(top, "bomb", &made);
	assert_null(path);
	assert_false(made);
	assert_false(fs_exists(left));
	path = unpacked(top, "none", &made);
	assert_null(path);
	assert_false(made);
	free(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sizes, make_dir, remove_dir),
	};

	return cmocka_run_group_tests_name("module", tests, NULL, NULL);
}
