/* Planning by a stored run: how much it varies, what it costs, and how many pairs that makes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/write/pilot-text.h"
#include "analysis/stats/stats.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

#define WITHIN 0.03
#define BETWEEN 0.01
#define PAIRS 60

static void set_costs(struct fixture *f, int n, double wall, double ready)
{
	char path[128];
	struct err err;
	json_t *boot;

	fixture_path(f, n, "boot.json", path);
	boot = json_read(path, &err);
	assert_non_null(boot);
	json_object_set_new(boot, "wall_seconds", json_real(wall));
	json_object_set_new(boot, "ready_seconds", json_real(ready));
	assert_int_equal(json_dump_file(boot, path, 0), 0);
	json_decref(boot);
}

/* Boots that differ by BETWEEN, each with a warm-up and two iterations that differ by WITHIN. */
static void make_run(struct fixture *f, int arms, bool costs)
{
	struct rng rng;
	int n = 1;

	fixture_begin(f, "tcg", 1);
	fixture_arm(f, "old", "5.10.0", "n");
	if (arms > 1)
		fixture_arm(f, "new", "6.1.0", "y");
	rng_seed(&rng, 9);
	for (int pair = 0; pair < PAIRS; pair++) {
		for (int arm = 0; arm < arms; arm++, n++) {
			double boot = 2000 * (arm ? 0.5 : 1) * exp(BETWEEN * rng_normal(&rng));

			fixture_boot(f, n, arm ? "new" : "old", pair, 1, "ok");
			fixture_sample(f, n, MAIN_CELL, 0, true, "ok", boot * 5, 0);
			for (int i = 1; i < 3; i++)
				fixture_sample(f, n, MAIN_CELL, i, false, "ok",
					       boot * exp(WITHIN * rng_normal(&rng)), 0);
			if (costs)
				set_costs(f, n, 11.5, 10);
		}
	}
	fixture_finish(f);
}

static double formula(double sd)
{
	return pow(2.8 * sd / log(1.01), 2);
}

static void check(const struct fixture *f, double pair_sd, bool costs)
{
	struct pilot p;
	struct err err;
	struct run r;
	double best_sd;

	if (load_run(&r, f->path, &err) < 0 || pilot_make(&p, &r, 0.01, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(p.n, 1);
	assert_int_equal(p.cells[0].iterations, 2);
	NEAR(p.cells[0].within, WITHIN, 0.004);
	NEAR(p.cells[0].between, BETWEEN, 0.007);
	NEAR(p.cells[0].pair, pair_sd, 0.15 * pair_sd);
	/* (t.975 + t.80) sd / sqrt k of one cell, and drawn again from these boots. */
	NEAR(p.cells[0].pairs, formula(p.cells[0].pair), 0.25 * p.cells[0].pairs);
	if (!costs) {
		assert_true(isnan(p.boot));
		assert_int_equal(p.cells[0].best, 0);
	} else {
		/* 1.5 s for a warm-up and two iterations: sqrt(10.5 / 0.5) * 3 is about 14. */
		NEAR(p.boot, 10, 1e-9);
		NEAR(p.iteration, 0.5, 1e-9);
		assert_in_range(p.cells[0].best, 10, 19);
		best_sd = sqrt(2 * (BETWEEN * BETWEEN + WITHIN * WITHIN / p.cells[0].best));
		assert_true(abs((int)p.cells[0].best_pairs - (int)formula(best_sd)) <
			    0.4 * p.cells[0].pairs);
		assert_true(p.cells[0].best_pairs < p.cells[0].pairs / 2);
	}
	pilot_release(&p);
	load_release(&r);
}

static void test_pilot(void **state)
{
	/* A boot's median of two iterations varies with BETWEEN^2 + WITHIN^2 / 2, a pair twice so.
	 */
	const double sd = sqrt(2 * (BETWEEN * BETWEEN + WITHIN * WITHIN / 2));
	struct fixture f;

	(void)state;
	make_run(&f, 2, true);
	check(&f, sd, true);
	fixture_release(&f);
	make_run(&f, 1, false);
	check(&f, sd, false);
	fixture_release(&f);
}

static void test_text(void **state)
{
	struct str out = STR_INIT;
	struct fixture f;
	struct pilot p;
	struct err err;
	struct run r;

	(void)state;
	make_run(&f, 2, true);
	assert_int_equal(load_run(&r, f.path, &err), 0);
	assert_int_equal(pilot_make(&p, &r, 0.0001, &err), 0);
	pilot_text(&p, &out);
	assert_non_null(
		strstr(out.buf, "to see a change of 0.01 %, target tcg; a boot takes 10.0 s"));
	assert_non_null(strstr(out.buf, ">999"));
	for (const char *line = out.buf; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 75);
	str_release(&out);
	pilot_release(&p);
	load_release(&r);
	fixture_release(&f);
}

static void test_refused(void **state)
{
	struct fixture f;
	struct pilot p;
	struct err err;
	struct run r;

	(void)state;
	fixture_begin(&f, "tcg", 1);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_boot(&f, 1, "old", 0, 1, "ok");
	fixture_cell(&f, 1, MAIN_CELL, 100);
	fixture_finish(&f);
	assert_int_equal(load_run(&r, f.path, &err), 0);
	assert_int_equal(pilot_make(&p, &r, 0.01, &err), -1);
	assert_non_null(strstr(err.text, "no cell with figures of two pairs"));
	load_release(&r);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pilot),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
