/* The guest's file system: what is in it, and the same bytes for the same content. */
#include "tests/unit/check.h"

#include <archive.h>
#include <archive_entry.h>
#include "runner/boot/initramfs.h"

/* "MODE PATH;" of each entry, and the content of files */
static void listing(const char *path, struct str *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_filename(a, path, 4096), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		char buf[64];
		la_ssize_t n = archive_read_data(a, buf, sizeof(buf));

		str_addf(out, "%o %s", archive_entry_mode(e), archive_entry_pathname(e));
		if (n > 0)
			str_addf(out, "=%.*s", (int)n, buf);
		str_add(out, ";");
		assert_int_equal(archive_entry_uid(e), 0);
		assert_int_equal(archive_entry_mtime(e), 0);
	}
	archive_read_free(a);
}

static void test_content(void **state)
{
	char *source = put_file(*state, "bench", "BYTES"),
	     *out = xasprintf("%s/out.cpio", (char *)*state);
	struct initramfs_file files[] = {
		{"init", source, NULL, 0755},
		{"bin/a/x", NULL, "X", 0644},
		{"bin/a/y", NULL, "", 0600},
	};
	struct str list = STR_INIT;
	struct err err = {""};

	assert_int_equal(initramfs_write(out, files, 3, &err), 0);
	listing(out, &list);
	assert_string_equal(list.buf, "40755 dev;20600 dev/console;100755 init=BYTES;"
				      "40755 bin;40755 bin/a;100644 bin/a/x=X;100600 bin/a/y;");
	str_release(&list);
	free(out);
	free(source);
}

static void test_same_bytes(void **state)
{
	char *source = put_file(*state, "bench", "BYTES"),
	     *other = put_file(*state, "other", "BYTES");
	char *a = xasprintf("%s/a.cpio", (char *)*state),
	     *b = xasprintf("%s/b.cpio", (char *)*state);
	char sums[2][65];
	struct initramfs_file one = {"init", source, NULL, 0755}, two = {"init", other, NULL, 0755};
	struct err err = {""};

	assert_int_equal(initramfs_write(a, &one, 1, &err), 0);
	assert_int_equal(initramfs_write(b, &two, 1, &err), 0);
	assert_int_equal(fs_sha256(a, sums[0], &err), 0);
	assert_int_equal(fs_sha256(b, sums[1], &err), 0);
	assert_string_equal(sums[0], sums[1]);
	free(a);
	free(b);
	free(other);
	free(source);
}

static void test_refused(void **state)
{
	struct initramfs_file missing = {"init", "/nonexistent", NULL, 0755},
			      small = {"init", NULL, "x", 0755};
	char *out = xasprintf("%s/out.cpio", (char *)*state);
	struct err err = {""};

	assert_int_equal(initramfs_write(out, &missing, 1, &err), -1);
	assert_says(&err, "cannot open '/nonexistent'");
	assert_int_equal(initramfs_write("/nonexistent/x.cpio", &small, 1, &err), -1);
	assert_says(&err, "cannot write '/nonexistent/x.cpio'");
	assert_int_equal(initramfs_write("/dev/full", &small, 1, &err), -1);
	assert_says(&err, "No space left");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_content, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_same_bytes, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_refused, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
