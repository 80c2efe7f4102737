/* JSON files: named by file, line and column when they are wrong, written whole. */
#include "tests/unit/check.h"

#include <sys/mman.h>
#include <unistd.h>
#include "lib/json.h"

static void test_read_write(void **state)
{
	char *path = xasprintf("%s/x.json", (char *)*state);
	json_t *o = json_pack("{s:s, s:i, s:f, s:b}", "name", "a \"b\"", "n", 7, "x", 0.5, "yes",
			      1),
	       *back;
	struct err err = {""};
	char *line;

	assert_int_equal(json_write(path, o, &err), 0);
	back = json_read(path, &err);
	assert_non_null(back);
	assert_true(json_equal(o, back));
	line = json_line(o);
	assert_string_equal(line, "{\"name\":\"a \\\"b\\\"\",\"n\":7,\"x\":0.5,\"yes\":true}");
	free(line);
	json_decref(back);
	json_decref(o);
	free(path);
}

static void refuse(void **state, const char *text, const char *words)
{
	char *path = put_file(*state, "bad.json", text);
	struct err err = {""};

	assert_null(json_read(path, &err));
	assert_says(&err, words);
	assert_says(&err, "bad.json");
	free(path);
}

static void test_refused(void **state)
{
	struct err err = {""};

	refuse(state, "", "not JSON");
	refuse(state, "{\n \"a\": }", ":2:");
	refuse(state, "[1]", "holds no JSON object");
	refuse(state, "{\"a\":1,\"a\":2}", "duplicate");
	refuse(state, "{\"a\":\"\xff\"}", "not JSON");
	refuse(state, "{} {}", "not JSON");
	assert_null(json_read("/nonexistent/x.json", &err));
	assert_says(&err, "cannot open '/nonexistent/x.json': No such file");
}

static void test_getters(void **state)
{
	json_t *o = json_pack("{s:s, s:i, s:f, s:b, s:n}", "s", "text", "i", 7, "f", 2.5, "b", 1,
			      "null");

	(void)state;
	assert_string_equal(json_get_str(o, "s", "-"), "text");
	assert_string_equal(json_get_str(o, "i", "-"), "-");
	assert_string_equal(json_get_str(o, "none", "-"), "-");
	assert_string_equal(json_get_str(NULL, "s", "-"), "-");
	assert_int_equal(json_get_int(o, "i", -1), 7);
	assert_int_equal(json_get_int(o, "f", -1), -1);
	assert_int_equal(json_get_int(o, "s", -1), -1);
	assert_true(json_get_num(o, "f", -1) == 2.5);
	assert_true(json_get_num(o, "i", -1) == 7);
	assert_true(json_get_num(o, "null", -1) == -1);
	assert_int_equal(json_get_bool(o, "b", 0), 1);
	assert_int_equal(json_get_bool(o, "i", 0), 0);
	json_decref(o);
}

static void test_printable(void **state)
{
	static const char *const good = "{\"a\":[1,true,null,{\"\u00e9\":\"x\\ny\"}]}";
	static const char *const bad[] = {"{\"a\":[{\"b\":\"\\u001b[2J\"}]}", "{\"\\u0007\":1}",
					  "[\"\\u009b\"]"};
	json_t *o = json_loads(good, 0, NULL);

	(void)state;
	assert_true(json_is_printable(o));
	json_decref(o);
	for (size_t i = 0; i < 3; i++) {
		o = json_loads(bad[i], 0, NULL);
		assert_non_null(o);
		assert_false(json_is_printable(o));
		json_decref(o);
	}
}

/* A text whose last string does not end: behind it begins memory that nobody may read. */
static void test_cut(void **state)
{
	static const char *const cut[] = {"{\"a", "{\"a\\", "[\"", "{\"a\":1,\""};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(room, MAP_FAILED);
	assert_int_equal(mprotect(room + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < 4; i++) {
		size_t len = strlen(cut[i]);
		char *text = room + page - len;

		memcpy(text, cut[i], len);
		assert_null(json_of(text, len, 0, NULL));
	}
	munmap(room, 2 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read_write, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_refused, make_dir, remove_dir),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
