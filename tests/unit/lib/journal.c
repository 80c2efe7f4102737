/* The journal of changed settings: what was changed is put back as it was at first, by whoever
 * comes. */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "lib/journal.h"
#include "workloads/knob.h"

static char *in(void **state, const char *name)
{
	return xasprintf("%s/%s", (char *)*state, name);
}

static int open_journal(void **state)
{
	char *path = in(state, "journal");
	struct err err = {""};
	int fd = journal_open(path, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	free(path);
	return fd;
}

static void assert_holds(const char *path, const char *text)
{
	struct str s = STR_INIT;
	struct err err;

	assert_int_equal(fs_read(path, &s, &err), 0);
	assert_string_equal(str_text(&s), text);
	str_release(&s);
}

/* Mends, and checks how many things were not as they had been. */
static void mend(int fd, size_t changed)
{
	struct strv told = STRV_INIT;
	struct err err = {""};

	if (journal_mend(fd, &told, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(told.n, changed);
	strv_release(&told);
}

/* Set twice, and the process is gone: the value of before the first change comes back, once. */
static void test_puts_back(void **state)
{
	const char *changes[] = {NULL, NULL};
	char *path = put_file(*state, "knob", "3\n");
	int fd = open_journal(state);
	struct err err = {""};
	struct knob a, b;

	changes[0] = path;
	knob_limit(changes, fd);
	assert_int_equal(knob_set_number(&a, path, 7, &err), 0);
	assert_int_equal(knob_set_number(&b, path, 9, &err), 0);
	close(fd);
	fd = open_journal(state);
	mend(fd, 1);
	assert_holds(path, "3\n");
	mend(fd, 0);
	close(fd);
	free(a.path), free(a.old), free(b.path), free(b.old);
	free(path);
}

/* Of "always [madvise] never" the word in brackets is what holds. */
static void test_already_back(void **state)
{
	char *choice = put_file(*state, "choice", "always [madvise] never\n");
	char *number = put_file(*state, "number", "4\t4\t1\t7\n"), *gone = in(state, "gone");
	int fd = open_journal(state);
	struct err err = {""};

	assert_int_equal(journal_add_write(fd, choice, "madvise", &err), 0);
	assert_int_equal(journal_add_write(fd, number, "4", &err), 0);
	assert_int_equal(journal_add_write(fd, gone, "1", &err), 0);
	mend(fd, 0);
	assert_holds(choice, "always [madvise] never\n");
	assert_holds(number, "4\t4\t1\t7\n");
	assert_false(fs_exists(gone));
	close(fd);
	free(choice), free(number), free(gone);
}

static void test_directory(void **state)
{
	const char *changes[] = {NULL, NULL};
	char *path = in(state, "group");
	int fd = open_journal(state);
	struct err err = {""};

	changes[0] = path;
	knob_limit(changes, fd);
	assert_int_equal(knob_mkdir(path, &err), 0);
	assert_true(fs_exists(path));
	mend(fd, 1);
	assert_false(fs_exists(path));
	close(fd);
	free(path);
}

/* What a workload did not say it changes is left alone. */
static void test_undeclared(void **state)
{
	static const char *const changes[] = {"/sys/none/*", NULL};
	char *path = put_file(*state, "knob", "3\n"), *dir = in(state, "group");
	struct err err = {""};
	struct knob k;

	knob_limit(changes, 0);
	assert_int_equal(knob_set(&k, path, "4", &err), -1);
	assert_says(&err, "is not among what the workload says it changes");
	assert_int_equal(knob_mkdir(dir, &err), -1);
	assert_false(fs_exists(dir));
	knob_limit(NULL, 0);
	assert_int_equal(knob_set(&k, path, "4", &err), -1);
	assert_holds(path, "3\n");
	free(path), free(dir);
}

/* A setting does not outlive the kernel: after another boot there is nothing to put back. */
static void test_other_boot(void **state)
{
	char *path = put_file(*state, "knob", "3\n"),
	     *text = xasprintf("boot 0-0\nwrite %s\t9\n", path);
	int fd;

	free(put_file(*state, "journal", text));
	fd = open_journal(state);
	mend(fd, 0);
	assert_holds(path, "3\n");
	close(fd);
	free(text), free(path);
}

static void test_refused(void **state)
{
	char *path = in(state, "journal"), *knob = put_file(*state, "knob", "3\n");
	int fd = open_journal(state), status;
	struct strv told = STRV_INIT;
	struct err err = {""};

	assert_int_equal(journal_open(path, &err), -1);
	assert_says(&err, "another run measures this machine: it holds '");
	/* a child that inherited it holds it too */
	if (fork() == 0)
		_exit(usleep(200000));
	close(fd);
	assert_int_equal(journal_open(path, &err), -1);
	wait(&status);
	fd = open_journal(state);
	assert_int_equal(journal_add_write(fd, knob, "5", &err), 0);
	assert_int_equal(write(fd, "nonsense\n", 9), 9);
	assert_int_equal(journal_mend(fd, &told, &err), -1);
	assert_says(&err, "has a line 'nonsense'");
	/* the rest is put back all the same, and the journal kept */
	assert_int_equal(told.n, 1);
	assert_int_equal(journal_mend(fd, &told, &err), -1);
	close(fd);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_int_equal(journal_open(path, &err), -1);
		assert_says(&err, "is another user's: remove it");
	}
	strv_release(&told);
	free(path), free(knob);
}

/* A probe that is gone needs no undoing. */
static void test_kprobe(void **state)
{
	char *path = xasprintf("%s/journal", (char *)*state);
	struct strv told = STRV_INIT;
	struct err err = {""};
	int fd = journal_open(path, &err);

	assert_true(fd >= 0);
	assert_int_equal(journal_add_kprobe(fd, "mlocklab/no_such_probe", &err), 0);
	assert_int_equal(journal_mend(fd, &told, &err), 0);
	assert_int_equal(told.n, 0);
	close(fd);
	strv_release(&told);
	free(path);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		T(test_puts_back),  T(test_already_back), T(test_directory), T(test_undeclared),
		T(test_other_boot), T(test_refused),	  T(test_kprobe)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
