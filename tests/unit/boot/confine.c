/* The limits of a guest's QEMU: what it needs fits into them. */
#include "tests/unit/check.h"

#include "runner/boot/confine.h"

#define MIB (1ull << 20)

static struct jail jail_of(enum boot_kind kind, char *hugepages)
{
	struct target t = {
		.kind = TARGET_KVM, .cpus = 4, .memory_mib = 8192, .hugepages = hugepages};
	struct planned_boot planned = {.kind = kind};
	struct kernel k = {.image = (char *)"/boot/vmlinuz"};
	struct boot_job job = {.target = &t, .planned = &planned, .kernel = &k, .plugin = "p.so"};
	struct confined c;
	struct jail jail;

	confine_init(&c, &job, NULL);
	jail = c.jail;
	confine_release(&c);
	return jail;
}

/* What QEMU writes is a console; but a file in memory is what it has huge pages by. */
static void test_file(void **state)
{
	struct jail plain = jail_of(BOOT_TIMED, NULL), huge = jail_of(BOOT_TIMED, (char *)"2M");

	(void)state;
	assert_true(plain.file < 8192 * MIB);
	assert_true(huge.file >= 8192 * MIB + plain.file);
	assert_true(jail_of(BOOT_PROFILE, NULL).file > plain.file);
}

static void test_memory(void **state)
{
	(void)state;
	assert_true(jail_of(BOOT_TIMED, NULL).memory > 8192 * MIB);
	assert_true(jail_of(BOOT_TIMED, (char *)"2M").memory > 8192 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests_name("confine", tests, NULL, NULL);
}
