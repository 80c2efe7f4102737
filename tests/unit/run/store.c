/* A run's directory: nobody's twice, nothing changed that was there. */
#include "tests/unit/check.h"

#include "lib/fs.h"
#include "lib/json.h"
#include "runner/run/store-boots.h"
#include "runner/run/store.h"

static json_t *run_json(void)
{
	return json_pack("{s:i, s:s}", "format", 1, "name", "x");
}

static char *read_status(const char *dir)
{
	char *path = xasprintf("%s/run.json", dir), *status;
	struct err err = {""};
	json_t *o = json_read(path, &err);

	status = xstrdup(json_get_str(o, "status", ""));
	json_decref(o);
	free(path);
	return status;
}

/* What a killed runner left half written is gone when the run is gone on with, and nothing else is.
 */
static void test_sweep(void **state)
{
	static const char *const names[] = {"run.json.tmp12", "boots/001/boot.json.tmp7",
					    "boots/001/initramfs.cpio", "boots/001/samples.jsonl",
					    "boots/002/boot.json.tmp9"};
	char *dir = xasprintf("%s/swept", (char *)*state),
	     *outside = xasprintf("%s/outside", (char *)*state);
	struct store s;
	struct err err = {""};
	char *path;

	assert_int_equal(store_create(&s, NULL, "x", dir, run_json(), &err), 0);
	store_close(&s);
	path = xasprintf("%s/boots/001", dir);
	assert_int_equal(fs_mkdirs(path, &err), 0);
	free(path);
	assert_int_equal(fs_mkdirs(outside, &err), 0);
	path = xasprintf("%s/boots/002", dir);
	assert_int_equal(symlink(outside, path), 0);
	free(path);
	for (int i = 0; i < 5; i++) {
		path = xasprintf("%s/%s", dir, names[i]);
		assert_int_equal(fs_write_atomic(path, "x", 1, &err), 0);
		free(path);
	}
	assert_int_equal(store_open(&s, dir, &err), 0);
	store_sweep(&s);
	store_close(&s);
	for (int i = 0; i < 5; i++) {
		path = xasprintf("%s/%s", dir, names[i]);
		/* the last lies outside */
		assert_int_equal(fs_exists(path), i >= 3);
		free(path);
	}
	free(outside);
	free(dir);
}

static void test_create(void **state)
{
	char *results = xasprintf("%s/deep/results", (char *)*state), *prefix, *status;
	struct store a, b;
	struct err err = {""};

	prefix = xasprintf("%s/smoke-20", results);
	assert_int_equal(store_create(&a, results, "smoke", NULL, run_json(), &err), 0);
	assert_int_equal(store_create(&b, results, "smoke", NULL, run_json(), &err), 0);
	assert_memory_equal(a.dir, prefix, strlen(prefix));
	assert_string_not_equal(a.dir, b.dir);
	status = read_status(a.dir);
	assert_string_equal(status, "running");
	free(status);
	assert_int_equal(store_status(&a, "complete", &err), 0);
	status = read_status(a.dir);
	assert_string_equal(status, "complete");
	free(status);
	store_close(&a);
	store_close(&b);
	free(prefix);
	free(results);
}

static void test_out(void **state)
{
	char *out = xasprintf("%s/mine", (char *)*state), *under = xasprintf("%s/no/such", out);
	struct store s, t;
	struct err err = {""};

	assert_int_equal(store_create(&s, "unused", "x", out, run_json(), &err), 0);
	assert_string_equal(s.dir, out);
	assert_int_equal(store_create(&t, "unused", "x", out, run_json(), &err), -1);
	assert_says(&err, "mine' holds a run already: name another, or --resume it");
	assert_int_equal(store_create(&t, "unused", "x", under, run_json(), &err), -1);
	assert_says(&err, "cannot create directory '");
	store_close(&s);
	free(under);
	free(out);
}

static void test_lock(void **state)
{
	char *out = xasprintf("%s/mine", (char *)*state);
	struct store s, t;
	struct err err = {""};

	assert_int_equal(store_create(&s, "unused", "x", out, run_json(), &err), 0);
	assert_int_equal(store_open(&t, out, &err), -1);
	assert_says(&err, "mine' is being written by another mlocklab run");
	store_close(&s);
	assert_int_equal(store_open(&t, out, &err), 0);
	assert_string_equal(json_get_str(t.run, "name", ""), "x");
	store_close(&t);
	free(out);
}

static void test_open_refused(void **state)
{
	struct store s;
	struct err err = {""};
	char *json;

	assert_int_equal(store_open(&s, *state, &err), -1);
	assert_says(&err, "is not a run: it has no run.json");
	json = put_file(*state, "run.json", "{\"format\":1,");
	assert_int_equal(store_open(&s, *state, &err), -1);
	assert_says(&err, "run.json:1:");
	free(json);
	json = put_file(*state, "run.json", "{\"format\":99}");
	assert_int_equal(store_open(&s, *state, &err), -1);
	assert_says(&err, "format 99");
	free(json);
}

/* What earlier attempts left stands beside the new one, in order, untouched. */
static void test_attempts(void **state)
{
	char *out = xasprintf("%s/mine", (char *)*state), *dir;
	struct store s;
	struct err err = {""};
	int attempts;

	assert_int_equal(store_create(&s, "unused", "x", out, run_json(), &err), 0);
	for (int k = 0; k < 3; k++) {
		char text[16], *file;

		dir = store_boot_dir(&s, 7, &attempts, &err);
		assert_non_null(dir);
		assert_int_equal(attempts, k);
		assert_string_equal(strstr(dir, "/boots/"), "/boots/007");
		assert_false(store_has_boot(&s, 7));
		snprintf(text, sizeof(text), "attempt %d", k);
		file = put_file(dir, "samples.jsonl", text);
		free(file);
		free(dir);
	}
	for (int k = 1; k <= 2; k++) {
		char *path = xasprintf("%s/boots/007.failed-%d/samples.jsonl", out, k), want[16];
		struct str text = STR_INIT;

		snprintf(want, sizeof(want), "attempt %d", k - 1);
		assert_int_equal(fs_read(path, &text, &err), 0);
		assert_string_equal(text.buf, want);
		str_release(&text);
		free(path);
	}
	dir = xasprintf("%s/boots/007", out);
	free(put_file(dir, "boot.json", "{}"));
	assert_true(store_has_boot(&s, 7));
	assert_false(store_has_boot(&s, 8));
	free(dir);
	store_close(&s);
	free(out);
}

/* A run whose kernels are still to be made is planned.json alone, until it begins or is given up.
 */
static void test_planned(void **state)
{
	char *dir = xasprintf("%s/planned", (char *)*state), *run = xasprintf("%s/run.json", dir),
	     *planned = xasprintf("%s/planned.json", dir);
	struct store s;
	struct err err = {""};

	for (int round = 0; round < 2; round++) {
		assert_int_equal(store_plan(&s, NULL, "x", dir, run_json(), &err), 0);
		assert_true(s.planned);
		assert_true(fs_exists(planned));
		assert_false(fs_exists(run));
		if (round == 0) {
			store_forget(&s);
			assert_false(fs_exists(dir));
		}
		store_close(&s);
	}
	assert_int_equal(store_open(&s, dir, &err), 0);
	assert_true(s.planned);
	assert_string_equal(store_file(&s), "planned.json");
	assert_int_equal(store_begin(&s, run_json(), &err), 0);
	assert_false(s.planned);
	assert_false(fs_exists(planned));
	store_forget(&s); /* it is no plan any more */
	assert_true(fs_exists(run));
	store_close(&s);
	free(planned);
	free(run);
	free(dir);
}

static void write_boot(const char *from, const char *name, const char *text)
{
	char *dir = xasprintf("%s/%s", from, name);
	struct err err;

	assert_int_equal(fs_mkdirs(dir, &err), 0);
	if (text)
		free(put_file(dir, "boot.json", text));
	free(dir);
}

/* A boot that was made elsewhere comes with the attempts before it, of which those that were here
 * had empty places there; one that is not over stays away. */
static void test_take(void **state)
{
	static const char *const there[] = {"001/boot.json", "001.failed-1/boot.json",
					    "001.failed-2/boot.json"};
	char *dir = xasprintf("%s/to", (char *)*state), *boots = xasprintf("%s/boots", dir),
	     *from = xasprintf("%s/from", (char *)*state);
	struct store s;
	struct err err = {""};

	assert_int_equal(store_create(&s, NULL, "x", dir, run_json(), &err), 0);
	write_boot(boots, "001.failed-1", "{\"here\":1}");
	write_boot(from, "001.failed-1", NULL);
	write_boot(from, "001.failed-2", "{}");
	write_boot(from, "001", "{}");
	write_boot(from, "002", NULL);
	write_boot(from, "002.failed-1", "{}");
	assert_int_equal(store_take_boot(&s, from, 1, &err), 0);
	assert_int_equal(store_take_boot(&s, from, 2, &err), 0);
	for (size_t i = 0; i < sizeof(there) / sizeof(*there); i++) {
		char *path = xasprintf("%s/%s", boots, there[i]);

		assert_true(fs_exists(path));
		free(path);
	}
	assert_int_equal(store_earlier_attempts(&s, 1), 2);
	assert_int_equal(store_earlier_attempts(&s, 2), 0);
	assert_false(store_has_boot(&s, 2));
	store_close(&s);
	free(from);
	free(boots);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_create, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_sweep, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_out, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_lock, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_open_refused, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_attempts, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_planned, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_take, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
