/* A step of a series as a cell of its table. */
#include "tests/unit/check.h"
#include "analysis/judge/patches.h"
#include "analysis/write/patches-text.h"
#include "tests/unit/fixture-run.h"

static void expect_cell(struct result r, const char *want)
{
	struct step s = {.result = r};
	char out[32];

	s.result.k = 6;
	patches_cell(out, &s);
	assert_string_equal(out, want);
}

static void test_cell(void **state)
{
	struct step none = {.result = {.k = 0}};
	char out[32];

	(void)state;
	expect_cell((struct result){.ratio = 1.052, .verdict = VERDICT_WORSE}, "+5.2%!");
	expect_cell((struct result){.ratio = 0.217, .verdict = VERDICT_BETTER}, "-78.3%*");
	expect_cell((struct result){.ratio = 12.37, .verdict = VERDICT_WORSE}, "x12.4!");
	expect_cell((struct result){.ratio = 1.002, .verdict = VERDICT_CHANGED_SMALL}, "+0.2%~");
	expect_cell((struct result){.ratio = 1.03, .verdict = VERDICT_INCONCLUSIVE}, "+3.0%?");
	expect_cell((struct result){.ratio = 256, .difference = true, .verdict = VERDICT_CHANGED},
		    "+256#");
	expect_cell((struct result){.ratio = 1.0001, .verdict = VERDICT_EQUIVALENT}, "");
	patches_cell(out, &none);
	assert_string_equal(out, "- ");
	patches_cell(out, NULL);
	assert_string_equal(out, "- ");
}

/* Three kernels in six rounds, of which the second takes twice as much. */
static void make_series(struct fixture *f, const char *const last[6])
{
	static const char *const names[] = {"a", "b", "c"};

	fixture_begin(f, "icount", 2);
	for (int arm = 0; arm < 3; arm++)
		fixture_arm(f, names[arm], names[arm], "n");
	for (int n = 0; n < 18; n++) {
		int round = n / 3, arm = n % 3;
		const char *outcome = arm == 2 ? last[round] : "ok";

		fixture_boot(f, n + 1, names[arm], round, round, outcome);
		if (!outcome || strcmp(outcome, "ok") != 0)
			continue;
		fixture_cell(f, n + 1, MAIN_CELL, arm == 1 ? 4000 : 2000);
		fixture_cell(f, n + 1, CONTROL_CELL, 500);
	}
	fixture_finish(f);
}

static void judge(struct patches *p, struct run *r, const struct fixture *f, struct str *text)
{
	struct err err;

	if (load_run(r, f->path, &err) < 0 || patches_make(p, r, 0, &err) < 0)
		fail_msg("%s", err.text);
	patches_text(p, text);
}

static void drop(struct patches *p, struct run *r, struct fixture *f, struct str *text)
{
	str_release(text);
	patches_release(p);
	load_release(r);
	fixture_release(f);
}

/* What is equivalent has an interval of its own, of another level. */
static void test_level(void **state)
{
	static const char *const last[] = {"ok", "ok", "ok", "ok", "ok", "ok"};
	struct str text = STR_INIT;
	struct fixture f;
	struct patches p;
	struct run r;
	char *words;

	(void)state;
	make_series(&f, last);
	judge(&p, &r, &f, &text);
	assert_int_equal(p.n_columns, 1);
	assert_non_null(strstr(text.buf, "    from first to last"));
	words = patches_sentence(compare_find(&p.whole, MAIN_CELL, NULL));
	assert_non_null(strstr(words, "equivalent (1.000, 90 % interval 1.000..1.000)"));
	free(words);
	words = patches_sentence(&p.steps.v[0].result);
	assert_non_null(strstr(words, "(2.000, 95 % interval "));
	free(words);
	drop(&p, &r, &f, &text);
}

/* A tip without figures is no end of what is told of the whole. */
static void test_whole(void **state)
{
	static const char *const last[] = {"panic", "panic", "panic", "panic", "panic", "panic"};
	struct str text = STR_INIT;
	struct fixture f;
	struct patches p;
	struct run r;

	(void)state;
	make_series(&f, last);
	judge(&p, &r, &f, &text);
	assert_non_null(strstr(text.buf, "\n    from 0 to 1 "));
	str_clear(&text);
	/* nor is what lies before one that has the image of the base */
	p.rows[2].same = 0;
	p.rows[2].arm = SIZE_MAX;
	patches_text(&p, &text);
	assert_non_null(strstr(text.buf, "\n    from 0 to 1 "));
	str_clear(&text);
	p.rows[2].same = 1;
	patches_text(&p, &text);
	assert_non_null(strstr(text.buf, "\n    from first to last "));
	drop(&p, &r, &f, &text);
}

/* Each kind of end is counted by itself, and what was not made is no panic. */
static void test_trouble(void **state)
{
	static const char *const cases[][6] = {
		{"panic", "panic", "panic", "panic", "panic", "panic"},
		{"ok", "panic", NULL, NULL, "hang", "panic"},
		{"ok", "ok", NULL, "ok", "ok", "ok"},
	};
	static const char *const want[] = {
		"panic in 6 of 6 boots: Oops",
		"panic in 2 of 6 boots, hang in 1, 2 are missing: Oops",
		"1 of 6 boots is missing",
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct str text = STR_INIT;
		struct fixture f;
		struct patches p;
		struct run r;

		make_series(&f, cases[i]);
		judge(&p, &r, &f, &text);
		assert_int_equal(strncmp(p.rows[2].trouble, want[i], strlen(want[i])), 0);
		drop(&p, &r, &f, &text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cell), cmocka_unit_test(test_level),
		cmocka_unit_test(test_whole), cmocka_unit_test(test_trouble)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
