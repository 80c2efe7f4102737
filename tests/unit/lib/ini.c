/* Sections of key=value lines, each remembering where it stood. */
#include "tests/unit/check.h"

#include "lib/ini.h"

static void test_read(void **state)
{
	char *path = put_file(*state, "x.ini",
			      "# a comment\n[one]\na=1\n\nb = two words \n; another\n"
			      "[two:x]\na=3\nempty=\n");
	const struct ini_section *s;
	struct ini_file f;
	struct err err = {""};

	assert_int_equal(ini_load(&f, path, &err), 0);
	assert_int_equal(f.n, 2);
	s = ini_find(&f, "one");
	assert_non_null(s);
	assert_string_equal(ini_get(s, "a"), "1");
	assert_string_equal(ini_get(s, "b"), "two words");
	assert_int_equal(s->entries[0].line, 3);
	assert_int_equal(s->entries[1].line, 5);
	assert_string_equal(ini_get(ini_find(&f, "two:x"), "empty"), "");
	assert_null(ini_get(s, "c"));
	assert_null(ini_find(&f, "three"));
	assert_null(ini_get(NULL, "a"));
	ini_release(&f);
	free(path);
}

static void refuse(void **state, const char *text, const char *words)
{
	char *path = put_file(*state, "bad.ini", text);
	struct ini_file f;
	struct err err = {""};

	assert_int_equal(ini_load(&f, path, &err), -1);
	assert_says(&err, words);
	assert_null(f.sections);
	free(path);
}

static void test_refused(void **state)
{
	struct str line = STR_INIT;
	struct ini_file f;
	struct err err = {""};

	refuse(state, "[a]\nx=1\nnothing\n", "bad.ini:3: neither [section] nor key=value");
	refuse(state, "[a\nx=1\n", "bad.ini:1:");
	refuse(state, "[a]\nx=1\n[b]\nx=1\nx=2\n", "bad.ini:5: 'x' stands twice in [b]");
	refuse(state, "[a]\nx=1\n[b]\ny=1\n[a]\nz=1\n",
	       "bad.ini:5: [a] stands twice, first at line 1");
	/* what would be cut off or go on in the next line must not be read as something else */
	str_add(&line, "[a]\nx=");
	for (int i = 0; i < 100000; i++)
		str_add(&line, "1,");
	str_add(&line, "\n");
	refuse(state, line.buf, "bad.ini:2: the line is too long");
	refuse(state, "[a]\nx=1\n  y=2\n", "bad.ini:3: a line begins with a blank");
	refuse(state, "[a]\nx=1\n\fy=2\n", "bad.ini:3: a line begins with a blank");
	refuse(state, "[a]\n=1\n", "bad.ini:2: nothing stands before '='");
	refuse(state, "[0123456789012345678901234567890123456789012345678x]\nx=1\n",
	       "bad.ini:1: a section's name is too long: 49 characters are the most");
	/* an editor's byte order mark hides no section */
	refuse(state, "\xef\xbb\xbf[a]\nx=1\n[b]\ny=1\n[a]\nz=1\n",
	       "bad.ini:5: [a] stands twice, first at line 1");
	refuse(state, "[a]\nx=caf\xe9\n", "bad.ini:2: not UTF-8");
	str_release(&line);
	assert_int_equal(ini_load(&f, "/nonexistent.ini", &err), -1);
	assert_says(&err, "cannot open '/nonexistent.ini': No such file");
	assert_int_equal(ini_load(&f, *state, &err), -1);
	assert_says(&err, "Is a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_refused, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
