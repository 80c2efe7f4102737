/* How many guests at once: never more than CPUs and memory for them. */
#include "tests/unit/check.h"

#include <sched.h>
#include "runner/run/workers.h"

static void test_quota(void **state)
{
	(void)state;
	assert_int_equal(workers_quota("max 100000\n"), 0);
	assert_int_equal(workers_quota("200000 100000\n"), 2);
	assert_int_equal(workers_quota("150000 100000\n"), 2);
	assert_int_equal(workers_quota("1000 100000\n"), 1);
	assert_int_equal(workers_quota(""), 0);
}

static void test_fit(void **state)
{
	(void)state;
	assert_int_equal(workers_fit(8, 0, 1 << 20, 2048), 8);
	assert_int_equal(workers_fit(8, 3, 1 << 20, 2048), 3);
	assert_int_equal(workers_fit(64, 0, 8 * 2304, 2048), 8);
	assert_int_equal(workers_fit(8, 0, 100, 2048), 1);
}

static void put(const char *root, const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", root, dir);
	struct err err;

	assert_int_equal(fs_mkdirs(path, &err), 0);
	free(path);
	path = xasprintf("%s/%s/%s", root, dir, name);
	assert_int_equal(fs_write_atomic(path, text, strlen(text), &err), 0);
	free(path);
}

static void assert_limits(const char *root, const char *cgroups, int want_quota,
			  unsigned long long want_mib)
{
	unsigned long long mib = 100000;
	int quota = 0;

	workers_limits(root, cgroups, &quota, &mib);
	assert_int_equal(quota, want_quota);
	assert_int_equal(mib, want_mib);
}

/* The least of a cgroup and those above it; a container of version 1 sees its own as the topmost.
 */
static void test_cgroups(void **state)
{
	const char *root = *state;

	put(root, "a/b", "cpu.max", "max 100000\n");
	put(root, "a", "cpu.max", "250000 100000\n");
	put(root, "a/b", "memory.max", "2147483648\n");
	put(root, "a/b", "memory.current", "1073741824\n");
	assert_limits(root, "0::/a/b\n", 3, 1024);
	assert_limits(root, "0::/\n", 0, 100000);
	put(root, "cpu,cpuacct/x/y", "cpu.cfs_quota_us", "-1\n");
	put(root, "cpu,cpuacct/x/y", "cpu.cfs_period_us", "100000\n");
	put(root, "memory/x", "memory.limit_in_bytes", "536870912\n");
	put(root, "memory/x", "memory.usage_in_bytes", "0\n");
	assert_limits(root, "5:memory:/x\n4:cpu,cpuacct:/x/y\n1:name=systemd:/x\n", 0, 512);
	put(root, "cpu,cpuacct", "cpu.cfs_quota_us", "150000\n");
	put(root, "cpu,cpuacct", "cpu.cfs_period_us", "50000\n");
	assert_limits(root, "4:cpu,cpuacct:/x/y\n", 3, 100000);
	assert_limits(root, "no cgroup", 0, 100000);
}

/* Of the CPUs of the machine we may be let use one. */
static void test_affinity(void **state)
{
	struct target t = {.memory_mib = 64};
	cpu_set_t before, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &before))
			continue;
		CPU_ZERO(&one);
		CPU_SET(c, &one);
		break;
	}
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(workers_default(&t), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	t.memory_mib = 1 << 30;
	assert_int_equal(workers_default(&t), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_fit),
		cmocka_unit_test_setup_teardown(test_cgroups, make_dir, remove_dir),
		cmocka_unit_test(test_affinity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
