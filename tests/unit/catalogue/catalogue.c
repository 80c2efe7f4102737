/* The catalogue is an index of run directories: it follows them, and can be thrown away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "analysis/catalogue/catalogue.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

static void set_sha(struct fixture *f, int arm, const char *sha256)
{
	json_object_set_new(json_array_get(json_object_get(f->run, "arms"), (size_t)arm), "sha256",
			    json_string(sha256));
}

/* A run of two kernels with two boots each, at results/NAME. */
static void put_run(const char *results, const char *name, const char *status, double old,
		    double new)
{
	struct fixture f;
	char to[128];

	fixture_begin(&f, "icount", 1);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "y");
	set_sha(&f, 0, "aaa");
	set_sha(&f, 1, "bbb");
	json_object_set_new(f.run, "status", json_string(status));
	for (int n = 1; n <= 4; n++) {
		fixture_boot(&f, n, n % 2 ? "old" : "new", n / 3, 7, "ok");
		fixture_cell(&f, n, MAIN_CELL, n % 2 ? old : new);
	}
	fixture_finish(&f);
	snprintf(to, sizeof(to), "%s/%s", results, name);
	assert_int_equal(rename(f.path, to), 0);
	json_decref(f.run);
}

static int make_results(void **state)
{
	char *dir = strdup("/tmp/mlocklab-results-XXXXXX");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static int remove_results(void **state)
{
	struct err err;
	int ret = fs_remove_tree(*state, &err);

	free(*state);
	return ret;
}

static struct catalogue *open_or_fail(const char *results, size_t notes_wanted)
{
	struct strv notes = STRV_INIT;
	struct err err;
	struct catalogue *c = catalogue_open(results, &notes, &err);

	if (!c)
		fail_msg("%s", err.text);
	assert_int_equal(notes.n, notes_wanted);
	strv_release(&notes);
	return c;
}

static struct catalogue_figures history(struct catalogue *c, const char *metric,
					const char *workload)
{
	struct catalogue_figures f;
	struct err err;

	assert_int_equal(catalogue_history(c, metric, workload, &f, &err), 0);
	return f;
}

/* How many values of the primary metric there are in a freshly opened catalogue. */
static size_t count(const char *results, size_t notes)
{
	struct catalogue *c = open_or_fail(results, notes);
	struct catalogue_figures f = history(c, "exit", NULL);
	size_t n = f.n;

	catalogue_figures_release(&f);
	catalogue_close(c);
	return n;
}

static void test_figures(void **state)
{
	struct catalogue_figures f;
	struct catalogue *c;

	put_run(*state, "first", "complete", 4000, 1000);
	c = open_or_fail(*state, 0);
	f = history(c, "exit", "exit-mlocked");
	assert_int_equal(f.n, 2);
	assert_string_equal(f.v[0].run, "first");
	assert_string_equal(f.v[0].created, "2026-11-20T08:50:00Z");
	assert_string_equal(f.v[0].target, "icount");
	assert_string_equal(f.v[0].kernel, "5.10.0");
	assert_string_equal(f.v[1].kernel, "6.1.0");
	assert_string_equal(f.v[1].cell, MAIN_CELL);
	assert_string_equal(f.v[1].unit, "insn/page/process");
	/* The fixture's clock ticks twice for an instruction. */
	NEAR(f.v[0].value, 2000, 1e-9);
	NEAR(f.v[1].value, 500, 1e-9);
	assert_int_equal(f.v[1].boots, 2);
	catalogue_figures_release(&f);
	f = history(c, "exit", "null");
	assert_int_equal(f.n, 0);
	catalogue_figures_release(&f);
	/* Counters that never moved are left out, others are there. */
	f = history(c, "vmstat.nr_mlock", NULL);
	assert_int_equal(f.n, 0);
	catalogue_figures_release(&f);
	f = history(c, "minflt", NULL);
	assert_int_equal(f.n, 2);
	catalogue_figures_release(&f);
	/* Text from outside is text. */
	f = history(c, "exit' OR '1'='1", NULL);
	assert_int_equal(f.n, 0);
	catalogue_figures_release(&f);
	catalogue_close(c);
}

static void test_follows(void **state)
{
	const char *results = *state;
	struct err err;
	char path[160];

	assert_int_equal(count(results, 0), 0);
	put_run(results, "one", "complete", 4000, 1000);
	put_run(results, "two", "incomplete", 4000, 1000);
	assert_int_equal(count(results, 0), 4);
	assert_int_equal(count(results, 0), 4);
	/* A run that is gone, and one that is not a run. */
	snprintf(path, sizeof(path), "%s/two", results);
	assert_int_equal(fs_remove_tree(path, &err), 0);
	assert_int_equal(count(results, 0), 2);
	snprintf(path, sizeof(path), "%s/three", results);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(count(results, 0), 2);
	strcat(path, "/run.json");
	assert_int_equal(fs_write_atomic(path, "{", 1, &err), 0);
	assert_int_equal(count(results, 1), 2);
}

/* A complete run is read once: its samples may then vanish, unless its run.json changes. */
static void test_reads_once(void **state)
{
	const char *results = *state;
	struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	struct err err;
	char path[160];

	put_run(results, "one", "complete", 4000, 1000);
	assert_int_equal(count(results, 0), 2);
	snprintf(path, sizeof(path), "%s/one/boots", results);
	assert_int_equal(fs_remove_tree(path, &err), 0);
	assert_int_equal(count(results, 0), 2);
	snprintf(path, sizeof(path), "%s/one/run.json", results);
	assert_int_equal(utimensat(AT_FDCWD, path, now, 0), 0);
	assert_int_equal(count(results, 0), 0);
}

static void test_made_again(void **state)
{
	const char *results = *state;
	struct err err;
	char path[160];

	put_run(results, "one", "complete", 4000, 1000);
	assert_int_equal(count(results, 0), 2);
	snprintf(path, sizeof(path), "%s/catalogue.db", results);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(count(results, 0), 2);
	assert_int_equal(
		fs_write_atomic(path, "no database at all, whatever its name may say", 45, &err),
		0);
	assert_int_equal(count(results, 0), 2);
	/* An empty file is an empty database of version 0. */
	assert_int_equal(fs_write_atomic(path, "", 0, &err), 0);
	assert_int_equal(count(results, 0), 2);
}

/* Damage behind a sound first page, at every page there is; tables that are others; no file at all.
 */
static void test_damaged(void **state)
{
	const char *results = *state;
	char path[160], page[4096];
	struct stat st;

	put_run(results, "one", "complete", 4000, 1000);
	assert_int_equal(count(results, 0), 2);
	snprintf(path, sizeof(path), "%s/catalogue.db", results);
	assert_int_equal(stat(path, &st), 0);
	memset(page, 0xa5, sizeof(page));
	for (off_t at = 64; at < st.st_size; at += (off_t)sizeof(page)) {
		int fd = open(path, O_WRONLY);

		assert_int_equal(pwrite(fd, page, sizeof(page), at), sizeof(page));
		close(fd);
		assert_int_equal(count(results, 0), 2);
	}
	assert_int_equal(truncate(path, st.st_size / 2), 0);
	assert_int_equal(count(results, 0), 2);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(count(results, 0), 2);
	unlink(path);
	assert_int_equal(symlink("elsewhere.db", path), 0);
	assert_int_equal(count(results, 0), 2);
	snprintf(path, sizeof(path), "%s/elsewhere.db", results);
	assert_false(fs_exists(path));
}

static void test_pairs(void **state)
{
	struct strv names = STRV_INIT;
	struct catalogue *c;
	struct err err;

	put_run(*state, "one", "complete", 4000, 1000);
	put_run(*state, "two", "complete", 4000, 1000);
	put_run(*state, "three", "incomplete", 4000, 1000);
	c = open_or_fail(*state, 0);
	assert_int_equal(catalogue_pairs(c, "aaa", "bbb", "icount", &names, &err), 0);
	assert_int_equal(names.n, 2);
	assert_string_equal(names.v[0], "two");
	assert_int_equal(catalogue_pairs(c, "bbb", "aaa", "icount", &names, &err), 0);
	assert_int_equal(catalogue_pairs(c, "aaa", "bbb", "kvm", &names, &err), 0);
	assert_int_equal(catalogue_pairs(c, "aaa", "ccc", "icount", &names, &err), 0);
	assert_int_equal(names.n, 2);
	strv_release(&names);
	catalogue_close(c);
}

static void test_no_directory(void **state)
{
	struct strv notes = STRV_INIT;
	struct err err;

	(void)state;
	assert_null(catalogue_open("/nowhere/at/all", &notes, &err));
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	strv_release(&notes);
}

int main(void)
{
#define WITH_RESULTS(f) cmocka_unit_test_setup_teardown(f, make_results, remove_results)
	const struct CMUnitTest tests[] = {
		WITH_RESULTS(test_figures),	     WITH_RESULTS(test_follows),
		WITH_RESULTS(test_reads_once),	     WITH_RESULTS(test_made_again),
		WITH_RESULTS(test_damaged),	     WITH_RESULTS(test_pairs),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests_name("catalogue", tests, NULL, NULL);
}
