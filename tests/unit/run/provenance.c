/* Where figures come from: the lines of a .config that count, and who host, target and kernel are.
 */
#include "tests/unit/check.h"

#include "lib/json.h"
#include "runner/run/provenance.h"

static void test_config(void **state)
{
	char *path = put_file(*state, "config",
			      "# Linux/x86 6.1 Kernel Configuration\n"
			      "CONFIG_HZ=250\nCONFIG_HZ_250=y\nCONFIG_PREEMPT_VOLUNTARY=y\n"
			      "# CONFIG_KSM is not set\n# CONFIG_SOUND is not set\n"
			      "CONFIG_LOCALVERSION=\"\"\nCONFIG_CC_VERSION_TEXT=\"gcc 12=x\"\n"
			      "CONFIG_NUMA\nnonsense\n");
	json_t *o = provenance_config(path);
	char *line = json_line(o);

	assert_string_equal(
		line, "{\"CONFIG_HZ\":\"250\",\"CONFIG_PREEMPT_VOLUNTARY\":\"y\","
		      "\"CONFIG_KSM\":\"n\",\"CONFIG_CC_VERSION_TEXT\":\"\\\"gcc 12=x\\\"\"}");
	free(line);
	json_decref(o);
	free(path);
	o = provenance_config(NULL);
	assert_int_equal(json_object_size(o), 0);
	json_decref(o);
}

static void test_target(void **state)
{
	struct target t = {.kind = TARGET_ICOUNT,
			   .cpus = 1,
			   .nodes = 2,
			   .memory_mib = 2048,
			   .icount_shift = 2,
			   .qemu_version = xstrdup("7.2.22"),
			   .qemu_sha256 = "abc"};
	json_t *o;

	(void)state;
	strv_push(&t.qemu, "/usr/bin/qemu");
	o = provenance_target(&t, "qemu -x");
	assert_string_equal(json_get_str(o, "kind", ""), "icount");
	assert_int_equal(json_get_int(o, "ns_per_insn", 0), 4);
	assert_string_equal(json_get_str(json_object_get(o, "qemu"), "version", ""), "7.2.22");
	json_decref(o);
	target_release(&t);
	t = (struct target){.kind = TARGET_HOST, .cpus = 2};
	o = provenance_target(&t, "");
	assert_null(json_object_get(o, "ns_per_insn"));
	assert_null(json_object_get(o, "qemu"));
	json_decref(o);
}

static void test_host_and_arm(void **state)
{
	struct kernel k = {.spec = (char *)"image:x", .sha256 = "00", .release = (char *)"6.1.0"};
	struct arm a = {.name = (char *)"old", .cmdline = (char *)"a=b", .inject = 0.5};
	json_t *host = provenance_host(), *arm = provenance_arm(&a, &k);

	(void)state;
	assert_true(json_get_int(host, "cpus", 0) > 0);
	assert_true(json_get_int(host, "memory_mib", 0) > 0);
	assert_true(*json_get_str(host, "cpu", "") != '\0');
	assert_string_equal(json_get_str(arm, "name", ""), "old");
	assert_string_equal(json_get_str(arm, "release", ""), "6.1.0");
	assert_true(json_get_num(arm, "inject", 0) == 0.5);
	assert_null(json_object_get(arm, "package"));
	json_decref(host);
	json_decref(arm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_config, make_dir, remove_dir),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_host_and_arm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
