/* What a probe keeps: a yes, for that QEMU and that kernel; a no is asked again. */
#include "tests/unit/check.h"
#include "runner/probe/once.h"
#include "runner/probe/probe.h"

static bool boots;
static int asked;

/* In the place of a guest */
int boot_once(const struct once *o, const char *dir, struct err *err)
{
	assert_true(fs_exists(dir));
	assert_int_equal(o->target->cpus, 2);
	asked++;
	return boots ? 0 : err_set(err, "it hangs");
}

static bool ask(const char *qemu, const char *kernel)
{
	struct target t = {.kind = TARGET_ICOUNT, .cpus = 8, .nodes = 2};
	struct kernel k = {.spec = (char *)"image:k"};
	struct err err = {""};
	bool ok;

	snprintf(t.qemu_sha256, sizeof(t.qemu_sha256), "%s", qemu);
	snprintf(k.sha256, sizeof(k.sha256), "%s", kernel);
	asked = 0;
	ok = probe_icount_smp(&t, &k, &err);
	if (!ok)
		assert_says(&err, "it hangs");
	return ok;
}

static void test_key(void **state)
{
	setenv("MLOCKLAB_CACHE", *state, 1);
	boots = false;
	assert_false(ask("q1", "k1"));
	assert_int_equal(asked, 1);
	/* it may have been a busy moment */
	boots = true;
	assert_true(ask("q1", "k1"));
	assert_int_equal(asked, 1);
	boots = false;
	assert_true(ask("q1", "k1"));
	assert_int_equal(asked, 0);
	/* another kernel, another QEMU */
	assert_false(ask("q1", "k2"));
	assert_int_equal(asked, 1);
	assert_false(ask("q2", "k1"));
	assert_int_equal(asked, 1);
	unsetenv("MLOCKLAB_CACHE");
}

/* What is no JSON is not believed, and replaced. */
static void test_damaged(void **state)
{
	char *path = put_file(*state, "probes.json", "{\"icount-smp");

	setenv("MLOCKLAB_CACHE", *state, 1);
	boots = true;
	assert_true(ask("q1", "k1"));
	assert_int_equal(asked, 1);
	assert_true(ask("q1", "k1"));
	assert_int_equal(asked, 0);
	unsetenv("MLOCKLAB_CACHE");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_key, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_damaged, make_dir, remove_dir),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
