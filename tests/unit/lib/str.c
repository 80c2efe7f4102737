/* Strings, lists of them, and errors. */
#include "tests/unit/check.h"

#include <errno.h>

static void test_str(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	assert_string_equal(str_text(&s), "");
	str_addn(&s, "ab\0cd", 5);
	assert_int_equal(s.len, 5);
	str_add(&s, "e");
	str_addf(&s, "%d-%s", 7, "x");
	assert_memory_equal(s.buf, "ab\0cde7-x", 10);
	str_clear(&s);
	assert_string_equal(str_text(&s), "");
	for (int i = 0; i < 10000; i++)
		str_addf(&s, "%04d", i);
	assert_int_equal(s.len, 40000);
	assert_string_equal(s.buf + 39996, "9999");
	str_release(&s);
	assert_null(s.buf);
}

static void test_strv(void **state)
{
	struct strv v = STRV_INIT;

	(void)state;
	strv_split(&v, ",, a,b\tc ,", ", \t");
	strv_pushf(&v, "%d", 4);
	assert_int_equal(v.n, 4);
	assert_string_equal(v.v[0], "a");
	assert_string_equal(v.v[2], "c");
	assert_string_equal(v.v[3], "4");
	assert_null(v.v[4]);
	strv_split(&v, "", ",");
	assert_int_equal(v.n, 4);
	strv_release(&v);
}

/* A shell gives back the words that were quoted. */
static void test_quote(void **state)
{
	static const char *const words[] = {
		"plain-1.2/x=y,z", "two words",	  "",	       "it's", "$HOME", "a;b|c&d", "*?[x]",
		"\"q\"",	   "back\\slash", "new\nline", "~",    "#no",	NULL};
	struct strv v = STRV_INIT;
	struct str line = STR_INIT, got = STR_INIT, want = STR_INIT;
	char buf[4096], *command;
	FILE *p;
	size_t n;

	(void)state;
	for (size_t i = 0; words[i]; i++) {
		strv_push(&v, words[i]);
		str_addf(&want, "%s<", words[i]);
	}
	strv_quote(&v, &line);
	assert_true(strncmp(line.buf, "plain-1.2/x=y,z 'two words' '' ", 31) == 0);
	command = xasprintf("printf '%%s<' %s", line.buf);
	p = popen(command, "r");
	while ((n = fread(buf, 1, sizeof(buf), p)) > 0)
		str_addn(&got, buf, n);
	assert_int_equal(pclose(p), 0);
	assert_string_equal(got.buf, want.buf);
	free(command);
	str_release(&line);
	str_release(&got);
	str_release(&want);
	strv_release(&v);
}

/* Printable text of any script stays; what a terminal obeys or JSON refuses does not. */
static void test_mend(void **state)
{
	static const char *const cases[][2] = {
		{"plain\ttext\n", "plain\ttext\n"},
		{"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		 "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\x1b[2J\r\x7f", "?[2J??"},
		{"\xc2\x9b"
		 "2J",
		 "??2J"},
		{"cut \xe2\x82", "cut ??"},
		/* right-to-left override, zero width space, line separator, isolate, tag */
		{"a\xe2\x80\xae"
		 "b\xe2\x80\x8b"
		 "c\xe2\x80\xa8"
		 "d\xe2\x81\xa6"
		 "e\xf3\xa0\x80\xa0",
		 "a???"
		 "b???"
		 "c???"
		 "d???"
		 "e????"},
		{"\xef\xbb\xbf[global]", "\xef\xbb\xbf[global]"},
		{"\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe0\x80\x80\xf0\x80\x80\x80",
		 "?????????????????"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = xstrdup(cases[i][0]);

		str_mend(text);
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void test_err(void **state)
{
	struct err err;
	char *x = xasprintf("%0*d", 2000, 1);

	(void)state;
	assert_int_equal(err_set(&err, "cannot read '%s'", "x"), -1);
	assert_int_equal(err_prefix(&err, "%s:%d", "f.ini", 3), -1);
	assert_string_equal(err.text, "f.ini:3: cannot read 'x'");
	errno = ENOSPC;
	err_sys(&err, "cannot write '%s'", "y");
	assert_string_equal(err.text, "cannot write 'y': No space left on device");
	err_set(&err, "%s", x);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_prefix(&err, "%s", x);
	err_sys(&err, "%s", x);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	err_set(&err, "a cell '%s'", "\x1b]0;x");
	assert_string_equal(err.text, "a cell '?]0;x'");
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str),   cmocka_unit_test(test_strv),
		cmocka_unit_test(test_quote), cmocka_unit_test(test_mend),
		cmocka_unit_test(test_err),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
