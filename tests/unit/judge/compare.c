/* From a stored run to verdicts, refusals, exit codes and the text that a person reads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/judge/compare.h"
#include "analysis/stats/stats.h"
#include "analysis/write/brief.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

/* A run of so many pairs; what the new arm measures is the old's times effect, with noise that both
 * boots of a pair do not share. */
static void fill_run(struct fixture *f, const char *kind, int pairs, double effect, double control,
		     double noise, uint64_t seed)
{
	struct rng rng;
	int n = 1;

	fixture_begin(f, kind, 2);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "y");
	rng_seed(&rng, seed);
	for (int pair = 0; pair < pairs; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(f, n, arm ? "new" : "old", pair, 100 + pair, "ok");
			fixture_cell(f, n, MAIN_CELL,
				     2000 * (arm ? effect : 1) * exp(noise * rng_normal(&rng)));
			fixture_cell(f, n, CONTROL_CELL,
				     500 * (arm ? control : 1) * exp(noise * rng_normal(&rng)));
		}
	}
}

static void make_run(struct fixture *f, const char *kind, int pairs, double effect, double control,
		     double noise, uint64_t seed)
{
	fill_run(f, kind, pairs, effect, control, noise, seed);
	fixture_finish(f);
}

static void load(struct run *r, const struct fixture *f)
{
	struct err err;

	if (load_run(r, f->path, &err) < 0)
		fail_msg("%s", err.text);
}

static void compare(struct comparison *c, const struct run *a, const struct run *b,
		    const struct compare_opts *opts)
{
	struct compare_opts none = {0};
	struct err err;

	if (compare_runs(c, a, b, opts ? opts : &none, &err) < 0)
		fail_msg("%s", err.text);
}

static void drop(struct comparison *c, struct run *r, struct fixture *f)
{
	compare_release(c);
	load_release(r);
	fixture_release(f);
}

static void check_sentence(const struct comparison *c, const char *cell, const char *words)
{
	char *sentence = verdict_sentence(c, compare_find(c, cell, NULL));

	if (!strstr(sentence, words))
		fail_msg("'%s' is not in '%s'", words, sentence);
	free(sentence);
}

static void test_better(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	const struct result *main, *control;

	(void)state;
	make_run(&f, "icount", 10, 0.25, 1, 0.001, 1);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_true(c.paired);
	assert_int_equal(c.pairs, 10);
	main = compare_find(&c, MAIN_CELL, NULL);
	control = compare_find(&c, CONTROL_CELL, NULL);
	NEAR(main->ratio, 0.25, 0.001);
	assert_true(main->low < main->ratio && main->ratio < main->high && main->high < 0.252);
	NEAR(main->old, 1000, 5);
	NEAR(main->p, 2. / 1024, 1e-12);
	assert_int_equal(main->verdict, VERDICT_BETTER);
	assert_int_equal(control->verdict, VERDICT_EQUIVALENT);
	assert_int_equal(c.verdict, VERDICT_BETTER);
	assert_int_equal(compare_exit_code(&c, true), 0);
	check_sentence(&c, MAIN_CELL,
		       "exit-mlocked procs=32,lock=mlock: 4.0 times fewer instructions "
		       "per page and process (");
	check_sentence(&c, MAIN_CELL, "; its unlocked control is unchanged.");
	assert_int_equal(c.n_settings, 1);
	assert_string_equal(c.settings[0].name, "CONFIG_PREEMPT_DYNAMIC");
	assert_true(c.settings[0].of_note);
	drop(&c, &r, &f);
}

/* What the machine was set to for one kernel and not for the other stands with the kernels'
 * settings. */
static void test_host_settings(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;

	(void)state;
	fixture_begin(&f, "kvm", 1);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "n");
	for (int n = 1; n <= 4; n++) {
		bool old = n % 2;

		fixture_boot(&f, n, old ? "old" : "new", (n - 1) / 2, n, "ok");
		fixture_cell(&f, n, MAIN_CELL, 100);
		fixture_tell(&f, n, "disturbing",
			     json_pack("{s:s,s:s,s:f}", "governor",
				       old ? "performance" : "powersave", "smt", "0", "load",
				       n / 10.));
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(c.n_settings, 1);
	assert_string_equal(c.settings[0].name, "host's governor");
	assert_string_equal(c.settings[0].old, "performance");
	assert_string_equal(c.settings[0].new, "powersave");
	assert_true(c.settings[0].of_note);
	drop(&c, &r, &f);
}

/* Of time, boots on two nodes of a cluster are no pair; of instructions they are. */
static void test_nodes(void **state)
{
	static const char *const kinds[] = {"tcg", "icount"};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct comparison c;
		struct fixture f;
		struct run r;

		fill_run(&f, kinds[k], 8, 1.2, 1, 0.01, 20);
		for (int n = 1; n <= 16; n++) {
			const char *name = (n - 1) / 2 % 2 ? "n1" : "n2";

			fixture_tell(&f, n, "node",
				     json_pack("{s:s,s:s}", "name", n == 4 ? "n3" : name, "cpu",
					       "Xeon"));
		}
		fixture_finish(&f);
		load(&r, &f);
		compare(&c, &r, &r, NULL);
		assert_true(c.paired);
		assert_int_equal(c.pairs, k ? 8 : 7);
		assert_int_equal(
			c.notes.n > 0 &&
				strstr(c.notes.v[0],
				       "1 pair is left out: the boots were made on two nodes"),
			!k);
		drop(&c, &r, &f);
	}
}

static void test_worse(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;

	(void)state;
	make_run(&f, "tcg", 10, 1.2, 1.15, 0.01, 2);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_WORSE);
	assert_int_equal(compare_exit_code(&c, false), EXIT_REGRESSION);
	check_sentence(&c, MAIN_CELL, "% more time per page and process");
	check_sentence(&c, MAIN_CELL, "; its unlocked control takes ");
	drop(&c, &r, &f);
	make_run(&f, "tcg", 10, 2, 1, 0.01, 3);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	check_sentence(&c, MAIN_CELL, "2.0 times as much time per page and process");
	drop(&c, &r, &f);
}

static void test_equal(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	const struct result *main;

	(void)state;
	/* The same kernel twice under icount: every difference is exactly 0. */
	make_run(&f, "icount", 6, 1, 1, 0, 4);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	main = compare_find(&c, MAIN_CELL, NULL);
	NEAR(main->ratio, 1, 0);
	NEAR(main->low, 1, 0);
	NEAR(main->high, 1, 0);
	NEAR(main->p, 1, 0);
	assert_int_equal(main->verdict, VERDICT_EQUIVALENT);
	assert_int_equal(c.verdict, VERDICT_EQUIVALENT);
	check_sentence(&c, MAIN_CELL,
		       "equivalent within 1 % (1000 against 1000, the same in every boot)");
	drop(&c, &r, &f);
	/* Half a per cent in every boot is certain, and below the margin. */
	make_run(&f, "icount", 6, 1.005, 1, 0, 5);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	main = compare_find(&c, MAIN_CELL, NULL);
	NEAR(main->p_adjusted, 2. / 64, 1e-12);
	assert_int_equal(main->verdict, VERDICT_CHANGED_SMALL);
	assert_int_equal(compare_exit_code(&c, true), 0);
	check_sentence(&c, MAIN_CELL, "0.5 % more instructions per page and process");
	drop(&c, &r, &f);
}

/* An interval without a width is not yet what every boot measured. */
static void test_nearly_equal(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;

	(void)state;
	for (int odd = 0; odd < 2; odd++) {
		fixture_begin(&f, "icount", 1);
		fixture_arm(&f, "old", "5.10.0", "n");
		fixture_arm(&f, "new", "6.1.0", "y");
		for (int n = 0; n < 20; n++) {
			int pair = n / 2;

			fixture_boot(&f, n + 1, n % 2 ? "new" : "old", pair, 100 + pair, "ok");
			/* a layout is a value; with `odd` one pair lies apart */
			fixture_cell(&f, n + 1, MAIN_CELL,
				     2000 + 4 * pair + (odd && n == 9 ? 2 : 0));
		}
		fixture_finish(&f);
		load(&r, &f);
		compare(&c, &r, &r, NULL);
		NEAR(compare_find(&c, MAIN_CELL, NULL)->low, 1, 0);
		NEAR(compare_find(&c, MAIN_CELL, NULL)->high, 1, 0);
		check_sentence(&c, MAIN_CELL,
			       odd ? ", 90 % interval +0.000 to +0.000 %)"
				   : "(1009 against 1009, the same in every pair)");
		drop(&c, &r, &f);
	}
}

static void test_inconclusive(void **state)
{
	struct compare_opts wide = {.margin = 0.5};
	struct fixture f;
	struct run r;
	struct comparison c;

	(void)state;
	make_run(&f, "tcg", 10, 1.01, 1, 0.1, 6);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(compare_exit_code(&c, false), EXIT_OK);
	assert_int_equal(compare_exit_code(&c, true), EXIT_INCONCLUSIVE);
	check_sentence(&c, MAIN_CELL, "% would have been seen four times in five");
	compare_release(&c);
	compare(&c, &r, &r, &wide);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_EQUIVALENT);
	drop(&c, &r, &f);
	/* Three pairs cannot say anything, however large the change. */
	make_run(&f, "tcg", 3, 4, 1, 0.001, 7);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_INCONCLUSIVE);
	assert_true(isinf(compare_find(&c, MAIN_CELL, NULL)->high));
	check_sentence(&c, MAIN_CELL, ": 3 pairs, and a verdict takes at least 6");
	drop(&c, &r, &f);
}

static bool has_note(const struct comparison *c, const char *words)
{
	for (size_t i = 0; i < c->notes.n; i++)
		if (strstr(c->notes.v[i], words))
			return true;
	return false;
}

static void test_two_runs(void **state)
{
	struct compare_opts arms = {.old_arm = "old", .new_arm = "old"}, forced = arms;
	struct fixture f, g;
	struct run a, b;
	struct comparison c;
	struct err err;

	(void)state;
	make_run(&f, "icount", 8, 1, 1, 0.001, 8);
	make_run(&g, "icount", 8, 1, 1, 0.001, 9);
	load(&a, &f);
	load(&b, &g);
	assert_int_equal(compare_runs(&c, &a, &b, &(struct compare_opts){0}, &err), -1);
	assert_non_null(strstr(err.text, "has the arms old, new: choose one with --old NAME"));
	assert_int_equal(compare_runs(&c, &a, &b, &(struct compare_opts){.old_arm = "x"}, &err),
			 -1);
	assert_non_null(strstr(err.text, "has no arm 'x': there are old, new"));
	compare(&c, &a, &b, &arms);
	assert_true(c.paired);
	assert_int_equal(c.pairs, 8);
	assert_false(has_note(&c, "mlockbench"));
	compare_release(&c);
	/* Another build of the program is in every figure. */
	json_object_set_new(a.json, "programs",
			    json_pack("{s:s}", "mlockbench", "0123456789abcdef"));
	json_object_set_new(b.json, "programs",
			    json_pack("{s:s}", "mlockbench", "fedcba9876543210"));
	compare(&c, &a, &b, &arms);
	assert_true(has_note(&c, "two builds of mlockbench (0123456789ab and fedcba987654)"));
	compare_release(&c);
	json_object_set_new(b.json, "programs",
			    json_pack("{s:s}", "mlockbench", "0123456789abcdef"));
	compare(&c, &a, &b, &arms);
	assert_false(has_note(&c, "mlockbench"));
	compare_release(&c);
	/* Other layouts are no pairs; the same ones are, in whatever order they were made. */
	for (size_t i = 0; i < b.n_boots; i++)
		b.boots[i].pair = 7 - b.boots[i].pair;
	compare(&c, &a, &b, &arms);
	assert_true(c.paired);
	assert_int_equal(c.pairs, 8);
	compare_release(&c);
	for (size_t i = 0; i < b.n_boots; i++)
		b.boots[i].seed += 5;
	compare(&c, &a, &b, &arms);
	assert_false(c.paired);
	assert_true(has_note(&c, "too few layouts in common: their boots are compared unpaired"));
	compare_release(&c);
	for (size_t i = 0; i < b.n_boots; i++)
		b.boots[i].seed -= 5;
	/* Medians of two iterations and of three differ in the same kernel. */
	b.cells[0].iterations = 3;
	assert_int_equal(compare_runs(&c, &a, &b, &arms, &err), -1);
	assert_non_null(
		strstr(err.text, "iterations and warm-up 2 and 1 against 3 and 1 in " MAIN_CELL));
	b.cells[0].iterations = 2;
	json_object_set_new(a.json, "experiment",
			    json_pack("{s:{s:s}}", "settings", "cmdline", ""));
	json_object_set_new(b.json, "experiment",
			    json_pack("{s:{s:s}}", "settings", "cmdline", "mitigations=off"));
	assert_int_equal(compare_runs(&c, &a, &b, &arms, &err), -1);
	assert_non_null(strstr(err.text, "cmdline '' against 'mitigations=off'"));
	json_object_del(a.json, "experiment");
	/* Another QEMU counts other instructions. */
	free(b.target.qemu_version);
	b.target.qemu_version = xstrdup("10.0");
	assert_int_equal(compare_runs(&c, &a, &b, &arms, &err), -1);
	assert_non_null(strstr(err.text, "QEMU 7.2.22 (abc) against 10.0 (abc)"));
	forced.force = true;
	compare(&c, &a, &b, &forced);
	assert_true(has_note(&c, "forced: "));
	compare_release(&c);
	free(b.target.kind);
	b.target.kind = xstrdup("tcg");
	assert_int_equal(compare_runs(&c, &a, &b, &arms, &err), -1);
	assert_non_null(strstr(err.text, "target icount against tcg"));
	load_release(&a);
	load_release(&b);
	fixture_release(&f);
	fixture_release(&g);
}

/* Boots of different times are no pairs, whatever their numbers. */
static void test_unpaired(void **state)
{
	struct compare_opts arms = {.old_arm = "old", .new_arm = "new"};
	struct fixture f, g;
	struct run a, b;
	struct comparison c;
	const struct result *main;
	struct str text = STR_INIT;

	(void)state;
	make_run(&f, "tcg", 8, 1, 1, 0.01, 10);
	make_run(&g, "tcg", 6, 0.5, 1, 0.01, 11);
	load(&a, &f);
	load(&b, &g);
	compare(&c, &a, &b, &arms);
	assert_false(c.paired);
	main = compare_find(&c, MAIN_CELL, NULL);
	assert_true(
		has_note(&c, "what drifted on the machine between them is in every difference"));
	assert_int_equal(main->n_old, 8);
	assert_int_equal(main->n_new, 6);
	NEAR(main->ratio, 0.5, 0.02);
	NEAR(main->p, 2. / 3003, 1.1 / 3003); /* one or two of choose(14, 6) */
	assert_int_equal(main->verdict, VERDICT_BETTER);
	table_heading(&c, &text);
	assert_non_null(strstr(text.buf, "\n8 boots of old and 6 of new, not paired, margin 1 %"));
	str_release(&text);
	compare_release(&c);
	load_release(&a);
	load_release(&b);
	fixture_release(&f);
	fixture_release(&g);
}

static void swap_outcome(struct run_boot *b, const char *outcome)
{
	free(b->outcome);
	b->outcome = xstrdup(outcome);
	if (!strcmp(outcome, "missing"))
		*b->boot_id = '\0';
}

/* Passes of one boot of the machine are one value of it: eight of them, as many as one likes, prove
 * nothing; four boots of each kernel do. */
static void test_host(void **state)
{
	struct compare_opts arms = {.old_arm = "old", .new_arm = "new"};
	struct comparison c;
	struct values v;
	struct fixture f;
	struct run r;

	(void)state;
	make_run(&f, "host", 8, 2, 1, 0.001, 19);
	load(&r, &f);
	compare(&c, &r, &r, &arms);
	assert_false(c.paired);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->k, 1);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_INCONCLUSIVE);
	assert_true(has_note(&c, "8 passes in 1 boot of old, 8 in 1 of new"));
	compare_release(&c);
	for (size_t i = 0; i < r.n_boots; i++) {
		free(r.boots[i].boot_id);
		r.boots[i].boot_id = xasprintf("%zu-%d", r.boots[i].arm, r.boots[i].pair / 2);
	}
	compare(&c, &r, &r, &arms);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->k, 4);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_WORSE);
	/* intervals of one kernel are over the same values */
	v = load_values(&r, 0, load_figure(&r, MAIN_CELL, NULL));
	assert_int_equal(v.n, 4);
	NEAR(stats_median(v.v, v.n), compare_find(&c, MAIN_CELL, NULL)->old, 0);
	values_release(&v);
	compare_release(&c);
	/* What is still to be made is no pass, nor a boot. */
	for (size_t i = 8; i < r.n_boots; i++)
		swap_outcome(&r.boots[i], "missing");
	compare(&c, &r, &r, &arms);
	assert_true(has_note(&c, "4 passes in 2 boots of old, 4 in 2 of new"));
	compare_release(&c);
	for (size_t i = 8; i < r.n_boots; i++)
		swap_outcome(&r.boots[i], "ok");
	/* One kernel as both arms, one of which does its work twice: pairs, of that boot. */
	for (size_t i = 0; i < r.n_boots; i++) {
		free(r.boots[i].boot_id);
		r.boots[i].boot_id = xstrdup("x");
	}
	/* One pair is still to be made. */
	for (size_t i = r.n_boots - 2; i < r.n_boots; i++) {
		*r.boots[i].boot_id = '\0';
		r.boots[i].attempts = 0;
	}
	compare(&c, &r, &r, &arms);
	assert_true(c.paired);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->k, 8);
	assert_true(has_note(&c, "what is said holds of that boot"));
	drop(&c, &r, &f);
}

/* Failures of the new arm alone are a regression though every figure is the same. */
static void test_failures(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	char *summary;

	(void)state;
	make_run(&f, "icount", 8, 1, 1, 0, 12);
	for (int n = 2; n <= 16; n += 2)
		fixture_sample(&f, n, MAIN_CELL, 3, false, "fail", 0, 0);
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(c.n_outcomes, 1);
	assert_int_equal(c.outcomes[0].new.fail, 8);
	assert_int_equal(c.outcomes[0].new.boots, 8);
	assert_int_equal(c.outcomes[0].old.fail, 0);
	NEAR(c.outcomes[0].p, 2. / 12870, 1e-9); /* choose(16, 8) */
	assert_int_equal(c.verdict, VERDICT_WORSE);
	assert_int_equal(compare_exit_code(&c, false), EXIT_REGRESSION);
	summary = verdict_summary(&c);
	assert_string_equal(summary, "WORSE: the new kernel fails more often in " MAIN_CELL
				     "; 0 of 1 cell (0 of 1 control); equivalent: 1 (1)");
	free(summary);
	drop(&c, &r, &f);
}

/* Work that locks nothing got worse: so did the kernel, and the words say what it is. */
static void test_controls_alone(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	struct str out = STR_INIT;
	char *summary;

	(void)state;
	make_run(&f, "icount", 8, 1, 1.2, 0, 16);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_EQUIVALENT);
	assert_int_equal(c.verdict, VERDICT_WORSE);
	assert_int_equal(compare_exit_code(&c, false), EXIT_REGRESSION);
	summary = verdict_summary(&c);
	assert_string_equal(summary, "WORSE: no cell, 1 of 1 control; equivalent: 1 (0)");
	free(summary);
	brief_rows(&c, &out);
	assert_non_null(strstr(str_text(&out), "\nworse controls "));
	str_release(&out);
	drop(&c, &r, &f);
}

/* A boot in which an iteration failed and another broke is one bad boot: 4 of 8 against 0 of 8 is
 * chance. */
static void test_bad_boot_counts_once(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	struct str out = STR_INIT;

	(void)state;
	make_run(&f, "icount", 8, 1, 1, 0, 15);
	for (int n = 2; n <= 8; n += 2) {
		fixture_sample(&f, n, MAIN_CELL, 3, false, "fail", 0, 0);
		fixture_sample(&f, n, MAIN_CELL, 4, false, "broken", 0, 0);
		fixture_sample(&f, n, CONTROL_CELL, 3, false, "skip", 0, 0);
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(c.n_outcomes, 2);
	assert_int_equal(c.outcomes[0].new.bad, 4);
	NEAR(c.outcomes[0].p, 0.0769, 1e-3);
	assert_int_equal(c.outcomes[1].new.bad, 0); /* a skip is no failure */
	assert_int_equal(compare_exit_code(&c, false), EXIT_OK);
	table_remarks(&c, &out);
	for (char *p = out.buf; *p; p++)
		*p = *p == '\n' ? ' ' : *p;
	assert_non_null(strstr(str_text(&out), ": failed in old 0 of 8; new 4 of 8 ("));
	assert_non_null(strstr(str_text(&out), "new 0 of 8, 4 skipped ("));
	str_release(&out);
	drop(&c, &r, &f);
}

/* Of two tests each must be twice as sure. */
static void test_failures_adjusted(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;

	(void)state;
	make_run(&f, "icount", 8, 1, 1, 0, 16);
	for (int n = 2; n <= 10; n += 2) {
		fixture_sample(&f, n, MAIN_CELL, 3, false, "fail", 0, 0);
		fixture_sample(&f, n, CONTROL_CELL, 3, false, "fail", 0, 0);
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	/* Fisher of 0 of 8 against 5 of 8 is 0.0256. */
	NEAR(c.outcomes[0].p, 2 * 0.0256, 1e-3);
	assert_int_equal(compare_exit_code(&c, false), EXIT_OK);
	drop(&c, &r, &f);
}

/* Changes what boot.json says, and keeps the rest. */
static void put_boot(const struct fixture *f, const char *name, const char *outcome,
		     const char *detail, int attempts)
{
	char *path = xasprintf("%s/boots/%s", f->path, name),
	     *file = xasprintf("%s/boot.json", path);
	struct err err;
	json_t *o = fs_exists(file) ? json_read(file, &err) : json_object();

	json_object_set_new(o, "outcome", json_string(outcome));
	json_object_set_new(o, "detail", json_string(detail));
	json_object_set_new(o, "attempts", json_integer(attempts));
	if (fs_mkdirs(path, &err) < 0 || json_write(file, o, &err) < 0)
		fail_msg("%s", err.text);
	json_decref(o);
	free(file);
	free(path);
}

static const struct finding_row *find_finding(const struct comparison *c, const char *kind)
{
	for (size_t i = 0; i < c->n_findings; i++)
		if (!strcmp(c->findings[i].kind, kind))
			return &c->findings[i];
	return NULL;
}

/* What no kernel should do is a regression where only the new one does it, however seldom. */
static void test_findings(void **state)
{
	const struct finding_row *found;
	struct comparison c;
	struct fixture f;
	struct run r;
	char *summary;

	(void)state;
	make_run(&f, "icount", 10, 1, 1, 0, 17);
	put_boot(&f, "004", "panic", "Kernel panic - not syncing", 1);
	put_boot(&f, "006", "ok", "", 2);
	put_boot(&f, "006.failed-1", "panic", "Kernel panic", 1);
	put_boot(&f, "003", "ok", "WARNING: CPU: 0 PID: 1", 1);
	put_boot(&f, "008", "ok", "WARNING: CPU: 0 PID: 7", 1);
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	found = find_finding(&c, "panic");
	assert_non_null(found);
	assert_int_equal(found->new, 2);
	assert_true(finding_is_new(found));
	assert_int_equal(find_finding(&c, "warning")->old, 1);
	assert_false(finding_is_new(find_finding(&c, "warning")));
	assert_int_equal(c.verdict, VERDICT_WORSE);
	assert_int_equal(compare_exit_code(&c, false), EXIT_REGRESSION);
	summary = verdict_summary(&c);
	assert_int_equal(
		strncmp(summary, "WORSE: panic in 2 of 10 boots of the new kernel alone; ", 55), 0);
	free(summary);
	drop(&c, &r, &f);
	/* Both warn: neither is to blame. */
	make_run(&f, "icount", 10, 1, 1, 0, 18);
	put_boot(&f, "003", "ok", "WARNING: CPU: 0 PID: 1", 1);
	put_boot(&f, "008", "ok", "WARNING: CPU: 0 PID: 7", 1);
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_exit_code(&c, false), EXIT_OK);
	drop(&c, &r, &f);
}

/* What no boot of the old kernel could show is not the new one's alone. */
static void test_finding_without_old(void **state)
{
	struct comparison c;
	struct fixture f;
	struct run r;
	char *summary;

	(void)state;
	fixture_begin(&f, "icount", 1);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "n");
	fixture_boot(&f, 1, "new", 0, 100, "ok");
	fixture_cell(&f, 1, MAIN_CELL, 2000);
	fixture_tell(&f, 1, "findings",
		     json_pack("[{s:s,s:s}]", "kind", "warning", "text", "WARNING: CPU: 0"));
	fixture_boot(&f, 2, "old", 0, 100, NULL);
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(c.n_findings, 1);
	assert_false(finding_is_new(&c.findings[0]));
	summary = verdict_summary(&c);
	assert_string_equal(summary, "INCONCLUSIVE: nothing to compare");
	free(summary);
	drop(&c, &r, &f);
}

/* A cell that was killed in a boot that went well: its figures do not count, and somebody learns
 * it. */
static void test_killed_cell(void **state)
{
	struct comparison c;
	struct fixture f;
	struct run r;
	int n = 1;

	(void)state;
	fixture_begin(&f, "icount", 2);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "n");
	for (int pair = 0; pair < 10; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(&f, n, arm ? "new" : "old", pair, pair, "ok");
			fixture_cell(&f, n, MAIN_CELL, 1000);
			if (arm && pair == 2) /* one iteration of two */
				for (int i = 0; i < 2; i++)
					fixture_sample(&f, n, CONTROL_CELL, i, i == 0, "ok", 900,
						       0);
			else if (!arm || pair > 2) /* and none at all */
				fixture_cell(&f, n, CONTROL_CELL, 500);
		}
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->k, 10);
	assert_int_equal(compare_find(&c, CONTROL_CELL, NULL)->k, 7);
	assert_int_equal(c.outcomes[0].new.cut, 3);
	assert_int_equal(find_finding(&c, "killed cell")->new, 3);
	assert_int_equal(find_finding(&c, "killed cell")->old, 0);
	assert_int_equal(compare_exit_code(&c, false), EXIT_REGRESSION);
	drop(&c, &r, &f);
}

/* Where a value is 0 there is no ratio: the difference is judged. */
static void test_differences(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	const struct result *share;
	int n = 1;

	(void)state;
	fixture_begin(&f, "tcg", 1);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "n");
	for (int pair = 0; pair < 6; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(&f, n, arm ? "new" : "old", pair, pair, "ok");
			for (int i = 0; i < 3; i++)
				fixture_sample(&f, n, MAIN_CELL, i, i == 0, "ok", 100,
					       arm ? 0.25 : 0);
		}
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	share = compare_find(&c, MAIN_CELL, "failed");
	assert_true(share->difference);
	NEAR(share->ratio, 0.25, 1e-12);
	NEAR(share->low, 0.25, 1e-12);
	assert_int_equal(share->verdict, VERDICT_WORSE);
	assert_int_equal(c.verdict, VERDICT_EQUIVALENT);
	/* nr_mlock is 0 everywhere: not a result at all. */
	assert_null(compare_find(&c, MAIN_CELL, "vmstat.nr_mlock"));
	drop(&c, &r, &f);
}

/* The interval stands in the words of the change: of a figure that is no time both are shares. */
static void test_no_time(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	char *text;

	(void)state;
	fixture_begin(&f, "tcg", 1);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "n");
	for (int n = 0; n < 12; n++) {
		fixture_boot(&f, n + 1, n % 2 ? "new" : "old", n / 2, n / 2, "ok");
		for (int i = 0; i < 3; i++)
			fixture_sample(&f, n + 1, MAIN_CELL, i, i == 0, "ok", 100,
				       (n % 2 ? 1 : 4) + 0.001 * (n / 2));
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	text = verdict_sentence(&c, compare_find(&c, MAIN_CELL, "failed"));
	assert_non_null(strstr(text, "failed (share) lower by 7"));
	assert_non_null(strstr(text, "interval -75.0 to -74.9 %)"));
	free(text);
	drop(&c, &r, &f);
}

static void check_consistent(const struct result *r, double alpha, double margin)
{
	bool leaves_out = r->low > 1 || r->high < 1 || (r->low == 1) != (r->high == 1);

	assert_true(r->low <= r->ratio && r->ratio <= r->high);
	switch (r->verdict) {
	case VERDICT_EQUIVALENT:
		assert_true(r->low >= 1 / (1 + margin) && r->high <= 1 + margin);
		NEAR(r->level, 0.9, 1e-9);
		break;
	case VERDICT_INCONCLUSIVE:
		assert_true(r->low <= 1 && r->high >= 1 && r->p_adjusted > alpha);
		assert_true(r->low < 1 / (1 + margin) || r->high > 1 + margin);
		break;
	default:
		assert_true(leaves_out && r->p_adjusted <= alpha);
	}
}

/* Whatever the boots say: the interval beside a verdict never contradicts it. */
static void test_interval_decides(void **state)
{
	static const double effects[] = {1, 1.004, 1.02, 1.06};
	unsigned seen[6] = {0};

	(void)state;
	for (uint64_t seed = 0; seed < 24; seed++) {
		const struct result *r;
		struct comparison c;
		struct fixture f;
		struct run run;

		make_run(&f, "tcg", seed % 3 ? 7 : 6, effects[seed % 4], 1, seed % 2 ? 0.02 : 0.004,
			 200 + seed);
		load(&run, &f);
		compare(&c, &run, &run, NULL);
		r = compare_find(&c, MAIN_CELL, NULL);
		check_consistent(r, c.alpha, c.margin);
		check_consistent(compare_find(&c, CONTROL_CELL, NULL), c.alpha, c.margin);
		seen[r->verdict]++;
		drop(&c, &run, &f);
	}
	assert_true(seen[VERDICT_WORSE] && seen[VERDICT_INCONCLUSIVE] && seen[VERDICT_EQUIVALENT]);
}

/* Five pairs are too few for any verdict, also for one that nothing changed. */
static void test_five_pairs(void **state)
{
	struct comparison c;
	struct fixture f;
	struct run r;

	(void)state;
	make_run(&f, "icount", 5, 1, 1, 0, 14);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_INCONCLUSIVE);
	assert_true(isinf(compare_find(&c, MAIN_CELL, NULL)->high));
	drop(&c, &r, &f);
}

/* One pair in ten is wild: it stays in, is named, and the reader learns what it decides. */
static void test_outlier(void **state)
{
	struct comparison c;
	struct fixture f;
	struct run r;
	int n = 1;

	(void)state;
	fixture_begin(&f, "tcg", 2);
	fixture_arm(&f, "old", "5.10.0", "n");
	fixture_arm(&f, "new", "6.1.0", "n");
	for (int pair = 0; pair < 10; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(&f, n, arm ? "new" : "old", pair, pair, "ok");
			fixture_cell(&f, n, MAIN_CELL,
				     2000 + pair % 3 + (arm ? 100 : 0) -
					     (arm && pair == 4 ? 1000 : 0));
			fixture_cell(&f, n, CONTROL_CELL, 500);
		}
	}
	fixture_finish(&f);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->outliers, 1);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->verdict, VERDICT_INCONCLUSIVE);
	assert_int_equal(compare_find(&c, MAIN_CELL, NULL)->without, VERDICT_WORSE);
	check_sentence(&c, MAIN_CELL,
		       "1 pair lies far from the rest (5 MAD), without which it is worse");
	assert_int_equal(compare_find(&c, CONTROL_CELL, NULL)->outliers, 0);
	drop(&c, &r, &f);
}

static void test_json(void **state)
{
	struct fixture f;
	struct run r;
	struct comparison c;
	struct err err;
	char path[128], *dir;
	json_t *o, *cell;

	(void)state;
	make_run(&f, "icount", 3, 0.25, 1, 0.001, 13);
	load(&r, &f);
	compare(&c, &r, &r, NULL);
	dir = compare_dir(&c);
	assert_int_equal(compare_write(&c, dir, &err), 0);
	free(dir);
	snprintf(path, sizeof(path), "%s/report/compare.json", f.path);
	o = json_read(path, &err);
	assert_non_null(o);
	assert_string_equal(json_get_str(o, "target", ""), "icount");
	assert_string_equal(json_get_str(o, "verdict", ""), "inconclusive");
	cell = json_array_get(json_object_get(o, "cells"), 0);
	assert_string_equal(json_get_str(cell, "cell", ""), MAIN_CELL);
	NEAR(json_get_num(cell, "ratio", 0), 0.25, 0.001);
	/* Three pairs have no interval, and JSON no infinity. */
	assert_true(json_is_null(json_object_get(cell, "high")));
	json_decref(o);
	drop(&c, &r, &f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_better),
		cmocka_unit_test(test_host_settings),
		cmocka_unit_test(test_worse),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_nearly_equal),
		cmocka_unit_test(test_inconclusive),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_two_runs),
		cmocka_unit_test(test_unpaired),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_interval_decides),
		cmocka_unit_test(test_five_pairs),
		cmocka_unit_test(test_outlier),
		cmocka_unit_test(test_controls_alone),
		cmocka_unit_test(test_bad_boot_counts_once),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_failures_adjusted),
		cmocka_unit_test(test_finding_without_old),
		cmocka_unit_test(test_no_time),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_killed_cell),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
