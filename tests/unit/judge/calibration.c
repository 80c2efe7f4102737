/* A kernel against itself: what is counted, what a run carries of it, and runs that may stop early.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/judge/calibration.h"
#include "analysis/write/export.h"
#include "analysis/write/table.h"
#include "analysis/stats/stats.h"
#include "runner/run/calibrated.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

#define NOISE 0.01

/* Pairs of one kernel; in the groups of six pairs that `groups` has a bit for, the second arm's
 * boots cost 5 % more. */
static void make_run(struct fixture *f, const char *kind, int pairs, unsigned groups, double noise,
		     uint64_t seed)
{
	struct rng rng;
	int n = 1;

	fixture_begin(f, kind, 2);
	fixture_arm(f, "one", "6.1.0", "y");
	fixture_arm(f, "other", "6.1.0", "y");
	json_object_set_new(f->run, "pairs", json_integer(pairs));
	rng_seed(&rng, seed);
	for (int pair = 0; pair < pairs; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			double extra = arm && (groups >> (pair / 6) & 1) ? 1.05 : 1;

			fixture_boot(f, n, arm ? "other" : "one", pair, 100 + pair, "ok");
			fixture_cell(f, n, MAIN_CELL, 2000 * extra * exp(noise * rng_normal(&rng)));
			fixture_cell(f, n, CONTROL_CELL, 500 * exp(noise * rng_normal(&rng)));
		}
	}
}

static void load(struct run *r, struct fixture *f)
{
	struct err err;

	fixture_finish(f);
	if (load_run(r, f->path, &err) < 0)
		fail_msg("%s", err.text);
}

static void drop(struct run *r, struct fixture *f)
{
	load_release(r);
	fixture_release(f);
}

static void test_trials(void **state)
{
	struct fixture f;
	struct trials t;
	struct err err;
	struct run r;

	(void)state;
	/* 20 pairs are three groups of six; what is left over is not used. */
	make_run(&f, "icount", 20, 1 << 1, NOISE / 4, 1);
	load(&r, &f);
	assert_int_equal(trials_make(&t, &r, 6, &err), 0);
	assert_int_equal(t.groups, 3);
	assert_int_equal(t.n, 6);
	for (size_t i = 0; i < t.n; i++) {
		bool slow = t.v[i].group == 1 && !strcmp(t.v[i].cell->id, MAIN_CELL);

		NEAR(t.v[i].effect, slow ? log(1.05) : 0, 0.01);
		assert_int_equal(t.v[i].p <= 0.05 && fabs(t.v[i].effect) > 0.02, slow);
		if (slow)
			assert_int_equal(t.v[i].verdict, VERDICT_WORSE);
	}
	assert_true(trials_groups_changed(&t) >= 1);
	trials_release(&t);
	/* With a group of 18 pairs the 5 % of a third of them is no longer the median of anything.
	 */
	assert_int_equal(trials_make(&t, &r, 18, &err), 0);
	assert_int_equal(t.n, 2);
	trials_release(&t);
	assert_int_equal(trials_make(&t, &r, 21, &err), -1);
	drop(&r, &f);
}

static void test_rate(void **state)
{
	struct interval rate;
	struct fixture f;
	struct trials t;
	struct err err;
	struct run r;
	json_t *o;

	(void)state;
	/* Where nothing differs, the test at 5 % fires in 2/64 of groups of six pairs. */
	make_run(&f, "tcg", 6 * 30, 0, NOISE, 2);
	load(&r, &f);
	assert_int_equal(trials_make(&t, &r, 6, &err), 0);
	assert_int_equal(t.n, 60);
	o = calibration_json(&r, &t, NULL, NULL, NULL);
	assert_int_equal(json_get_int(json_object_get(o, "alone"), "of", 0), 60);
	assert_int_equal(json_get_int(json_object_get(o, "groups"), "of", 0), 30);
	rate = stats_binomial((unsigned)json_get_int(json_object_get(o, "alone"), "count", 999), 60,
			      0.99);
	assert_true(rate.low < 2. / 64 && rate.high > 2. / 64);
	NEAR(json_get_num(json_object_get(o, "alone"), "low", 9),
	     stats_binomial((unsigned)json_get_int(json_object_get(o, "alone"), "count", 0), 60,
			    0.95)
		     .low,
	     1e-12);
	/* HL of six differences, each sqrt 2 times the noise: about 1.96 sqrt(2 / 6) of it. */
	NEAR(json_get_num(o, "p95", 0), 1.96 * sqrt(2 / 6.) * NOISE, 0.004);
	assert_null(json_object_get(o, "equal"));
	json_decref(o);
	trials_release(&t);
	drop(&r, &f);
}

static void test_equality_and_power(void **state)
{
	struct fixture f, slow;
	struct equality e;
	struct trials t;
	struct err err;
	struct run r, power;
	json_t *o;

	(void)state;
	make_run(&f, "icount", 6, 0, 0, 3);
	make_run(&slow, "icount", 6, 1, 0.0001, 4);
	json_object_set_new(json_array_get(json_object_get(slow.run, "arms"), 1), "inject",
			    json_real(5));
	load(&r, &f);
	load(&power, &slow);
	e = calibration_equality(&r);
	assert_true(e.figures > 100);
	assert_int_equal(e.different, 0);
	e = calibration_equality(&power);
	assert_true(e.different > 0);
	assert_int_equal(trials_make(&t, &power, 6, &err), 0);
	o = calibration_json(&power, &t, &r, &power, &t);
	assert_int_equal(json_get_int(json_object_get(o, "equal"), "different", 9), 0);
	/* Of the two cells one was slowed down. */
	assert_int_equal(json_get_int(json_object_get(o, "power"), "count", 9), 1);
	assert_int_equal(json_get_int(json_object_get(o, "power"), "of", 9), 2);
	NEAR(json_get_num(json_object_get(o, "power"), "inject", 0), 0.05, 1e-12);
	NEAR(json_get_num(json_object_get(o, "power"), "estimate_high", 0), 0.05, 0.001);
	json_decref(o);
	trials_release(&t);
	drop(&r, &f);
	drop(&power, &slow);
}

static void check_text(const struct comparison *c, const char *words)
{
	struct export_opts o = {0};
	struct str text = STR_INIT;
	struct err err;

	assert_int_equal(export_text(c, &o, &text, &err), 0);
	if (!strstr(str_text(&text), words))
		fail_msg("'%s' is not in:\n%s", words, str_text(&text));
	str_release(&text);
}

/* A run that carries a calibration is judged by it, and says so. */
static void test_carried(void **state)
{
	struct compare_opts none = {0}, own = {.margin = 0.02};
	struct comparison c;
	struct fixture f;
	struct err err;
	struct run r;

	(void)state;
	make_run(&f, "icount", 6, 1, 0.0001, 5);
	load(&r, &f);
	assert_int_equal(compare_runs(&c, &r, &r, &none, &err), 0);
	NEAR(c.margin, 0.01, 0);
	assert_int_equal(c.verdict, VERDICT_WORSE);
	check_text(&c, "not calibrated: 'mlocklab calibrate KERNEL'");
	compare_release(&c);
	load_release(&r);
	json_object_set_new(f.run, "calibration",
			    json_pack("{s:s, s:i, s:f, s:{s:i, s:i, s:f, s:f}}", "kernel", "6.1.0",
				      "pairs", 6, "p95", 0.08, "changed", "count", 3, "of", 200,
				      "low", 0.003, "high", 0.043));
	load(&r, &f);
	assert_int_equal(compare_runs(&c, &r, &r, &none, &err), 0);
	NEAR(c.margin, 0.08, 0);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_CHANGED_SMALL);
	check_text(&c, "changed in 3 of 200\ncomparisons of 6 pairs (1.5 %, 95 % interval 0.3 to "
		       "4.3 %), and 95 in 100\ncame within 8 %.");
	compare_release(&c);
	assert_int_equal(compare_runs(&c, &r, &r, &own, &err), 0);
	NEAR(c.margin, 0.02, 0);
	compare_release(&c);
	drop(&r, &f);
}

static void test_looks(void **state)
{
	struct compare_opts none = {0}, asked = {.alpha = 0.2};
	struct comparison c;
	struct fixture f;
	struct err err;
	size_t all, open;
	struct run r;
	char *words;

	(void)state;
	make_run(&f, "icount", 12, 3, 0.0001, 6);
	json_object_set_new(f.run, "pairs", json_integer(30));
	json_object_set_new(f.run, "status", json_string("stopped"));
	json_object_set_new(f.run, "experiment",
			    json_pack("{s:{s:i}}", "settings", "stop_early", 1));
	for (int n = 25; n <= 60; n++)
		fixture_boot(&f, n, n % 2 ? "one" : "other", (n - 1) / 2, 100, NULL);
	load(&r, &f);
	assert_int_equal(r.notes.n, 0);
	assert_int_equal(compare_runs(&c, &r, &r, &none, &err), 0);
	assert_int_equal(c.looked, 12);
	NEAR(c.alpha, 0.0013, 0.0001);
	assert_int_equal(c.pairs, 12);
	/* 2 / 4096 is enough for that, and what does not differ is equivalent at the same level. */
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_WORSE);
	assert_int_equal(compare_find(&c, CONTROL_CELL, NULL)->verdict, VERDICT_EQUIVALENT);
	check_text(&c, "stopped at the look after 12 of at most 30");
	check_text(&c, "(O'Brien-Fleming level 0.0013)");
	compare_release(&c);
	/* a level that is asked for is none of a look's, and that of its intervals */
	assert_int_equal(compare_runs(&c, &r, &r, &asked, &err), 0);
	check_text(&c, "(level 0.2)");
	words = table_levels(&c);
	assert_non_null(strstr(words, "intervals of 80 %"));
	NEAR(compare_find(&c, MAIN_CELL, NULL)->level, 0.8, 1e-9);
	free(words);
	compare_release(&c);
	drop(&r, &f);
	/* Six pairs never pass the first look: 2 / 64 is far above its level. */
	make_run(&f, "icount", 6, 1, 0.0001, 7);
	json_object_set_new(f.run, "experiment",
			    json_pack("{s:{s:i}}", "settings", "stop_early", 1));
	load(&r, &f);
	assert_int_equal(compare_runs(&c, &r, &r, &none, &err), 0);
	assert_int_equal(c.verdict, VERDICT_INCONCLUSIVE);
	assert_false(compare_decided(&c, &all, &open));
	assert_int_equal(open, all);
	compare_release(&c);
	drop(&r, &f);
	/* Nor does a run of which nothing is there to be judged: one kernel dies in every boot. */
	fixture_begin(&f, "icount", 1);
	json_object_set_new(f.run, "experiment",
			    json_pack("{s:{s:i}}", "settings", "stop_early", 1));
	fixture_arm(&f, "one", "6.1.0", "n");
	fixture_arm(&f, "other", "6.1.0", "n");
	for (int n = 1; n <= 12; n++) {
		fixture_boot(&f, n, n % 2 ? "one" : "other", (n - 1) / 2, n,
			     n % 2 ? "ok" : "panic");
		if (n % 2)
			fixture_cell(&f, n, MAIN_CELL, 2000);
	}
	fixture_finish(&f);
	load(&r, &f);
	assert_int_equal(compare_runs(&c, &r, &r, &none, &err), 0);
	assert_int_equal(c.looked, 6);
	assert_false(compare_decided(&c, &all, &open));
	assert_int_equal(all, 0);
	compare_release(&c);
	drop(&r, &f);
}

static json_t *calibration_of(const char *created, const char *kind, const char *qemu,
			      const char *cpu)
{
	return json_pack("{s:i, s:s, s:{s:s, s:i, s:i, s:i, s:{s:s}}, s:{s:s}}", "format", 1,
			 "created", created, "target", "kind", kind, "cpus", 1, "nodes", 2,
			 "memory_mib", 2048, "qemu", "sha256", qemu, "host", "cpu", cpu);
}

static void put(const char *dir, const char *name, json_t *c)
{
	char *path = xasprintf("%s/%s", dir, name), *file = xasprintf("%s/calibration.json", path);
	struct err err;

	assert_int_equal(fs_mkdirs(path, &err), 0);
	assert_int_equal(json_write(file, c, &err), 0);
	json_decref(c);
	free(path);
	free(file);
}

static void check_found(const char *dir, const char *kind, const char *qemu, const char *cpu,
			const char *created)
{
	json_t *like = calibration_of("", kind, qemu, cpu);
	json_t *c = calibrated_find(dir, json_object_get(like, "target"),
				    json_object_get(like, "host"));

	if (created)
		assert_string_equal(json_get_str(c, "created", ""), created);
	else
		assert_null(c);
	json_decref(c);
	json_decref(like);
}

static void test_find(void **state)
{
	char dir[] = "/tmp/mlocklab-calibration-XXXXXX";
	struct err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	put(dir, "a", calibration_of("2026-01-01T00:00:00Z", "icount", "q1", "X"));
	put(dir, "b", calibration_of("2026-01-03T00:00:00Z", "icount", "q1", "X"));
	put(dir, "c", calibration_of("2026-01-02T00:00:00Z", "icount", "q1", "X"));
	put(dir, "d", calibration_of("2026-01-04T00:00:00Z", "kvm", "q1", "X"));
	check_found(dir, "icount", "q1", "X", "2026-01-03T00:00:00Z");
	check_found(dir, "icount", "q1", "another machine", "2026-01-03T00:00:00Z");
	check_found(dir, "icount", "q2", "X", NULL);
	check_found(dir, "kvm", "q1", "X", "2026-01-04T00:00:00Z");
	check_found(dir, "kvm", "q1", "another machine", NULL);
	check_found("/nonexistent", "kvm", "q1", "X", NULL);
	assert_int_equal(fs_remove_tree(dir, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trials),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_equality_and_power),
		cmocka_unit_test(test_carried),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
