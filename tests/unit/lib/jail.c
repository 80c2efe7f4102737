/* A program in a jail: what it still can, and what it cannot. What this machine does not allow is
 * not there, and is said not to be. */
#include "tests/unit/check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "lib/fs.h"
#include "lib/jailed.h"
#include "lib/spawn.h"

/* Runs a shell's command in the jail; what it prints, to be freed. */
static char *in_jail(const struct jail *j, const char *command)
{
	char *const argv[] = {"sh", "-c", (char *)command, NULL};
	struct child c = CHILD_INIT;
	struct err err = {""};
	char *buf = xcalloc(1, 4096);
	size_t n = 0;
	ssize_t got;

	c.argv = argv;
	c.out = CHILD_PIPE;
	c.jail = j;
	assert_int_equal(child_start(&c, &err), 0);
	while ((got = read(c.out, buf + n, 4095 - n)) > 0)
		n += (size_t)got;
	close(c.out);
	child_wait(&c, NULL);
	return buf;
}

static void assert_prints(const struct jail *j, const char *command, const char *text)
{
	char *got = in_jail(j, command);

	assert_string_equal(got, text);
	free(got);
}

/* A directory that nobody may enter, with one in it that a program may write to. */
static char *closed_dir(char **open_dir)
{
	char *dir = xstrdup("/tmp/mlocklab-jail-XXXXXX"), *path;
	struct err err;

	assert_non_null(mkdtemp(dir));
	*open_dir = xasprintf("%s/below/here", dir);
	assert_int_equal(fs_mkdirs(*open_dir, &err), 0);
	path = xasprintf("%s/secret", dir);
	assert_int_equal(fs_write_atomic(path, "s\n", 2, &err), 0);
	free(path);
	path = xasprintf("%s/given", *open_dir);
	assert_int_equal(fs_write_atomic(path, "given\n", 6, &err), 0);
	free(path);
	return dir;
}

static void test_rights(void **state)
{
	const struct jail j = {.memory = 1ull << 32, .file = 4096};
#ifdef __SANITIZE_ADDRESS__
	const char *limits = "unlimited\n0\n8\n";
#else
	const char *limits = "4194304\n0\n8\n";
#endif
	unsigned holds = jail_try(&j);

	(void)state;
	assert_true(holds & JAIL_NO_NEW_PRIVS);
	assert_true(holds & JAIL_NO_CAPABILITIES);
	assert_prints(&j,
		      "grep -E '^(NoNewPrivs|CapEff):' /proc/self/status | sort | awk '{print $2}'",
		      "0000000000000000\n1\n");
	if (geteuid() == 0 && holds & JAIL_NOT_ROOT)
		assert_prints(&j, "id -u", "65534\n");
	if (holds & JAIL_OWN_NETWORK)
		assert_prints(&j, "grep -c : /proc/net/dev", "1\n");
	assert_prints(&j, "ulimit -v; ulimit -c; ulimit -f", limits);
}

static void test_files(void **state)
{
	char *open_dir, *dir = closed_dir(&open_dir), *given = xasprintf("%s/given", open_dir);
	char *secret = xasprintf("%s/secret", dir), *command;
	const char *const reads[] = {given, NULL};
	struct jail j = {.writes = open_dir, .reads = reads};
	unsigned holds = jail_try(&j);
	struct err err;

	(void)state;
	command = xasprintf("cat %s", given);
	assert_prints(&j, command, "given\n");
	free(command);
	if (geteuid() == 0 && holds & JAIL_READ_ONLY) {
		command = xasprintf("ls %s; cat %s 2>/dev/null", dir, secret);
		assert_prints(&j, command, "below\n");
		free(command);
		/* what is lent to it it may change */
		assert_int_equal(jail_lend(given, true), 0);
		command = xasprintf("echo new >%s && cat %s", given, given);
		assert_prints(&j, command, "new\n");
		free(command);
		assert_int_equal(jail_lend(given, false), 0);
		command = xasprintf("(echo newer >%s) 2>/dev/null; cat %s", given, given);
		assert_prints(&j, command, "new\n");
		free(command);
	}
	if (holds & JAIL_READ_ONLY) {
		j.keep_uid = true;
		command =
			xasprintf("(echo no >%s) 2>/dev/null; cat %s; echo own >%s/own; cat %s/own",
				  secret, secret, open_dir, open_dir);
		assert_prints(&j, command, "s\nown\n");
		free(command);
	}
	assert_int_equal(fs_remove_tree(dir, &err), 0);
	free(given);
	free(secret);
	free(open_dir);
	free(dir);
}

/* What nobody cannot read leaves it root's uid, but nothing more of root. */
static void test_unreadable(void **state)
{
	char *open_dir, *dir = closed_dir(&open_dir), *given = xasprintf("%s/given", open_dir);
	const char *const reads[] = {given, NULL};
	const struct jail j = {.writes = open_dir, .reads = reads};
	struct str lacks = STR_INIT;
	struct err err;

	(void)state;
	assert_int_equal(chmod(given, 0600), 0);
	if (geteuid() == 0) {
		assert_int_equal(jail_try(&j) & (JAIL_NOT_ROOT | JAIL_NO_CAPABILITIES),
				 JAIL_NO_CAPABILITIES);
		jail_lacks(JAIL_ALL & ~JAIL_NOT_ROOT, &lacks);
		assert_string_equal(lacks.buf, "its uid is root's");
		assert_prints(&j, "id -u; awk '/^CapEff/ { print $2 }' /proc/self/status",
			      "0\n0000000000000000\n");
	}
	str_release(&lacks);
	assert_int_equal(fs_remove_tree(dir, &err), 0);
	free(given);
	free(open_dir);
	free(dir);
}

/* --- work of our own in a jail --- */

static int tell_and_try(void *arg, struct str *out, struct err *err)
{
	const char *const *paths = arg;

	for (; *paths; paths++) {
		FILE *f = fopen(*paths, "w");

		str_addf(out, "%s ", f ? "written" : "refused");
		if (f)
			fclose(f);
	}
	str_addf(out, "%s", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? "no privileges" : "");
	(void)err;
	return 0;
}

static int complain(void *arg, struct str *out, struct err *err)
{
	str_add(out, "half");
	return err_set(err, "'%s' is bad", (const char *)arg);
}

static int crash(void *arg, struct str *out, struct err *err)
{
	(void)arg;
	(void)out;
	(void)err;
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void test_work(void **state)
{
	char *open_dir, *dir = closed_dir(&open_dir);
	char *own = xasprintf("%s/own", open_dir), *other = xasprintf("%s/secret", dir);
	const char *paths[] = {own, other, NULL};
	const struct jail j = {.writes = open_dir, .keep_uid = true};
	bool read_only = jail_try(&j) & JAIL_READ_ONLY;
	struct str out = STR_INIT;
	struct err err = {""};

	(void)state;
	assert_int_equal(jailed(&j, tell_and_try, paths, &out, &err), 0);
	assert_string_equal(str_text(&out), read_only ? "written refused no privileges"
						      : "written written no privileges");
	str_clear(&out);
	assert_int_equal(jailed(&j, complain, "x.deb", &out, &err), -1);
	assert_string_equal(err.text, "'x.deb' is bad");
	assert_int_equal(out.len, 0);
	assert_int_equal(jailed(&j, crash, NULL, NULL, &err), -1);
	assert_string_equal(err.text, "the process that reads it, confined, ended with signal 6");
	str_release(&out);
	assert_int_equal(fs_remove_tree(dir, &err), 0);
	free(own);
	free(other);
	free(open_dir);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
