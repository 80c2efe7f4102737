/* What vouches for a stored run: every way of tampering with one is refused, by name. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>
#include "analysis/load/findings.h"
#include "analysis/load/load.h"
#include "tests/unit/check.h"
#include "tests/unit/fixture-run.h"

static void begin(struct fixture *f)
{
	fixture_begin(f, "tcg", 2);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "y");
	for (int n = 1; n <= 4; n++) {
		fixture_boot(f, n, n % 2 ? "old" : "new", (n - 1) / 2, n, "ok");
		for (int i = 0; i < 15; i++) {
			fixture_cell(f, n, MAIN_CELL, 200);
			fixture_cell(f, n, CONTROL_CELL, 100);
		}
	}
	fixture_finish(f);
}

static char *slurp(const char *path)
{
	struct str s = STR_INIT;
	struct err err;

	if (fs_read(path, &s, &err) < 0)
		fail_msg("%s", err.text);
	str_add(&s, "");
	return s.buf;
}

static void spit(const char *path, const char *text)
{
	struct err err;

	if (fs_write_atomic(path, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

/* The run is refused, with these words. */
static void refused(struct fixture *f, const char *words)
{
	struct err err;
	struct run r;

	assert_int_equal(load_run(&r, f->path, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in '%s'", words, err.text);
	fixture_release(f);
}

static void test_whole(void **state)
{
	struct fixture f;
	struct err err;
	struct run r;

	(void)state;
	begin(&f);
	if (load_run(&r, f.path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.records, 4 * 90);
	assert_int_equal(r.notes.n, 0);
	load_release(&r);
	fixture_release(&f);
}

static void test_lines_removed(void **state)
{
	struct fixture f;
	char path[128], *text, *at;

	(void)state;
	begin(&f);
	fixture_path(&f, 2, "samples.jsonl", path);
	at = text = slurp(path);
	for (int i = 0; i < 40; i++)
		at = strchr(at, '\n') + 1;
	spit(path, at);
	free(text);
	refused(&f, "/boots/002/samples.jsonl' has ");
}

static void test_emptied(void **state)
{
	struct fixture f;
	char path[128];

	(void)state;
	begin(&f);
	fixture_path(&f, 3, "samples.jsonl", path);
	spit(path, "");
	refused(&f, "/boots/003/samples.jsonl' has 0 bytes");
}

static void test_doubled(void **state)
{
	struct fixture f;
	char path[128], *text, *twice;

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "samples.jsonl", path);
	text = slurp(path);
	twice = xasprintf("%s%s", text, text);
	spit(path, twice);
	free(text);
	free(twice);
	refused(&f, "/boots/001/samples.jsonl' has ");
}

/* Of the same length, so that only the sum can tell. */
static void test_figures(void **state)
{
	struct fixture f;
	char path[128], *text, *at;

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "samples.jsonl", path);
	text = slurp(path);
	for (at = text; (at = strstr(at, "\"exit\":199")); at++)
		memcpy(at, "\"exit\":999", 10);
	spit(path, text);
	free(text);
	refused(&f, "samples.jsonl' was changed after it was stored");
}

static void test_figures_times_ten(void **state)
{
	struct fixture f;
	char path[128], *text, *at;
	struct str more = STR_INIT;

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "samples.jsonl", path);
	text = slurp(path);
	for (char *from = text; *from; from = at) {
		at = strstr(from, "\"exit\":199");
		if (!at) {
			str_add(&more, from);
			break;
		}
		at += strlen("\"exit\":199");
		str_addn(&more, from, (size_t)(at - from));
		str_add(&more, "0");
	}
	spit(path, more.buf);
	free(text);
	str_release(&more);
	refused(&f, "/boots/001/samples.jsonl' has ");
}

static void swap(const char *a, const char *b)
{
	char *aside = xasprintf("%s.aside", a);

	assert_int_equal(rename(a, aside), 0);
	assert_int_equal(rename(b, a), 0);
	assert_int_equal(rename(aside, b), 0);
	free(aside);
}

static void test_boots_swapped(void **state)
{
	struct fixture f;
	char a[128], b[128];

	(void)state;
	begin(&f);
	fixture_path(&f, 1, ".", a);
	fixture_path(&f, 2, ".", b);
	a[strlen(a) - 2] = b[strlen(b) - 2] = '\0';
	swap(a, b);
	refused(&f, "/boots/001/boot.json' is of another boot: its 'n' is not what run.json has "
		    "for it");
}

static void test_samples_swapped(void **state)
{
	struct fixture f;
	char a[128], b[128];

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "samples.jsonl", a);
	fixture_path(&f, 2, "events.jsonl", b);
	fixture_path(&f, 2, "samples.jsonl", b);
	swap(a, b);
	/* of the same size, and with the same figures: then nothing was changed */
	spit(a, "{}\n");
	refused(&f, "/boots/001/samples.jsonl' has 3 bytes");
}

static void edit(struct fixture *f, const char *name, const char *key, json_t *value)
{
	char *path = xasprintf("%s/%s", f->path, name);
	struct err err;
	json_t *o = json_read(path, &err);

	if (!o)
		fail_msg("%s", err.text);
	if (value)
		json_object_set_new(o, key, value);
	else
		json_object_del(o, key);
	assert_int_equal(json_write(path, o, &err), 0);
	json_decref(o);
	free(path);
}

static void test_boot_json_edited(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	edit(&f, "boots/002/boot.json", "outcome", json_string("panic"));
	refused(&f, "/boots/002/boot.json' was changed after it was stored");
	begin(&f);
	edit(&f, "boots/002/boot.json", "files", NULL);
	refused(&f, "/boots/002/boot.json' was changed after it was stored");
	begin(&f);
	edit(&f, "boots/002/boot.json", "sha256", NULL);
	refused(&f, "/boots/002/boot.json' was changed after it was stored");
}

static void test_plan_edited(void **state)
{
	struct fixture f;
	struct err err;
	struct run r;

	(void)state;
	begin(&f);
	edit(&f, "run.json", "margin", json_real(0.5));
	refused(&f, "/run.json' was changed after it was stored");
	/* the status is no part of it, nor is the layout of the text */
	begin(&f);
	edit(&f, "run.json", "status", json_string("incomplete"));
	if (load_run(&r, f.path, &err) < 0)
		fail_msg("%s", err.text);
	load_release(&r);
	fixture_release(&f);
}

/* What a look left out is of later pairs: a boot that was taken away is missed all the same. */
static void test_stopped(void **state)
{
	struct fixture f;
	char path[128], aside[128];
	struct err err;
	struct run r;

	(void)state;
	for (int n = 4; n >= 1; n -= 3) {
		begin(&f);
		edit(&f, "run.json", "status", json_string("stopped"));
		fixture_path(&f, n, "", path);
		path[strlen(path) - 1] = '\0';
		snprintf(aside, sizeof(aside), "%s/aside", f.path);
		assert_int_equal(rename(path, aside), 0);
		if (load_run(&r, f.path, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(r.notes.n, 1);
		assert_non_null(strstr(r.notes.v[0], "1 of its 4 boots have no result"));
		load_release(&r);
		fixture_release(&f);
	}
	/* the last pair whole */
	begin(&f);
	edit(&f, "run.json", "status", json_string("stopped"));
	for (int n = 3; n <= 4; n++) {
		fixture_path(&f, n, "", path);
		path[strlen(path) - 1] = '\0';
		snprintf(aside, sizeof(aside), "%s/aside-%d", f.path, n);
		assert_int_equal(rename(path, aside), 0);
	}
	if (load_run(&r, f.path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.notes.n, 0);
	load_release(&r);
	fixture_release(&f);
}

/* A boot of another run with the same plan but for its seed. */
static void test_boot_of_another_run(void **state)
{
	struct fixture f, g;
	char a[128], b[128];

	(void)state;
	fixture_begin(&g, "tcg", 2);
	fixture_arm(&g, "old", "5.10.0", "n");
	fixture_arm(&g, "new", "6.1.0", "y");
	json_object_set_new(g.run, "seed", json_integer(2));
	fixture_boot(&g, 1, "old", 0, 1, "ok");
	fixture_finish(&g);
	begin(&f);
	fixture_path(&f, 1, ".", a);
	fixture_path(&g, 1, ".", b);
	a[strlen(a) - 2] = b[strlen(b) - 2] = '\0';
	swap(a, b);
	fixture_release(&g);
	refused(&f, "/boots/001/boot.json' is of another run");
}

/* A run that was stored before there were sums tells at least how many samples there were. */
static void test_without_sums(void **state)
{
	struct fixture f;
	char path[128], *text;
	struct err err;
	struct run r;

	(void)state;
	begin(&f);
	edit(&f, "run.json", "format", json_integer(1));
	for (int n = 1; n <= 4; n++) {
		char *name = xasprintf("boots/%03d/boot.json", n);

		edit(&f, name, "files", NULL);
		edit(&f, name, "sha256", NULL);
		edit(&f, name, "samples", json_integer(90));
		free(name);
	}
	if (load_run(&r, f.path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.notes.n, 1);
	assert_non_null(strstr(r.notes.v[0], "stored by an older mlocklab, without sums"));
	load_release(&r);
	fixture_path(&f, 4, "samples.jsonl", path);
	text = slurp(path);
	*strrchr(text, '{') = '\0';
	spit(path, text);
	free(text);
	refused(&f, "/boots/004/samples.jsonl' has 89 lines, and boot.json tells of 90 samples");
}

/* --- what stands where a file should --- */

static void test_fifo(void **state)
{
	struct fixture f;
	char path[128];

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "samples.jsonl", path);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(&f, "/boots/001/samples.jsonl' is no regular file");
	begin(&f);
	fixture_path(&f, 1, "boot.json", path);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(&f, "/boots/001/boot.json' is no regular file");
}

static void test_links(void **state)
{
	struct fixture f;
	char path[128], to[160];

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "boot.json", path);
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	refused(&f, "/boots/001/boot.json' is no regular file, or a link leads to it");
	begin(&f);
	fixture_path(&f, 1, "samples.jsonl", path);
	snprintf(to, sizeof(to), "%s.aside", path);
	assert_int_equal(rename(path, to), 0);
	assert_int_equal(symlink(to, path), 0);
	refused(&f, "/boots/001/samples.jsonl' is no regular file, or a link leads to it");
	/* the directory itself */
	begin(&f);
	snprintf(path, sizeof(path), "%s/boots", f.path);
	snprintf(to, sizeof(to), "%s/aside", f.path);
	assert_int_equal(rename(path, to), 0);
	assert_int_equal(symlink(to, path), 0);
	refused(&f, "/boots/001/boot.json' is no regular file, or a link leads to it");
}

/* An earlier attempt's boot.json is held against its sums as a boot's own is: its text stands in
 * reports. */
static void test_earlier_attempt(void **state)
{
	struct fixture f;
	json_t *boot = json_pack("{s:s}", "outcome", "ok"), *found;
	char dir[128], path[160], aside[160];
	struct run_boot b = {.n = 1, .attempts = 2};
	struct run r = {.path = f.path};
	struct err err;

	(void)state;
	begin(&f);
	r.json = json_pack("{s:[{s:i}]}", "boots", "n", 1);
	snprintf(dir, sizeof(dir), "%s/boots/001.failed-1", f.path);
	snprintf(path, sizeof(path), "%s/boot.json", dir);
	snprintf(aside, sizeof(aside), "%s/aside.json", f.path);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	attempts_find(&r.attempts, f.path);
	assert_int_equal(r.attempts.n, 1);
	assert_int_equal(load_findings(&r, &b, boot, &found, &err), -1);
	assert_says(&err, "is no regular file");
	unlink(path);
	spit(aside, "{\"outcome\": \"panic\", \"detail\": \"Oops\"}");
	assert_int_equal(symlink(aside, path), 0);
	assert_int_equal(load_findings(&r, &b, boot, &found, &err), -1);
	assert_int_equal(rename(aside, path), 0);
	assert_int_equal(load_findings(&r, &b, boot, &found, &err), 0);
	assert_int_equal(json_array_size(found), 1);
	json_decref(found);
	/* in a run with sums it must have its own */
	json_object_set_new(r.json, "format", json_integer(STORED_FORMAT));
	assert_int_equal(load_findings(&r, &b, boot, &found, &err), -1);
	assert_null(found);
	assert_says(&err, "is of another boot");
	/* one that was interrupted has none, and is kept all the same */
	unlink(path);
	assert_int_equal(load_findings(&r, &b, boot, &found, &err), 0);
	assert_null(found);
	assert_int_equal(load_attempts_gone(&r, &b), 0);
	b.attempts = 4;
	assert_int_equal(load_attempts_gone(&r, &b), 2);
	json_decref(r.json);
	attempts_release(&r.attempts);
	json_decref(boot);
	fixture_release(&f);
}

static void test_too_large(void **state)
{
	struct fixture f;
	char path[128];

	(void)state;
	begin(&f);
	fixture_path(&f, 1, "boot.json", path);
	assert_int_equal(truncate(path, JSON_MAX_BYTES + 1), 0);
	refused(&f, "bytes: at most 67108864 are read");
}

/* --- figures that no test could be made of --- */

static void test_absurd(void **state)
{
	static const struct {
		const char *key, *text, *words;
	} runs[] =
		{
			{"margin", "1e308", "'margin' is 1e+308"},
			{"margin", "-0.5", "'margin' is -0.5"},
			{"margin", "1.5", "'margin' is 1.5"},
		},
	  boots[] = {
		  {"attempts", "2147483647", "'attempts' is 2147483647: it wants 0 to 1000"},
		  {"attempts", "-1", "'attempts' is -1"},
		  {"faults", "-1", "'faults' is -1"},
		  {"wall_seconds", "1e300", "'wall_seconds' is 1e+300"},
		  {"ready_seconds", "-1", "'ready_seconds' is -1"},
	  };
	static const char *const figures[] = {"5e-324", "1e308", "-1e31", "1e-31"};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		begin(&f);
		json_object_set_new(f.run, runs[i].key,
				    json_loads(runs[i].text, JSON_DECODE_ANY, NULL));
		fixture_finish(&f);
		refused(&f, runs[i].words);
	}
	for (size_t i = 0; i < sizeof(boots) / sizeof(*boots); i++) {
		begin(&f);
		edit(&f, "boots/002/boot.json", boots[i].key,
		     json_loads(boots[i].text, JSON_DECODE_ANY, NULL));
		fixture_finish(&f);
		refused(&f, boots[i].words);
	}
	for (size_t i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		char *line =
			xasprintf("{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":9,\"warmup\":false,"
				  "\"outcome\":\"ok\",\"metrics\":{\"exit\":%s}}\n",
				  MAIN_CELL, figures[i]);

		begin(&f);
		fixture_append(&f, 1, line);
		fixture_finish(&f);
		refused(&f, "samples.jsonl:91: 'exit' in 'metrics' of a sample is ");
		free(line);
	}
}

/* --- what reading costs --- */

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* CPU time of loading a run that make() gives this size. */
static double cost(void (*make)(struct fixture *f, int size), int size, int want)
{
	struct fixture f;
	struct err err = {""};
	struct run r;
	double began;
	int ret;

	make(&f, size);
	fixture_finish(&f);
	began = cpu_seconds();
	ret = load_run(&r, f.path, &err);
	began = cpu_seconds() - began;
	if (ret != want)
		fail_msg("of size %d: %s", size, err.text);
	if (ret == 0)
		load_release(&r);
	fixture_release(&f);
	return began;
}

/*
 * Eight times the size in at most 24 times the time: a square would be 64. The offset is for what
 * is so quick that starting weighs.
 */
static void is_linear(void (*make)(struct fixture *f, int size), int size)
{
	double one = cost(make, size, 0), eight = cost(make, 8 * size, 0);

	if (eight > 24 * one + 0.05)
		fail_msg("%d takes %.3f s, %d takes %.3f s", size, one, 8 * size, eight);
}

static void add_cells(struct fixture *f, int size, int boots)
{
	fixture_begin(f, "tcg", 1);
	fixture_arm(f, "old", "5.10.0", "n");
	for (int i = 0; i < size; i++) {
		char *id = xasprintf("exit-mlocked/procs=%d", i + 1000000);

		json_array_append_new(json_object_get(f->run, "cells"),
				      json_pack("{s:s,s:s,s:{},s:s,s:i,s:i}", "id", id, "workload",
						"exit-mlocked", "params", "control", CONTROL_CELL,
						"iterations", 1, "warmup", 0));
		free(id);
	}
	for (int i = 0; i < boots; i++)
		json_array_append_new(json_object_get(f->run, "boots"),
				      json_pack("{s:i,s:s,s:i,s:i}", "n", i + 100, "arm", "old",
						"pair", i, "seed", i));
	fixture_boot(f, 1, "old", 0, 0, "ok");
}

static void many_cells(struct fixture *f, int size)
{
	add_cells(f, size, size);
}

/* Of a cell each, in an order that no guess at the next one meets. */
static void mixed_records(struct fixture *f, int size)
{
	add_cells(f, size, 1);
	for (int i = 0; i < size; i++) {
		char *id = xasprintf("exit-mlocked/procs=%d", (int)(i * 7919L % size) + 1000000);

		fixture_sample(f, 1, id, 0, false, "ok", 100, 0);
		free(id);
	}
}

static void fresh_counters(struct fixture *f, int size)
{
	fixture_begin(f, "tcg", 1);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_boot(f, 1, "old", 0, 0, "ok");
	for (int i = 0; i < size; i++) {
		char *line =
			xasprintf("{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":%d,\"warmup\":false,"
				  "\"outcome\":\"ok\",\"vmstat\":{\"c%d\":1,\"d%d\":2}}\n",
				  MAIN_CELL, i, i, i);

		fixture_append(f, 1, line);
		free(line);
	}
}

static void test_linear(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* the time is the sanitizer's own */
#endif
	is_linear(many_cells, 500);
	is_linear(mixed_records, 300);
	is_linear(fresh_counters, 200);
}

/* 5000 cells in 5000 boots: what was not measured takes no memory. */
static void test_many(void **state)
{
	struct fixture f;
	struct err err;
	struct run r;

	(void)state;
	many_cells(&f, 5000);
	fixture_finish(&f);
	if (load_run(&r, f.path, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(r.n_cells, 5001);
	assert_true(r.held < LOAD_HELD_OVER);
	load_release(&r);
	fixture_release(&f);
}

static void test_too_many_counters(void **state)
{
	struct fixture f;

	(void)state;
	fresh_counters(&f, LOAD_MAX_SERIES);
	fixture_finish(&f);
	refused(&f, "has over 4096 figures");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_lines_removed),
		cmocka_unit_test(test_emptied),
		cmocka_unit_test(test_doubled),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_figures_times_ten),
		cmocka_unit_test(test_boots_swapped),
		cmocka_unit_test(test_samples_swapped),
		cmocka_unit_test(test_boot_json_edited),
		cmocka_unit_test(test_plan_edited),
		cmocka_unit_test(test_boot_of_another_run),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_without_sums),
		cmocka_unit_test(test_fifo),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_earlier_attempt),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_too_many_counters),
	};

	return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
