/* A run of six kernels whose levels are known: points, change points, words, and what confirms
 * them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "analysis/judge/timeline-proof.h"
#include "analysis/write/timeline-text.h"
#include "analysis/write/timeline-words.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

#define ARMS 6
#define ROUNDS 6

static const char *const names[ARMS] = {"5.10", "6.1", "6.12", "6.18", "7.0", "7.1"};
/* In the fixture's clock, of which two ticks are an instruction. */
static const double levels[ARMS] = {8000, 2000, 2004, 1998, 2002, 2400};

struct made {
	char results[64];
	struct run run;
	struct timeline t;
};

/* One round moves all arms alike, as a layout does; and each boot a little of its own. */
static double value(size_t arm, int round)
{
	static const double own[ROUNDS] = {0, 1, -1, 2, -2, 1};

	return levels[arm] * (1 + 0.02 * round) + own[(round + (int)arm) % ROUNDS];
}

/* What an A/B may have been measured with that the timeline was not. */
static double inject;
static const char *cmdline = "";
static int iterations = 2;
static int seed = 1;

/* arms: which kernels; shown: whose figures they show. */
static void put_run(const char *path, const size_t *arms, const size_t *shown, size_t n)
{
	struct fixture f;
	int boot = 0;

	fixture_begin(&f, "icount", 2);
	for (size_t i = 0; i < n; i++) {
		char sha[8];

		fixture_arm(&f, names[arms[i]], names[arms[i]], arms[i] ? "y" : "n");
		snprintf(sha, sizeof(sha), "sha%zu", arms[i]);
		json_object_set_new(json_array_get(json_object_get(f.run, "arms"), i), "sha256",
				    json_string(sha));
		if (!strcmp(names[arms[i]], "6.18"))
			json_object_clear(json_object_get(
				json_array_get(json_object_get(f.run, "arms"), i), "config"));
	}
	if (inject > 0)
		json_object_set_new(json_array_get(json_object_get(f.run, "arms"), 1), "inject",
				    json_real(inject));
	json_object_set_new(f.run, "seed", json_integer(seed));
	json_object_set_new(f.run, "experiment",
			    json_pack("{s:{s:s}}", "settings", "cmdline", cmdline));
	json_object_set_new(json_array_get(json_object_get(f.run, "cells"), 0), "iterations",
			    json_integer(iterations));
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < n; i++) {
			boot++;
			fixture_boot(&f, boot, names[arms[i]], round, round, "ok");
			fixture_cell(&f, boot, MAIN_CELL, value(shown[i], round));
			fixture_cell(&f, boot, CONTROL_CELL, 600);
		}
	}
	fixture_finish(&f);
	assert_int_equal(rename(f.path, path), 0);
	json_decref(f.run);
}

static int make_all(void **state)
{
	static const size_t all[ARMS] = {0, 1, 2, 3, 4, 5};
	struct made *m = calloc(1, sizeof(*m));
	struct err err;
	char path[128];

	strcpy(m->results, "/tmp/mlocklab-timeline-XXXXXX");
	assert_non_null(mkdtemp(m->results));
	snprintf(path, sizeof(path), "%s/releases", m->results);
	put_run(path, all, all, ARMS);
	assert_int_equal(load_run(&m->run, path, &err), 0);
	if (timeline_make(&m->t, &m->run, 0, &err) < 0)
		fail_msg("%s", err.text);
	*state = m;
	return 0;
}

static int remove_all(void **state)
{
	struct made *m = *state;
	struct err err;

	timeline_release(&m->t);
	load_release(&m->run);
	fs_remove_tree(m->results, &err);
	free(m);
	return 0;
}

static void test_points(void **state)
{
	const struct made *m = *state;
	const struct timeline_series *s = &m->t.series[0];

	assert_int_equal(m->t.n, 2);
	assert_true(!s->difference);
	assert_int_equal(s->points[1].boots, ROUNDS);
	/* The median of the rounds: 2 % and 3 % drift on either side of it, halved. */
	NEAR(s->points[1].value, 1000 * 1.05, 2);
	assert_true(s->points[1].low < 1001 && s->points[1].high > 1099);
	/* The drift falls out of the ratios. */
	NEAR(s->points[0].ratio, 1, 0);
	NEAR(s->points[1].ratio, 0.25, 0.0005);
	assert_null(s->points[0].step);
	assert_true(s->points[1].step->result.low > 0.249 &&
		    s->points[1].step->result.high < 0.251);
	assert_int_equal(s->points[1].step->before, 0);
	/* The drift is in the values, not in the steps. */
	assert_false(step_is_change(s->points[2].step));
	NEAR(m->t.series[1].points[3].ratio, 1, 0);
}

static void test_changes(void **state)
{
	const struct made *m = *state;
	const struct timeline_series *s = &m->t.series[0];
	char *text;

	assert_int_equal(s->n_changes, 2);
	assert_int_equal(s->changes[0].before, 0);
	assert_int_equal(s->changes[0].at, 1);
	NEAR(s->changes[0].ratio, 0.25, 0.001);
	assert_int_equal(s->changes[1].at, 5);
	NEAR(s->changes[1].ratio, 1.2, 0.01);
	/* Levels: one for the four alike, the last one its own. */
	NEAR(s->points[1].level, s->points[4].level, 0);
	NEAR(s->points[5].level / s->points[4].level, 1.2, 0.01);
	assert_int_equal(m->t.series[1].n_changes, 0);
	assert_int_equal(timeline_changes(&m->t, 0, 1, NULL, NULL), 1);
	assert_int_equal(timeline_changes(&m->t, 1, 2, NULL, NULL), 0);
	text = timeline_sentence(s, &s->changes[0]);
	assert_non_null(
		strstr(text, "4.0 times fewer instructions per page and process (4200 to 10"));
	free(text);
}

/* 6.18 came without its configuration, which is not one without options. */
static void test_settings(void **state)
{
	static const char *const wanted[ARMS] = {
		"configuration unknown: the package came without it",
		"configuration since 5.10: PREEMPT_DYNAMIC n -> y",
		"configuration since 6.1: the same",
		"configuration unknown: the package came without it",
		"configuration since 6.12: the same",
		"configuration since 7.0: the same",
	};
	const struct made *m = *state;

	for (size_t i = 1; i < ARMS; i++) {
		char *text = timeline_settings(&m->t, i);

		assert_string_equal(text, wanted[i]);
		free(text);
	}
}

static void test_text(void **state)
{
	const struct made *m = *state;
	struct str out = STR_INIT;
	const char *first;

	timeline_text(&m->t, &out);
	for (const char *line = out.buf; *line; line = strchr(line, '\n') + 1) {
		assert_true(strcspn(line, "\n") <= 75);
		for (const char *p = line; *p != '\n'; p++)
			assert_true(*p >= ' ' && *p < 127);
	}
	first = strstr(out.buf, "\n6.1, after 5.10\n");
	assert_non_null(first);
	assert_non_null(strstr(first, "4.0 times fewer instructions per page"));
	assert_non_null(strstr(first, "no A/B yet"));
	assert_non_null(strstr(first, "configuration since 5.10: PREEMPT_DYNAMIC n -> y"));
	assert_non_null(strstr(first, "\n7.1, after 7.0\n"));
	assert_null(strstr(first, "\n6.12, after"));
	assert_non_null(strstr(first, " #\n"));
	assert_non_null(strstr(out.buf, "\nCHANGES\n\n2 of "));
	/* no interval is said to be of a level that it does not have */
	NEAR(m->t.series[1].points[1].step->result.level, 0.9, 1e-9);
	assert_non_null(strstr(out.buf, "its own, of 90 %"));
	str_release(&out);
}

/* A run of three kernels of which `made` rounds of seven were measured. */
static void make_three(struct fixture *f, struct run *r, const double *levels3, int made)
{
	struct err err;

	fixture_begin(f, "icount", 1);
	json_object_set_new(f->run, "pairs", json_integer(7));
	for (int arm = 0; arm < 3; arm++)
		fixture_arm(f, names[arm], names[arm], "n");
	for (int boot = 0; boot < 21; boot++) {
		int round = boot / 3;

		fixture_boot(f, boot + 1, names[boot % 3], round, round,
			     round < made ? "ok" : NULL);
		if (round < made)
			fixture_cell(f, boot + 1, MAIN_CELL, levels3[boot % 3]);
	}
	fixture_finish(f);
	if (load_run(r, f->path, &err) < 0)
		fail_msg("%s", err.text);
}

/* What was planned and not made is no round. */
static void test_rounds_made(void **state)
{
	static const double equal[] = {2000, 2000, 2000};
	struct str out = STR_INIT;
	struct fixture f;
	struct timeline t;
	struct err err;
	struct run r;

	(void)state;
	make_three(&f, &r, equal, 3);
	assert_int_equal(timeline_make(&t, &r, 0, &err), 0);
	timeline_text(&t, &out);
	assert_non_null(strstr(out.buf, "3 kernels, 3 interleaved rounds, "));
	assert_int_equal(t.judged.rounds, 3);
	str_release(&out);
	timeline_release(&t);
	load_release(&r);
	fixture_release(&f);
}

/* Where one kernel takes nothing its own step is a difference, and those of others are ratios. */
static void test_zero(void **state)
{
	static const double zero[] = {0, 2000, 4000};
	struct fixture f;
	struct timeline t;
	struct err err;
	struct run r;
	char *text;

	(void)state;
	make_three(&f, &r, zero, 7);
	assert_int_equal(timeline_make(&t, &r, 0, &err), 0);
	assert_int_equal(t.series[0].n_changes, 2);
	text = timeline_sentence(&t.series[0], &t.series[0].changes[0]);
	assert_non_null(strstr(text, "higher by 1000 (0 to 1000; difference +1000 ("));
	free(text);
	text = timeline_sentence(&t.series[0], &t.series[0].changes[1]);
	assert_non_null(strstr(text, "2.0 times as many instructions per page and process (1000 "
				     "to 2000; ratio 2.000 ("));
	free(text);
	timeline_release(&t);
	load_release(&r);
	fixture_release(&f);
}

static bool has_word(const struct strv *argv, const char *word)
{
	for (size_t i = 0; i < argv->n; i++)
		if (!strcmp(argv->v[i], word))
			return true;
	return false;
}

static void test_confirm_args(void **state)
{
	const struct made *m = *state;
	struct strv argv = STRV_INIT;

	timeline_confirm_args(&m->t, 0, 1, 10, "results/x", &argv);
	assert_string_equal(argv.v[0], m->run.path);
	assert_string_equal(argv.v[1], "--kernel");
	assert_string_equal(argv.v[2], "5.10=debian:x");
	assert_string_equal(argv.v[4], "6.1=debian:x");
	assert_string_equal(argv.v[5], "--cell");
	assert_string_equal(argv.v[6], MAIN_CELL);
	assert_false(has_word(&argv, CONTROL_CELL));
	assert_true(has_word(&argv, "--seed") && has_word(&argv, "2"));
	assert_true(has_word(&argv, "--out") && has_word(&argv, "results/x"));
	strv_release(&argv);
}

/* An A/B of the neighbours confirms; one that shows nothing refutes. */
static void test_proof(void **state)
{
	static const size_t first[] = {0, 1}, last[] = {4, 5}, same[] = {4, 4};
	struct made *m = *state;
	struct timeline_series *s = &m->t.series[0];
	double each[ARMS] = {100, 10};
	struct copied copied = {.each = each, .arms = ARMS};
	struct strv notes = STRV_INIT;
	struct err err;
	char path[128], *text;

	assert_int_equal(timeline_prove(&m->t, m->results, &notes, &err), 0);
	assert_int_equal(s->changes[0].proof, PROOF_NONE);
	/* What was measured in another way confirms nothing. */
	inject = 30;
	seed = 2;
	snprintf(path, sizeof(path), "%s/injected", m->results);
	put_run(path, first, first, 2);
	inject = 0;
	cmdline = "mitigations=off";
	snprintf(path, sizeof(path), "%s/cmdline", m->results);
	put_run(path, first, first, 2);
	cmdline = "";
	iterations = 1;
	snprintf(path, sizeof(path), "%s/iterations", m->results);
	put_run(path, first, first, 2);
	iterations = 2;
	/* nor do boots of the same layouts, which measure the same again */
	seed = 1;
	snprintf(path, sizeof(path), "%s/layouts", m->results);
	put_run(path, first, first, 2);
	seed = 2;
	assert_int_equal(timeline_prove(&m->t, m->results, &notes, &err), 0);
	assert_int_equal(s->changes[0].proof, PROOF_NONE);
	snprintf(path, sizeof(path), "%s/confirm", m->results);
	put_run(path, first, first, 2);
	/* A figure without its copying is confirmed by one without it. */
	strv_push(&copied.cells, MAIN_CELL);
	m->t.copied = &copied;
	assert_int_equal(timeline_prove(&m->t, m->results, &notes, &err), 0);
	assert_int_equal(s->changes[0].proof, PROOF_CONFIRMED);
	assert_string_equal(s->changes[0].run, "confirm");
	NEAR(s->changes[0].old, 4200 - 100, 5);
	NEAR(s->changes[0].new, 1050 - 10, 5);
	/* Its size is the one stated. */
	NEAR(s->changes[0].ratio, s->changes[0].proof_ratio, 0);
	NEAR(s->changes[0].low, s->changes[0].proof_low, 0);
	text = timeline_standing(&s->changes[0]);
	assert_non_null(strstr(text, "confirmed by confirm, of which these figures are: 6 pairs"));
	free(text);
	assert_int_equal(s->changes[1].proof, PROOF_NONE);
	/* 7.1 turns out to be like 7.0. */
	snprintf(path, sizeof(path), "%s/other", m->results);
	put_run(path, last, same, 2);
	assert_int_equal(timeline_prove(&m->t, m->results, &notes, &err), 0);
	assert_int_equal(s->changes[1].proof, PROOF_REFUTED);
	assert_int_equal(notes.n, 0);
	seed = 1;
	strv_release(&copied.cells);
	strv_release(&notes);
}

int main(void)
{
#define MADE(f) cmocka_unit_test_setup_teardown(f, make_all, remove_all)
	const struct CMUnitTest tests[] = {
		MADE(test_points),
		MADE(test_changes),
		MADE(test_settings),
		MADE(test_text),
		MADE(test_confirm_args),
		MADE(test_proof),
		cmocka_unit_test(test_rounds_made),
		cmocka_unit_test(test_zero),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
