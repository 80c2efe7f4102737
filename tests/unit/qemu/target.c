/* The machine QEMU is asked for, argument by argument. */
#include "tests/unit/check.h"

#include <sys/stat.h>
#include "runner/qemu/find.h"
#include "runner/qemu/target.h"

/* QEMU's arguments for a target, as one line. */
static char *command(struct target *t, unsigned long long layout, const char *plugin)
{
	struct boot_files files = {"K", "I", "C", "more=1", plugin};
	struct strv argv = STRV_INIT;
	struct str s = STR_INIT;

	strv_push(&t->qemu, "qemu");
	target_argv(t, &files, layout, &argv);
	strv_quote(&argv, &s);
	strv_release(&argv);
	strv_release(&t->qemu);
	return s.buf;
}

#define PC "qemu -nodefaults -no-user-config -display none -no-reboot -machine pc "
#define SERIAL                                                                                     \
	" -chardev file,id=console,path=C -serial chardev:console"                                 \
	" -chardev stdio,id=records,signal=off -serial chardev:records -kernel K -initrd I "       \
	"-append "

static void test_icount(void **state)
{
	struct target t = {.kind = TARGET_ICOUNT, .cpus = 1, .nodes = 2, .memory_mib = 2048};
	char *line = command(&t, 0, NULL);

	(void)state;
	assert_string_equal(
		line, PC
		"-accel tcg,thread=single -icount shift=0,sleep=off,rr=record,rrfile=/dev/null "
		"-rtc "
		"clock=vm,base=2024-01-01T00:00:00 "
		"-cpu Nehalem-v1 -smp 1 -m 2048M "
		"-object memory-backend-ram,id=m0,size=1024M -numa node,nodeid=0,memdev=m0,cpus=0 "
		"-object memory-backend-ram,id=m1,size=1024M -numa node,nodeid=1,memdev=m1 "
		"-numa dist,src=0,dst=1,val=20" SERIAL
		"'console=ttyS0 loglevel=5 nokaslr panic=-1 rdinit=/init nowatchdog tsc=reliable "
		"cryptomgr.notests noapictimer no_timer_check more=1'");
	free(line);
}

static void test_tcg(void **state)
{
	struct target t = {.kind = TARGET_TCG, .cpus = 5, .nodes = 2, .memory_mib = 1001};
	char *line = command(&t, 0, "P,x=1");

	(void)state;
	assert_non_null(strstr(line, "-accel tcg,thread=multi "));
	assert_non_null(strstr(line, "-cpu Nehalem-v1 -smp 5 -m 1001M "));
	assert_null(strstr(line, "icount"));
	assert_non_null(strstr(line, "id=m0,size=501M -numa node,nodeid=0,memdev=m0,cpus=0-2 "));
	assert_non_null(strstr(line, "id=m1,size=500M -numa node,nodeid=1,memdev=m1,cpus=3-4 "));
	assert_non_null(strstr(line, " -plugin P,x=1"));
	assert_null(strstr(line, "-sandbox"));
	free(line);
	t.sandbox = true;
	line = command(&t, 0, NULL);
	assert_non_null(strstr(line, " -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
				     "resourcecontrol=deny "));
	free(line);
}

static void test_kvm(void **state)
{
	struct target t = {.kind = TARGET_KVM, .cpus = 2, .nodes = 1, .memory_mib = 512};
	char *line = command(&t, 0, NULL);

	(void)state;
	assert_non_null(strstr(line, "-accel kvm "));
	assert_non_null(strstr(line, "-cpu host -smp 2 -m 512M -chardev"));
	assert_null(strstr(line, "-numa"));
	assert_null(strstr(line, "nowatchdog"));
	free(line);
}

static void test_placed(void **state)
{
	int cpu[] = {2, 4, 8, 10}, node[] = {0, 1};
	struct target t = {.kind = TARGET_KVM,
			   .cpus = 4,
			   .nodes = 2,
			   .memory_mib = 1024,
			   .hugepages = (char *)"2M",
			   .place = {.cpus = 4, .nodes = 2, .cpu = cpu, .node = node}};
	char *line = command(&t, 0, NULL);

	(void)state;
	assert_non_null(strstr(line, "taskset -c 2,4,8,10 qemu "));
	assert_non_null(strstr(line, " -smp 4,sockets=2,cores=2,threads=1 "));
	assert_non_null(strstr(
		line,
		" memory-backend-memfd,id=m1,size=512M,hugetlb=on,hugetlbsize=2M,"
		"host-nodes=1,policy=bind,prealloc=on -numa node,nodeid=1,memdev=m1,cpus=2-3 "));
	free(line);
	/* Whatever the layout, nodes of whole pages. */
	t.memory_mib = 4096;
	t.hugepages = (char *)"1G";
	line = command(&t, 7, NULL);
	assert_non_null(strstr(line, "id=m0,size=2048M,hugetlb=on,hugetlbsize=1G,"));
	assert_non_null(strstr(line, "id=m1,size=2048M,"));
	free(line);
}

static void test_three_nodes(void **state)
{
	struct target t = {.kind = TARGET_ICOUNT, .cpus = 1, .nodes = 3, .memory_mib = 1024};
	char *line = command(&t, 0, NULL);

	(void)state;
	assert_non_null(strstr(line, "id=m0,size=344M"));
	assert_non_null(strstr(line, "id=m2,size=340M"));
	assert_non_null(strstr(line, "-numa dist,src=0,dst=1,val=20 -numa dist,src=0,dst=2,val=20 "
				     "-numa dist,src=1,dst=2,val=20"));
	free(line);
}

/* QEMU would take what follows a comma for another option. */
static void test_comma(void **state)
{
	struct target t = {.kind = TARGET_TCG, .cpus = 1, .nodes = 1, .memory_mib = 512};
	struct boot_files files = {"K,x", "I,x", "C,x,y", "", NULL};
	struct strv argv = STRV_INIT;
	struct str s = STR_INIT;

	(void)state;
	target_argv(&t, &files, 0, &argv);
	strv_quote(&argv, &s);
	assert_non_null(strstr(s.buf, "file,id=console,path=C,,x,,y "));
	assert_non_null(strstr(s.buf, "-kernel K,x -initrd I,x "));
	strv_release(&argv);
	str_release(&s);
}

/* The layout moves the memory's size in steps of 4 MiB; the same layout, the same machine. */
static void test_layout(void **state)
{
	struct target t = {.kind = TARGET_ICOUNT, .cpus = 1, .nodes = 2, .memory_mib = 2048};
	char *a = command(&t, 3, NULL), *b = command(&t, 16 + 3, NULL), *c = command(&t, 15, NULL);

	(void)state;
	assert_string_equal(a, b);
	assert_non_null(strstr(a, "-m 2060M"));
	assert_non_null(strstr(c, "-m 2108M"));
	free(a);
	free(b);
	free(c);
}

static void test_kinds(void **state)
{
	static const char *const names[] = {"icount", "tcg", "kvm", "host"};
	enum target_kind kind;
	struct err err = {""};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(target_kind_parse(&kind, names[i], &err), 0);
		assert_string_equal(target_kind_name(kind), names[i]);
	}
	assert_int_equal(target_kind_parse(&kind, "xen", &err), -1);
	assert_says(&err, "unknown target 'xen': one of auto, icount, tcg, kvm, host");
}

static void expect_version(const char *text, const char *want)
{
	char *got = qemu_parse_version(text);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
}

static void test_version(void **state)
{
	(void)state;
	expect_version("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)\nCopyright",
		       "7.2.22");
	expect_version("QEMU emulator version 10.0.2\n", "10.0.2");
	expect_version("QEMU emulator version unknown", NULL);
	expect_version("", NULL);
}

static void test_missing(void **state)
{
	struct target t = {0};
	struct err err = {""};
	char *path = xstrdup(getenv("PATH")), *script;

	assert_int_equal(qemu_find(&t, "/nonexistent/qemu", &err), -1);
	assert_says(&err, "no program '/nonexistent/qemu': --qemu takes the path");
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(qemu_find(&t, NULL, &err), -1);
	assert_says(&err, "no qemu-system-x86_64 on PATH: run 'make deps'");
	setenv("PATH", path, 1);
	assert_int_equal(qemu_find(&t, *state, &err), -1);
	assert_says(&err, "no program");
	script = put_file(*state, "qemu", "#!/bin/sh\necho hello\n");
	chmod(script, 0755);
	assert_int_equal(qemu_find(&t, script, &err), -1);
	assert_says(&err, "/qemu --version' names no version");
	free(script);
	target_release(&t);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icount),
		cmocka_unit_test(test_tcg),
		cmocka_unit_test(test_kvm),
		cmocka_unit_test(test_placed),
		cmocka_unit_test(test_three_nodes),
		cmocka_unit_test(test_comma),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_version),
		cmocka_unit_test_setup_teardown(test_missing, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
