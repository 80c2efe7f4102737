/* How a figure grows with a swept parameter: found, fitted, put into words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/write/growth-text.h"
#include "analysis/write/growth-text.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

#define POINTS 6
#define PAIRS 8
static const int procs[POINTS] = {1, 2, 4, 8, 16, 32};

static double constant(double n)
{
	(void)n;
	return 700;
}

static double linear(double n)
{
	return 50 * n;
}

static double worse(double n)
{
	return 10 * pow(n, 1.5);
}

static double slower(double n)
{
	return 100 * sqrt(n);
}

/* 100 shared by all, 5 for each page, 0.5 for each that shares it. */
static double law(double n)
{
	return 100 / n + 5 + 0.5 * n;
}

static char *cell_id(int n)
{
	return xasprintf("exit-mlocked/procs=%d,size=2M,lock=mlock", n);
}

/* Two arms with a cost a number of processes each, which boots move by 0.2 %. */
static void make_run(struct fixture *f, const char *kind, double (*old)(double),
		     double (*new)(double))
{
	json_t *cells = json_array();
	struct rng rng;
	int n = 1;

	fixture_begin(f, kind, 1);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "y");
	json_object_set_new(json_object_get(f->run, "target"), "cpus", json_integer(4));
	/* the last first: a sweep is told in the order of its values */
	for (int i = POINTS - 1; i >= 0; i--) {
		char *id = cell_id(procs[i]), value[16];

		snprintf(value, sizeof(value), "%d", procs[i]);
		json_array_append_new(cells, json_pack("{s:s,s:s,s:{s:s,s:s},s:n,s:i,s:i}", "id",
						       id, "workload", "exit-mlocked", "params",
						       "procs", value, "size", "2M", "control",
						       "iterations", 2, "warmup", 1));
		free(id);
	}
	json_object_set_new(f->run, "cells", cells);
	rng_seed(&rng, 5);
	for (int pair = 0; pair < PAIRS; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(f, n, arm ? "new" : "old", pair, pair, "ok");
			for (int i = 0; i < POINTS; i++) {
				char *id = cell_id(procs[i]);
				double cost =
					(arm ? new : old)(procs[i]) * exp(0.002 * rng_normal(&rng));

				fixture_cell(f, n, id, cost * f->ns_per_insn);
				free(id);
			}
		}
	}
	fixture_finish(f);
}

static void check(const struct run *r, const struct sweep *s, size_t arm, enum growth_kind kind,
		  const char *words)
{
	struct growth g;
	char *text;

	assert_int_equal(growth_fit(&g, r, arm, s), 0);
	assert_int_equal(g.boots, PAIRS);
	assert_int_equal(g.kind, kind);
	text = growth_words(&g, s, r->arms[arm].name);
	if (!strstr(text, words))
		fail_msg("'%s' is not in '%s'", words, text);
	free(text);
	g.fit.slope_ci = (struct interval){-INFINITY, INFINITY};
	g.boots = 4;
	text = growth_words(&g, s, r->arms[arm].name);
	if (!strstr(text, "; 4 boots, and an interval takes 5") || strstr(text, "95 %"))
		fail_msg("of four boots it says: %s", text);
	free(text);
	growth_release(&g);
}

static void load(struct run *r, const struct fixture *f, struct sweep *s)
{
	struct err err;

	if (load_run(r, f->path, &err) < 0)
		fail_msg("%s", err.text);
	*s = (struct sweep){.param = "procs", .cells = xcalloc(r->n_cells, sizeof(*s->cells))};
}

static void drop(struct run *r, struct fixture *f, struct sweep *s)
{
	free(s->cells);
	load_release(r);
	fixture_release(f);
}

static void test_kinds(void **state)
{
	struct fixture f;
	struct sweep s;
	struct run r;

	(void)state;
	make_run(&f, "icount", constant, linear);
	load(&r, &f, &s);
	assert_int_equal(sweep_find(&r, 0, &s), POINTS);
	for (int i = 0; i < POINTS; i++)
		NEAR(load_param(s.cells[i], "procs"), procs[i], 0);
	/* it is the first cell's, and nobody's who differs in nothing else */
	assert_int_equal(sweep_find(&r, 1, &s), 0);
	s.param = "size";
	assert_int_equal(sweep_find(&r, 0, &s), 1);
	s.param = "procs";
	assert_int_equal(sweep_find(&r, 0, &s), POINTS);
	check(&r, &s, 0, GROWTH_CONSTANT,
	      " insn/page/process over procs=1 to 32, is constant: procs^");
	check(&r, &s, 1, GROWTH_LINEAR,
	      " insn/page/process over procs=1 to 32, grows linearly: procs^1.0");
	drop(&r, &f, &s);
	make_run(&f, "icount", worse, slower);
	load(&r, &f, &s);
	sweep_find(&r, 0, &s);
	check(&r, &s, 0, GROWTH_WORSE, "grows worse than linearly");
	check(&r, &s, 1, GROWTH_SLOWER, "grows, but less than linearly");
	drop(&r, &f, &s);
}

/* Points that rise at one end only: their slope is near 0, and they are not constant. */
static double hump(double n)
{
	return n < 32 ? 1000 + 100 * fabs(log2(n) - 2) : 1500;
}

static void test_no_power(void **state)
{
	struct fixture f;
	struct sweep s;
	struct run r;

	(void)state;
	make_run(&f, "icount", hump, law);
	load(&r, &f, &s);
	sweep_find(&r, 0, &s);
	check(&r, &s, 0, GROWTH_UNCLEAR,
	      "insn/page/process over procs=1 to 32, follows no one power of it: the nearest, ");
	drop(&r, &f, &s);
}

static void test_text(void **state)
{
	struct compare_opts none = {0};
	struct str out = STR_INIT;
	struct comparison c;
	struct fixture f;
	struct sweep s;
	struct run r;
	struct err err;

	(void)state;
	make_run(&f, "kvm", law, constant);
	load(&r, &f, &s);
	assert_int_equal(compare_runs(&c, &r, &r, &none, &err), 0);
	growth_text(&c, 75, &out);
	assert_non_null(strstr(out.buf, "\nexit-mlocked size=2M,lock=mlock\n  old: "));
	assert_non_null(strstr(out.buf, " ns/page/process over procs=1 to 32,"));
	assert_null(strstr(out.buf, "sigma"));
	for (const char *line = out.buf; *line; line += strcspn(line, "\n") + 1)
		assert_true(strcspn(line, "\n") <= 75);
	compare_release(&c);
	str_release(&out);
	drop(&r, &f, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_no_power),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
