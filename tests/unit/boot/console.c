/* A kernel's console: the line that tells of its end, and nothing a terminal would obey. */
#include "tests/unit/check.h"

#include "lib/json.h"
#include "lib/text.h"
#include "runner/boot/console.h"

static void read_text(void **state, const char *text, struct console *c)
{
	char *path = put_file(*state, "console.log", text);

	console_read(c, path);
	free(path);
}

static void expect(void **state, const char *text, const char *want, bool want_panic)
{
	struct console c;

	read_text(state, text, &c);
	if (want)
		assert_string_equal(c.trouble, want);
	else
		assert_null(c.trouble);
	assert_int_equal(c.panic, want_panic);
	console_release(&c);
}

/* One finding of that kind, its text from the first letter of `words` on. */
static void expect_kind(void **state, const char *text, const char *kind, const char *words)
{
	struct console c;
	json_t *f;

	read_text(state, text, &c);
	assert_int_equal(json_array_size(c.findings), 1);
	f = json_array_get(c.findings, 0);
	assert_string_equal(json_get_str(f, "kind", ""), kind);
	assert_string_equal(json_get_str(f, "text", ""), words);
	console_release(&c);
}

static void test_trouble(void **state)
{
	struct console c;

	expect(state, "", NULL, 0);
	expect(state, "[    0.1] Linux version 6.1\n[    0.2] BUGS are not here\n", NULL, 0);
	/* as 6.1 and 5.10 print them */
	expect(state,
	       "[    0.941] Kernel panic - not syncing: VFS: Unable to mount root fs\n[ 1.0] CPU: "
	       "0\n",
	       "Kernel panic - not syncing: VFS: Unable to mount root fs", 1);
	expect(state,
	       "[    1.5] BUG: kernel NULL pointer dereference, address: 0000000000000000\r\n"
	       "[    1.6] Oops: 0000 [#1] PREEMPT SMP\n",
	       "BUG: kernel NULL pointer dereference, address: 0000000000000000", 0);
	expect(state, "[    1.5] WARNING: CPU: 0 PID: 1 at mm/mlock.c:10 f+0x1/0x2\n",
	       "WARNING: CPU: 0 PID: 1 at mm/mlock.c:10 f+0x1/0x2", 0);
	/* an oops that becomes a panic is a panic */
	expect(state,
	       "BUG: unable to handle page fault\nKernel panic - not syncing: Fatal exception",
	       "Kernel panic - not syncing: Fatal exception", 1);
	console_read(&c, "/nonexistent");
	assert_null(c.trouble);
	assert_false(c.panic);
	assert_int_equal(json_array_size(c.findings), 0);
	console_release(&c);
}

/* Lines as kernels from 5.10 to 7.2 print them */
static void test_findings(void **state)
{
	struct str many = STR_INIT;
	struct console c;

	expect_kind(state,
		    "[    5.1] ------------[ cut here ]------------\n"
		    "[    5.2] WARNING: CPU: 0 PID: 1 at mm/mlock.c:10 f+0x1/0x2\n",
		    "warning", "WARNING: CPU: 0 PID: 1 at mm/mlock.c:10 f+0x1/0x2");
	expect_kind(state, "[    5.2][   T12] WARNING: mm/mlock.c:10 at f+0x1/0x2, CPU#0: a/1\n",
		    "warning", "WARNING: mm/mlock.c:10 at f+0x1/0x2, CPU#0: a/1");
	expect_kind(
		state,
		"[    5.1] ======================\n[    5.1] WARNING: possible circular locking "
		"dependency detected\n[    5.1] 6.1.0 Not tainted\n",
		"lockdep", "WARNING: possible circular locking dependency detected");
	expect_kind(state, "[   27.5] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:1]\n",
		    "lockup", "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [a:1]");
	expect_kind(state, "[   21.0] rcu: INFO: rcu_preempt self-detected stall on CPU\n", "stall",
		    "rcu: INFO: rcu_preempt self-detected stall on CPU");
	expect_kind(state, "[   21.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:\n",
		    "stall", "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:");
	expect_kind(state, "[  242.0] INFO: task init:1 blocked for more than 120 seconds.\n",
		    "hung-task", "INFO: task init:1 blocked for more than 120 seconds.");
	expect_kind(state,
		    "[    1.5] BUG: kernel NULL pointer dereference, address: 0\r\n[    1.5] #PF: "
		    "error\n"
		    "[    1.6] Oops: 0000 [#1] PREEMPT SMP\n",
		    "oops", "BUG: kernel NULL pointer dereference, address: 0");
	expect_kind(
		state,
		"[    1.6] Oops: general protection fault, probably for non-canonical address\n",
		"oops", "Oops: general protection fault, probably for non-canonical address");
	expect_kind(state, "Kernel panic - not syncing: x\nKernel panic - again\n", "panic",
		    "Kernel panic - not syncing: x");
	/* a kill for want of memory is no fault of the kernel, nor is what a program calls a
	 * warning */
	read_text(state, "[ 1.0] Out of memory: Killed process 9 (a)\ninit: WARNING: x\nDEBUG: y\n",
		  &c);
	assert_int_equal(json_array_size(c.findings), 0);
	assert_string_equal(c.trouble, "Out of memory: Killed process 9 (a)");
	console_release(&c);
	/* one that warns without end, and panics */
	for (int i = 0; i < 1000; i++)
		str_addf(&many, "[    5.2] WARNING: CPU: 0 PID: %d at f\n", i);
	str_add(&many, "[    6.0] Kernel panic - not syncing: y\n");
	read_text(state, many.buf, &c);
	assert_int_equal(json_array_size(c.findings), CONSOLE_FINDINGS);
	assert_string_equal(json_get_str(json_array_get(c.findings, 0), "text", ""),
			    "WARNING: CPU: 0 PID: 0 at f");
	assert_string_equal(
		json_get_str(json_array_get(c.findings, CONSOLE_FINDINGS - 1), "kind", ""),
		"panic");
	console_release(&c);
	str_release(&many);
}

static void test_hostile(void **state)
{
	char *long_line = xasprintf("Kernel panic %0*d", 100000, 1);
	struct console c;

	expect(state, "Kernel panic \033]0;title\007\033[31m%s%n\xff\xfe",
	       "Kernel panic  ]0;title  [31m%s%n", 1);
	read_text(state, long_line, &c);
	assert_int_equal(strlen(c.trouble), 200);
	console_release(&c);
	free(long_line);
}

static void expect_complaint(void **state, const char *text, const char *want)
{
	char *path = put_file(*state, "qemu.log", text), *got = console_complaint(path);

	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
	free(got);
	free(path);
}

static void test_complaint(void **state)
{
	expect_complaint(state, "", NULL);
	expect_complaint(state, "\n\n", NULL);
	expect_complaint(state,
			 "qemu-system-x86_64: warning: host doesn't support requested feature\n",
			 NULL);
	/* as QEMU 7.2 aborts */
	expect_complaint(
		state,
		"qemu-system-x86_64: warning: x\n"
		"qemu-system-x86_64: error: failed to set MSR 0x10a to 0x0\n"
		"qemu-system-x86_64: ../target/i386/kvm/kvm.c:3213: kvm_buf_set_msrs: Assertion "
		"`ret == cpu->kvm_msr_buf->nmsrs' failed.\n",
		"qemu-system-x86_64: error: failed to set MSR 0x10a to 0x0");
	expect_complaint(state, "a.c:1: f: Assertion `x' failed.\n\n",
			 "a.c:1: f: Assertion `x' failed.");
	expect_complaint(state, "first\nlast \033[31m\n\n", "last  [31m");
	assert_null(console_complaint("/nonexistent"));
}

static void test_clean(void **state)
{
	char *a = text_clean("a\tb\nc\x80", 100), *b = text_clean("abcdef", 3),
	     *c = text_clean("", 3);

	(void)state;
	assert_string_equal(a, "a b c");
	assert_string_equal(b, "abc");
	assert_string_equal(c, "");
	free(a);
	free(b);
	free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_trouble, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_findings, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_complaint, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_hostile, make_dir, remove_dir),
		cmocka_unit_test(test_clean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
