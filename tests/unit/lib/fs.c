/* Files: whole or not at all, and messages that name the path. */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char *content(const char *path)
{
	struct str s = STR_INIT;
	struct err err = {""};

	if (fs_read(path, &s, &err) < 0)
		fail_msg("%s", err.text);
	return s.buf ? s.buf : xstrdup("");
}

static int entries(const char *dir)
{
	char *command = xasprintf("exit $(ls -A '%s' | wc -l)", dir);
	int n = system(command);

	free(command);
	return WEXITSTATUS(n);
}

static void test_atomic(void **state)
{
	char *path = put_file(*state, "f", "one"), *text;
	struct err err = {""};

	free(put_file(*state, "f", "second"));
	text = content(path);
	assert_string_equal(text, "second");
	free(text);
	assert_int_equal(fs_write_atomic(path, "", 0, &err), 0);
	text = content(path);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(entries(*state), 1);
	assert_int_equal(fs_write_atomic("/nonexistent/f", "x", 1, &err), -1);
	assert_says(&err, "cannot create '/nonexistent/f.tmp");
	free(path);
}

/* /dev/full fails every write as a full disk does. */
static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fs_write_all(fd, "x", 1), -1);
	close(fd);
}

/* A directory in the way of the rename: what was written is taken away again. */
static void test_no_rename(void **state)
{
	char *path = xasprintf("%s/d", (char *)*state), *below = xasprintf("%s/e", path);
	struct err err = {""};

	assert_int_equal(fs_mkdirs(below, &err), 0);
	assert_int_equal(fs_write_atomic(path, "x", 1, &err), -1);
	assert_says(&err, "cannot rename");
	assert_int_equal(entries(*state), 1);
	free(below);
	free(path);
}

static void test_dirs(void **state)
{
	char *deep = xasprintf("%s/a/b/c", (char *)*state), *a = xasprintf("%s/a", (char *)*state);
	char *file = put_file(*state, "f", ""), *under = xasprintf("%s/x", file);
	char *link = xasprintf("%s/a/link", (char *)*state);
	struct err err = {""};

	assert_int_equal(fs_mkdirs(deep, &err), 0);
	assert_int_equal(fs_mkdirs(deep, &err), 0);
	assert_true(fs_exists(deep));
	assert_int_equal(fs_mkdirs(under, &err), -1);
	assert_says(&err, "cannot create directory");
	/* what a link points to stays */
	assert_int_equal(symlink(file, link), 0);
	assert_int_equal(fs_remove_tree(a, &err), 0);
	assert_false(fs_exists(a));
	assert_true(fs_exists(file));
	assert_int_equal(fs_remove_tree(a, &err), 0);
	free(link);
	free(under);
	free(file);
	free(a);
	free(deep);
}

static void test_copy(void **state)
{
	char *from = put_file(*state, "from", "bytes"), *to = xasprintf("%s/to", (char *)*state),
	     *text;
	struct err err = {""};
	struct stat st;

	chmod(from, 0600);
	assert_int_equal(fs_copy(from, to, &err), 0);
	text = content(to);
	assert_string_equal(text, "bytes");
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(fs_copy("/nonexistent", to, &err), -1);
	assert_says(&err, "cannot open '/nonexistent'");
	free(text);
	free(to);
	free(from);
}

/* FIPS 180-2, appendix B.1 */
static void test_sha256(void **state)
{
	char *path = put_file(*state, "a b\\c", "abc"), sum[65];
	struct err err = {""};

	assert_int_equal(fs_sha256(path, sum, &err), 0);
	assert_string_equal(sum,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(fs_sha256("/nonexistent", sum, &err), -1);
	assert_says(&err, "/nonexistent");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_atomic, make_dir, remove_dir),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test_setup_teardown(test_no_rename, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_dirs, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_copy, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_sha256, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
