/* Starting programs: what they say comes back whole, what they end with is told. */
#include "tests/unit/check.h"

#include <signal.h>
#include <sys/wait.h>
#include "lib/spawn.h"

static void test_capture(void **state)
{
	char *const argv[] = {"printf", "%s\\n", "a b", "$HOME", NULL};
	struct str out = STR_INIT;
	struct err err = {""};

	(void)state;
	str_add(&out, "before ");
	assert_int_equal(spawn_capture(argv, &out, &err), 0);
	assert_string_equal(out.buf, "before a b\n$HOME\n");
	str_release(&out);
}

/* More than a pipe holds, on both at once: neither stops the other. */
static void test_large_output(void **state)
{
	char *const argv[] = {"sh", "-c", "head -c 1000000 /dev/zero >&2; head -c 3000000 /dev/zero", NULL};
	struct str out = STR_INIT;
	struct err err = {""};

	(void)state;
	assert_int_equal(spawn_capture(argv, &out, &err), 0);
	assert_int_equal(out.len, 3000000);
	str_release(&out);
}

static void test_failures(void **state)
{
	char *const code[] = {"sh", "-c", "echo why not >&2; exit 3", NULL};
	char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
	char *const missing[] = {"no-such-program-here", NULL};
	struct str out = STR_INIT;
	struct err err = {""};

	(void)state;
	assert_int_equal(spawn_capture(code, &out, &err), -1);
	assert_says(&err, "'sh' ended with code 3: why not");
	assert_int_equal(spawn_capture(killed, &out, &err), -1);
	assert_says(&err, "'sh' was killed by signal 9");
	assert_int_equal(spawn_capture(missing, &out, &err), -1);
	assert_says(&err, "cannot start 'no-such-program-here': No such file");
	assert_int_equal(spawn_run(code, &err), -1);
	assert_says(&err, "code 3");
	str_release(&out);
}

static void test_options(void **state)
{
	const char *env[] = {"LAB_TEST=yes", NULL};
	struct spawn_opts o = {.in = -1, .errfd = -1, .dir = "/", .env = env, .new_group = 1};
	char *const argv[] = {"sh", "-c", "echo $LAB_TEST $(pwd); cat", NULL};
	struct err err = {""};
	char buf[100];
	ssize_t n;
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	o.out = fds[1];
	pid = spawn_start(argv, &o, &err);
	assert_true(pid > 0);
	close(fds[1]);
	n = read(fds[0], buf, sizeof(buf) - 1);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_string_equal(buf, "yes /\n");
	close(fds[0]);
	assert_int_equal(spawn_wait(pid, "sh", &err), 0);
	assert_null(getenv("LAB_TEST"));
}

static void test_own_group(void **state)
{
	struct spawn_opts o = SPAWN_OPTS;
	char *const argv[] = {"sleep", "100", NULL};
	struct err err = {""};
	pid_t pid;

	(void)state;
	o.new_group = 1;
	pid = spawn_start(argv, &o, &err);
	assert_true(pid > 0);
	assert_int_equal(getpgid(pid), pid);
	assert_int_equal(kill(-pid, SIGKILL), 0);
	assert_int_equal(spawn_wait(pid, "sleep", &err), -1);
	assert_says(&err, "signal 9");
}

/* The program goes when the one that started it is killed. */
static void test_dies_with_parent(void **state)
{
	int fds[2];
	pid_t parent, pid;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (parent == 0) {
		struct spawn_opts o = {.in = -1, .out = fds[1], .errfd = -1, .die_with_parent = 1};
		char *const argv[] = {"sleep", "100", NULL};
		struct err err;

		pid = spawn_start(argv, &o, &err);
		kill(getpid(), SIGKILL);
		_exit(pid > 0);
	}
	close(fds[1]);
	waitpid(parent, NULL, 0);
	/* the pipe ends when its last writer is gone */
	alarm(10);
	assert_int_equal(read(fds[0], &c, 1), 0);
	alarm(0);
	close(fds[0]);
}

static void test_which(void **state)
{
	char *sh = spawn_which("sh"), *none = spawn_which("no-such-program-here");

	(void)state;
	assert_non_null(sh);
	assert_string_equal(strrchr(sh, '/'), "/sh");
	assert_null(none);
	assert_null(spawn_which("/etc/passwd"));
	free(sh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture), cmocka_unit_test(test_large_output),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_options),
		cmocka_unit_test(test_own_group), cmocka_unit_test(test_dies_with_parent),
		cmocka_unit_test(test_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
