/* Packages: what they say, what is taken out of them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/fs.h"
#include "lib/str.h"
#include "runner/debian/deb.h"
#include "tests/unit/fixture-deb.h"

static char top[64], deb[96], dir[96];

static int setup(void **state)
{
	struct err err;

	(void)state;
	strcpy(top, "/tmp/mlocklab-test-deb-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	snprintf(deb, sizeof(deb), "%s/a.deb", top);
	snprintf(dir, sizeof(dir), "%s/out", top);
	return fs_mkdirs(dir, &err);
}

static int teardown(void **state)
{
	struct err err;

	(void)state;
	return fs_remove_tree(top, &err);
}

static char *text_of(const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct str s = STR_INIT;
	struct err err;

	if (fs_read(path, &s, &err) < 0)
		str_add(&s, "(none)");
	free(path);
	return s.buf ? s.buf : xstrdup("");
}

static void expect_text(const char *name, const char *want)
{
	char *text = text_of(name);

	assert_string_equal(text, want);
	free(text);
}

static void test_extract(void **state)
{
	static const struct member m[] = {{"./boot/a", "one", NULL, 0},
					  {"./usr/lib/b", "two", NULL, 0},
					  {"./usr/lib/c", NULL, "b", 0},
					  {"./usr/up", NULL, "../boot/a", 0},
					  {0}};
	struct stat st;
	struct err err;
	char *path;

	(void)state;
	make_deb(deb, CONTROL("a"), m);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), 0);
	expect_text("boot/a", "one");
	expect_text("usr/lib/b", "two");
	expect_text("usr/lib/c", "two");
	expect_text("usr/up", "one");
	path = xasprintf("%s/boot/a", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & (S_ISUID | S_ISGID | S_IWOTH), 0);
	assert_int_equal(st.st_uid, geteuid());
	free(path);
}

static char *only_boot(void *arg, const char *name)
{
	return strncmp(name, "boot/", 5) == 0 ? xasprintf("%s-%s", (char *)arg, name + 5) : NULL;
}

static void test_place(void **state)
{
	static const struct member m[] = {
		{"./boot/a", "one", NULL, 0}, {"./usr/lib/b", "two", NULL, 0}, {0}};
	struct err err;

	(void)state;
	make_deb(deb, CONTROL("a"), m);
	assert_int_equal(deb_extract(deb, dir, only_boot, "x", &err), 0);
	expect_text("x-a", "one");
	expect_text("usr/lib/b", "(none)");
	expect_text("boot/a", "(none)");
}

/* One bad member after a good one. */
static void refuse(const char *name)
{
	const struct member m[] = {{"./good", "one", NULL, 0}, {name, "bad", NULL, 0}, {0}};
	char *outside = xasprintf("%s/evil", top);
	struct err err = {0};

	make_deb(deb, CONTROL("a"), m);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
	assert_non_null(strstr(err.text, "leads out of the package's directory"));
	assert_non_null(strstr(err.text, deb));
	assert_false(fs_exists(outside));
	free(outside);
}

static void test_traversal(void **state)
{
	(void)state;
	refuse("../evil");
	refuse("./../evil");
	refuse("./boot/../../evil");
	refuse("/tmp/evil");
	refuse("boot/..");
}

/* Links that lead out are left out, and nothing is written through those that stay. */
static void test_links(void **state)
{
	static const struct member m[] = {{"./abs", NULL, "/etc/passwd", 0},
					  {"./rel", NULL, "../../etc/passwd", 0},
					  {"./up/rel", NULL, "../..", 0},
					  {"./up//far", NULL, "../..", 0},
					  {"./up/./far", NULL, "../../x", 0},
					  {"./up/on/top", NULL, "../..", 0},
					  {"./by-link", NULL, "up/on/top/../x", 0},
					  {"./up/ok", NULL, "../in", 0},
					  {"./in", "in", NULL, 0},
					  {0}};
	static const char *const gone[] = {"abs", "rel", "up/rel", "up/far", "by-link"};
	struct stat st;
	struct err err;

	(void)state;
	make_deb(deb, CONTROL("a"), m);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), 0);
	for (int i = 0; i < 5; i++) {
		char *path = xasprintf("%s/%s", dir, gone[i]);

		assert_int_equal(lstat(path, &st), -1);
		free(path);
	}
	expect_text("up/ok", "in");
}

static void test_through_link(void **state)
{
	static const struct member m[] = {
		{"./link", NULL, "kept", 0}, {"./link/f", "through", NULL, 0}, {0}};
	char *kept = xasprintf("%s/kept", dir);
	struct err err;

	(void)state;
	assert_int_equal(fs_mkdirs(kept, &err), 0);
	make_deb(deb, CONTROL("a"), m);
	deb_extract(deb, dir, deb_place_all, NULL, &err);
	expect_text("kept/f", "(none)");
	free(kept);
}

static void test_not_a_package(void **state)
{
	struct err err = {0};
	struct deb_control c;

	(void)state;
	assert_int_equal(fs_write_atomic(deb, "hello", 5, &err), 0);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
	assert_non_null(strstr(err.text, deb));
	assert_int_equal(deb_control(&c, deb, &err), -1);
	unlink(deb);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
	assert_non_null(strstr(err.text, deb));
}

/* A package cut anywhere is refused, never taken for a smaller one. */
static void test_cut(void **state)
{
	static char zeros[300000];
	struct member m[] = {{"./f", zeros, NULL, sizeof(zeros)}, {"./g", "last", NULL, 0}, {0}};
	struct stat st;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(zeros); i++)
		zeros[i] = (char)(i * 2654435761u >> 7);
	make_deb(deb, CONTROL("a"), m);
	assert_int_equal(stat(deb, &st), 0);
	assert_int_equal(truncate(deb, st.st_size - 40), 0);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
	assert_int_equal(truncate(deb, st.st_size / 2), 0);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
	assert_int_equal(truncate(deb, 70), 0);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
}

/* A file of a hole, 17 GiB of it, and its last bytes. */
static size_t pack_hole(char *buf, size_t size)
{
	static char zeros[1 << 20];
	const la_int64_t whole = 17ll << 30;
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	size_t used = 0;

	archive_write_set_format_pax(a);
	archive_write_add_filter_xz(a);
	archive_write_open_memory(a, buf, size, &used);
	archive_entry_set_pathname(e, "./boot/vmlinuz");
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_size(e, whole);
	archive_entry_sparse_add_entry(e, whole - 512, 512);
	archive_write_header(a, e);
	for (la_int64_t at = 0; at < whole; at += sizeof(zeros))
		archive_write_data(a, zeros, sizeof(zeros));
	archive_entry_free(e);
	archive_write_close(a);
	archive_write_free(a);
	return used;
}

static void test_bomb(void **state)
{
	static char buf[1 << 20];
	struct archive *a = archive_write_new();
	size_t n = pack_hole(buf, sizeof(buf));
	struct err err = {""};

	(void)state;
	archive_write_set_format_ar_bsd(a);
	archive_write_open_filename(a, deb);
	add_entry(a, "debian-binary", "2.0\n", 4, NULL);
	add_entry(a, "data.tar.xz", buf, n, NULL);
	archive_write_close(a);
	archive_write_free(a);
	assert_int_equal(deb_extract(deb, dir, deb_place_all, NULL, &err), -1);
	assert_string_equal(strchr(err.text, ':'), ": a file of over 16384 MiB comes out of it");
}

static void test_control(void **state)
{
	static const struct member none[] = {{0}};
	struct deb_control c;
	struct err err;

	(void)state;
	make_deb(deb, CONTROL("linux-image-6.1.0-9-amd64"), none);
	assert_int_equal(deb_control(&c, deb, &err), 0);
	assert_string_equal(c.package, "linux-image-6.1.0-9-amd64");
	assert_string_equal(c.version, "6.1.9-2");
	assert_string_equal(c.arch, "amd64");
	deb_control_release(&c);
	make_deb(deb, CONTROL("../../evil"), none);
	assert_int_equal(deb_control(&c, deb, &err), -1);
	make_deb(deb, CONTROL("a\033[2Jb"), none);
	assert_int_equal(deb_control(&c, deb, &err), -1);
	assert_null(strchr(err.text, '\033'));
	make_deb(deb, "Package: a\n", none);
	assert_int_equal(deb_control(&c, deb, &err), -1);
	assert_null(c.package);
}

static void test_field(void **state)
{
	char *v =
		deb_field("Packages: no\nPackage: yes\n Version: no\nVersion: 1:2-3\n", "Package");

	(void)state;
	assert_string_equal(v, "yes");
	free(v);
	v = deb_field("Package: yes\n Version: no\nVersion: 1:2-3", "Version");
	assert_string_equal(v, "1:2-3");
	free(v);
	assert_null(deb_field("Package: yes\n", "Depends"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_extract, setup, teardown),
		cmocka_unit_test_setup_teardown(test_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_traversal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_through_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_package, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bomb, setup, teardown),
		cmocka_unit_test_setup_teardown(test_control, setup, teardown),
		cmocka_unit_test(test_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
