/* Starting programs: what they say comes back whole, what they end with is told. */
#include "tests/unit/check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "lib/spawn.h"
#include "lib/verb.h"

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
	char *const argv[] = {"sh", "-c",
			      "head -c 1000000 /dev/zero >&2; head -c 3000000 /dev/zero", NULL};
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
	struct child c = CHILD_INIT;
	char *const argv[] = {"sh", "-c", "echo $LAB_TEST $(pwd); cat", NULL};
	struct err err = {""};
	char buf[100];
	ssize_t n;

	(void)state;
	c.argv = argv;
	c.dir = "/";
	c.env = env;
	c.out = CHILD_PIPE;
	assert_int_equal(child_start(&c, &err), 0);
	n = read(c.out, buf, sizeof(buf) - 1);
	assert_true(n > 0);
	buf[n] = '\0';
	assert_string_equal(buf, "yes /\n");
	close(c.out);
	assert_int_equal(child_end(&c, &err), 0);
	assert_int_equal(c.pid, -1);
	assert_null(getenv("LAB_TEST"));
}

static void test_own_group(void **state)
{
	struct child c = CHILD_INIT;
	char *const argv[] = {"sleep", "100", NULL};
	struct err err = {""};
	int status;

	(void)state;
	c.argv = argv;
	c.new_group = true;
	assert_int_equal(child_start(&c, &err), 0);
	assert_int_equal(getpgid(c.pid), c.pid);
	assert_int_equal(child_poll(&c, &status), 0);
	assert_int_equal(kill(-c.pid, SIGKILL), 0);
	assert_int_equal(child_end(&c, &err), -1);
	assert_says(&err, "signal 9");
}

/* The program goes when the one that started it is killed. */
static void test_dies_with_parent(void **state)
{
	int fds[2];
	pid_t parent;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	parent = fork();
	if (parent == 0) {
		struct child sleeper = CHILD_INIT;
		char *const argv[] = {"sleep", "100", NULL};
		struct err err;

		sleeper.argv = argv;
		sleeper.out = fds[1];
		child_start(&sleeper, &err);
		kill(getpid(), SIGKILL);
		_exit(1);
	}
	close(fds[1]);
	waitpid(parent, NULL, 0);
	/* the pipe ends when its last writer is gone */
	alarm(60);
	assert_int_equal(read(fds[0], &c, 1), 0);
	alarm(0);
	close(fds[0]);
}

/* Whoever started us may have had SIGCHLD ignored: then the kernel keeps no exit code. */
static void test_ignored_sigchld(void **state)
{
	char *const argv[] = {"sh", "-c", "exit 3", NULL};
	struct err err = {""};

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(spawn_run(argv, &err), -1);
	signal(SIGCHLD, SIG_DFL);
	assert_says(&err, "ended with code 3");
}

/* What was reaped behind our back did not end well. */
static void test_forgotten(void **state)
{
	char *const argv[] = {"true", NULL};
	struct child c = CHILD_INIT;
	struct err err = {""};
	int status = 0;

	(void)state;
	c.argv = argv;
	assert_int_equal(child_start(&c, &err), 0);
	assert_int_equal(waitpid(c.pid, NULL, 0), c.pid);
	assert_int_equal(child_poll(&c, &status), -1);
	assert_int_equal(c.pid, -1);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* Signals that come meanwhile take away neither the program nor the word that it could not start.
 */
static void test_interrupted(void **state)
{
	char *const missing[] = {"no-such-program-here", NULL}, *const argv[] = {"true", NULL};
	const struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
	struct sigaction sa = {.sa_handler = on_signal};
	struct err err;

	(void)state;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 50; i++) {
		err.text[0] = '\0';
		assert_int_equal(spawn_run(missing, &err), -1);
		assert_says(&err, "cannot start 'no-such-program-here'");
		assert_int_equal(spawn_run(argv, &err), 0);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_DFL);
}

/* A program has none of our pipes, or another's end would be held open by it. */
static void test_no_pipe_of_ours(void **state)
{
	char *const argv[] = {"/bin/sh", "-c", "ls -l /proc/self/fd | grep -c pipe:", NULL};
	struct strv verb = STRV_INIT;
	struct str bare = STR_INIT, with_pipe = STR_INIT;
	struct err err = {""};

	(void)state;
	assert_int_equal(spawn_capture(argv, &bare, &err), 0);
	for (int i = 0; argv[i]; i++)
		strv_push(&verb, argv[i]);
	assert_int_equal(verb_run(&verb, &with_pipe, &err), 0);
	/* there the standard error is a pipe too */
	assert_true(atoi(with_pipe.buf) <= atoi(bare.buf));
	assert_true(atoi(with_pipe.buf) >= 1);
	strv_release(&verb);
	str_release(&bare);
	str_release(&with_pipe);
}

/* A verb that is told to end ends what it runs first, and then by that signal. */
static void test_verb_signal(void **state)
{
	struct strv argv = STRV_INIT;
	int status, fds[2];
	pid_t verb;
	char c;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	verb = fork();
	if (verb == 0) {
		struct err err;

		close(fds[0]);
		strv_push(&argv, "/bin/sh");
		strv_push(&argv, "-c");
		strv_pushf(&argv,
			   "trap 'printf e >&%d; exit 0' TERM; printf b >&%d; while :; do sleep "
			   "0.1; done",
			   fds[1], fds[1]);
		verb_run(&argv, NULL, &err);
		_exit(0);
	}
	close(fds[1]);
	alarm(60);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, 'b');
	kill(verb, SIGTERM);
	assert_int_equal(read(fds[0], &c, 1), 1);
	assert_int_equal(c, 'e');
	assert_int_equal(waitpid(verb, &status, 0), verb);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
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
		cmocka_unit_test(test_capture),		cmocka_unit_test(test_large_output),
		cmocka_unit_test(test_failures),	cmocka_unit_test(test_options),
		cmocka_unit_test(test_own_group),	cmocka_unit_test(test_dies_with_parent),
		cmocka_unit_test(test_ignored_sigchld), cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_interrupted),	cmocka_unit_test(test_no_pipe_of_ours),
		cmocka_unit_test(test_verb_signal),	cmocka_unit_test(test_which),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
