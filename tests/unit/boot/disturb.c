/* What disturbs a machine: read from a tree that stands for one. */
#include "tests/unit/check.h"

#include "lib/json.h"
#include "runner/boot/disturb.h"

static void put(const char *root, const char *path, const char *text)
{
	char *whole = xasprintf("%s/%s", root, path), *slash = strrchr(whole, '/');
	struct err err;

	*slash = '\0';
	assert_int_equal(fs_mkdirs(whole, &err), 0);
	*slash = '/';
	assert_int_equal(fs_write_atomic(whole, text, strlen(text), &err), 0);
	free(whole);
}

static const struct disturbance *find(const struct disturbances *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (strcmp(d->v[i].name, name) == 0)
			return &d->v[i];
	return NULL;
}

static void test_read(void **state)
{
	const struct disturbance *s;
	struct disturbances d;

	disturb_read(&d, *state);
	assert_int_equal(d.n, 0);
	disturb_release(&d);
	put(*state, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
	put(*state, "sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
	put(*state, "sys/devices/system/cpu/smt/active", "0\n");
	put(*state, "sys/devices/system/cpu/isolated", "\n");
	put(*state, "sys/devices/system/cpu/nohz_full", "  (null)\n");
	put(*state, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	put(*state, "sys/kernel/mm/ksm/run", "1\n");
	disturb_read(&d, *state);
	s = find(&d, "governor");
	assert_string_equal(s->value, "performance,powersave");
	assert_true(s->disturbs);
	assert_non_null(s->still);
	assert_false(find(&d, "smt")->disturbs);
	assert_false(find(&d, "thp")->disturbs);
	assert_true(find(&d, "ksm")->disturbs);
	s = find(&d, "isolcpus");
	assert_string_equal(s->value, "");
	assert_false(s->disturbs);
	assert_string_equal(find(&d, "nohz_full")->value, "");
	assert_null(find(&d, "boost"));
	disturb_release(&d);
	put(*state, "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
	disturb_read(&d, *state);
	assert_true(find(&d, "thp")->disturbs);
	disturb_release(&d);
}

/* This machine has some of it, and all of it is text that JSON takes. */
static void test_json(void **state)
{
	json_t *o = disturb_json();

	(void)state;
	assert_true(json_is_array(json_object_get(o, "timers")));
	assert_true(json_is_array(json_object_get(o, "node_distances")));
	assert_true(json_is_real(json_object_get(o, "load")));
	assert_true(json_is_printable(o));
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_read, make_dir, remove_dir),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
