/* Directories for the time of a program: what a killed one left is swept, what a living one holds
 * stays. */
#include "tests/unit/check.h"
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/scratch.h"

/* A process that makes one, with a file in it, and holds it until it is killed. */
static pid_t holder(char *dir, size_t size)
{
	int p[2];
	pid_t pid;
	ssize_t n;

	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		struct err err;
		char *made = scratch_make("held", &err), *file = xasprintf("%s/file", made);

		if (!made || fs_write_atomic(file, "x", 1, &err) < 0 ||
		    fs_write_all(p[1], made, strlen(made)) < 0)
			_exit(1);
		close(p[0]);
		close(p[1]);
		for (;;)
			pause();
	}
	close(p[1]);
	n = read(p[0], dir, size - 1);
	assert_true(pid > 0 && n > 0);
	dir[n] = '\0';
	close(p[0]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_sweep(void **state)
{
	struct err err = {""};
	char left[4096], living[4096], *own, *again;
	pid_t killed, alive;

	setenv("MLOCKLAB_CACHE", *state, 1);
	killed = holder(left, sizeof(left));
	alive = holder(living, sizeof(living));
	end(killed);
	assert_true(fs_exists(left));
	own = scratch_make("own", &err);
	assert_non_null(own);
	assert_false(fs_exists(left));
	assert_true(fs_exists(living));
	/* nor do we sweep what we hold ourselves */
	again = scratch_make("own", &err);
	assert_true(fs_exists(own));
	scratch_remove(again);
	assert_true(fs_exists(own));
	scratch_remove(own);
	scratch_remove(NULL);
	end(alive);
	unsetenv("MLOCKLAB_CACHE");
}

static void test_refused(void **state)
{
	struct err err = {""};
	char *path = put_file(*state, "tmp", "a file");

	setenv("MLOCKLAB_CACHE", *state, 1);
	assert_null(scratch_make("own", &err));
	assert_says(&err, "cannot create");
	unsetenv("MLOCKLAB_CACHE");
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sweep, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_refused, make_dir, remove_dir),
	};

	return cmocka_run_group_tests_name("scratch", tests, NULL, NULL);
}
