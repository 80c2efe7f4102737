/* A QEMU from the cache is used as it was fetched, or not at all. */
#include "tests/unit/check.h"

#include "runner/qemu/cache.h"

/* A cache with one QEMU, a file of that content; its path, owned by the caller. */
static char *make_cache(const char *top, const char *content, const char *sum)
{
	char *dir = xasprintf("%s/qemu/10.0.1", top), *binary, *json;
	struct err err = {""};

	setenv("MLOCKLAB_CACHE", top, 1);
	if (fs_mkdirs(dir, &err) < 0)
		fail_msg("%s", err.text);
	binary = put_file(dir, "qemu", content);
	json = xasprintf("{\"argv\":[\"env\",\"%s\"],\"binary\":\"%s\",\"sha256\":\"%s\"}", binary,
			 binary, sum);
	free(put_file(dir, "qemu.json", json));
	free(json);
	free(dir);
	return binary;
}

static int ask(struct strv *argv, struct err *err)
{
	char *binary = NULL;
	int ret = qemu_cache_prefix(argv, &binary, err);

	free(binary);
	return ret;
}

static void test_as_fetched(void **state)
{
	char *path = put_file(*state, "original", "a QEMU"), sum[65], *binary;
	struct strv argv = STRV_INIT, none = STRV_INIT;
	struct err err = {""};

	assert_int_equal(fs_sha256(path, sum, &err), 0);
	binary = make_cache(*state, "a QEMU", sum);
	assert_int_equal(ask(&argv, &err), 0);
	assert_string_equal(argv.v[1], binary);
	free(binary);
	binary = make_cache(*state, "an evil QEMU", sum);
	assert_int_equal(ask(&none, &err), -1);
	assert_says(&err, binary);
	assert_says(&err, "SHA-256");
	strv_release(&argv);
	strv_release(&none);
	free(binary);
	free(path);
}

static void test_none(void **state)
{
	struct strv argv = STRV_INIT;
	struct err err = {""};

	setenv("MLOCKLAB_CACHE", *state, 1);
	assert_int_equal(ask(&argv, &err), -1);
	assert_says(&err, "'mlocklab qemu fetch' brings one");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_as_fetched, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_none, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
