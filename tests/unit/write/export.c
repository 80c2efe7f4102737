/* Every format, read back: by rules of its own, not by our writer. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/write/export.h"
#include "analysis/write/table.h"
#include "analysis/write/verdict.h"
#include "lib/text.h"
#include "tests/unit/fixture-run.h"

struct made {
	struct fixture f;
	struct run r;
	struct comparison c;
	struct str out;
};

/* Six pairs in which the new arm takes a quarter, one failed iteration, one dead boot, and a kernel
 * whose name would move a terminal's cursor. */
static void make(struct made *m, const char *kind)
{
	struct err err;
	int n = 1;

	*m = (struct made){0};
	fixture_begin(&m->f, kind, 2);
	fixture_arm(&m->f, "old", "5.10.0\xc3\xa9[31m|`<b>", "n");
	fixture_arm(&m->f, "new", "6.1.0", "y");
	for (int pair = 0; pair < 6; pair++) {
		for (int arm = 0; arm < 2; arm++, n++) {
			fixture_boot(&m->f, n, arm ? "new" : "old", pair, pair,
				     n == 12 ? "panic" : "ok");
			fixture_cell(&m->f, n, MAIN_CELL, (arm ? 500 : 2000) + pair);
			fixture_cell(&m->f, n, CONTROL_CELL, 500);
		}
	}
	fixture_sample(&m->f, 2, CONTROL_CELL, 3, false, "fail", 0, 0);
	fixture_finish(&m->f);
	if (load_run(&m->r, m->f.path, &err) < 0 ||
	    compare_runs(&m->c, &m->r, &m->r, &(struct compare_opts){0}, &err) < 0)
		fail_msg("%s", err.text);
}

static const char *export(struct made *m, const char *format, bool all)
{
	struct err err;

	str_clear(&m->out);
	if (export_find(format)->write(&m->c, &(struct export_opts){.all = all}, &m->out, &err) < 0)
		fail_msg("%s: %s", format, err.text);
	return str_text(&m->out);
}

static void drop(struct made *m)
{
	str_release(&m->out);
	compare_release(&m->c);
	load_release(&m->r);
	fixture_release(&m->f);
}

static void check_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("'%s' is not in:\n%s", words, text);
}

static void check_printable(const char *text, size_t width)
{
	for (size_t column = 0; *text; text++) {
		column = *text == '\n' ? 0 : column + 1;
		if (*text != '\n' && !isprint((unsigned char)*text))
			fail_msg("character %d in front of: %.40s", *text, text + 1);
		if (column > width)
			fail_msg("wider than %zu columns at: %.40s", width, text);
	}
}

static void test_text(void **state)
{
	struct made m;
	const char *text;

	(void)state;
	make(&m, "icount");
	for (int all = 0; all < 2; all++) {
		text = export(&m, "text", all);
		check_printable(text, 75);
		assert_int_equal(
			strncmp(text, "WORSE: panic in 1 of 6 boots of the new kernel alone; ", 54),
			0);
		check_has(text, "5.10.0\\xc3\\xa9[31m|`<b>");
		check_has(text, "\nexit-mlocked: exit, insn/page/process; procs=32,lock=mlock\n");
		check_has(text,
			  "\nbetter                           old    new  change       interval "
			  "control\n"
			  "exit-mlocked                    1001  251.2 -74.9 %   -75.0..-74.8    "
			  "same\n");
		check_has(text, "panic: in old 0 of 6 boots, new 1 of 6, the new kernel alone: "
				"Oops\\x1b[2J\n");
		check_has(text, "boots: failed in old 0 of 6; new 1 of 6 (Oops\\x1b[2J)");
		check_has(text, "PREEMPT_DYNAMIC n -> y");
		check_has(text, "instructions, not time");
		check_has(text, "\nagain: mlocklab repeat /tmp/");
		if (!all)
			continue;
		check_has(text, "\n  procs=32,lock=mlock        1001    251.2  0.251 0.250..0.252 "
				"better\n");
		check_has(text, "\n  procs=32,lock=none *        250      250  1.000 1.000..1.000 "
				"equivalent\n");
		check_has(text, "counters did not change for certain (");
	}
	text = export(&m, "lkml", false);
	check_printable(text, 75);
	check_has(text, "-74.9 %");
	check_has(text, "\nagain: mlocklab ab --old debian:x --new debian:x --suite core");
	text = export(&m, "markdown", false);
	check_printable(text, 1000);
	check_has(text,
		  "| exit-mlocked/procs=32,lock=mlock | exit, insn/page/process | 1001 | 251.2 |");
	check_has(text, "6.1.0 against 5.10.0\\\\xc3\\\\xa9\\[31m\\|\\`\\<b\\>");
	drop(&m);
}

/*
 * The benchmark format as golang.org/design/14313-benchmark-format and golang.org/issue/43744 say:
 * "key: value" with a lower-case key; "Unit NAME key=value"; "BenchmarkName N (value unit)+".
 */
struct go {
	unsigned lines[2]; /* result lines by arm */
	double sum[2];	   /* of insn/page/process of the main cell */
};

static void read_go_result(struct go *g, char *line)
{
	char *save, *name = strtok_r(line, " ", &save), *count = strtok_r(NULL, " ", &save);
	char *value, *unit, *end;
	unsigned pairs = 0, new = strstr(name, "/arm=new/") != NULL;

	assert_true(isupper((unsigned char)name[strlen("Benchmark")]));
	assert_true(count && strtol(count, &end, 10) > 0 && !*end);
	while ((value = strtok_r(NULL, " ", &save))) {
		unit = strtok_r(NULL, " ", &save);
		assert_non_null(unit);
		if (strstr(name, "BenchmarkExitMlocked/arm=") == name &&
		    !strcmp(strrchr(name, '/') - strlen("/procs=32"), "/procs=32/lock=mlock") &&
		    !strcmp(unit, "insn/page/process"))
			g->sum[new] += strtod(value, NULL);
		assert_true(isfinite(strtod(value, &end)) && !*end);
		pairs++;
	}
	assert_true(pairs > 0);
	g->lines[new]++;
}

static void read_go(struct go *g, char *text)
{
	char *save;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *colon = strstr(line, ": ");

		if (!strncmp(line, "Benchmark", 9)) {
			read_go_result(g, line);
		} else if (!strncmp(line, "Unit ", 5)) {
			assert_non_null(strstr(line, " better=lower"));
		} else {
			/* One that changes among the results would part the arms' tables. */
			assert_true(colon && islower((unsigned char)*line));
			assert_int_equal(g->lines[0] + g->lines[1], 0);
		}
	}
}

static void test_gobench(void **state)
{
	struct made m;
	struct go g = {0};
	char *text;

	(void)state;
	make(&m, "icount");
	text = xstrdup(export(&m, "gobench", false));
	check_printable(text, 1000);
	check_has(text, "\nUnit insn/page/process better=lower\n");
	check_has(text, "\nUnit p99-insn better=lower\n");
	assert_null(strstr(text, "minflt"));
	check_has(export(&m, "gobench", true), "minflt-count");
	read_go(&g, text);
	/* Two cells by six boots; the dead boot had finished both. */
	assert_int_equal(g.lines[0], 12);
	assert_int_equal(g.lines[1], 12);
	assert_true(fabs(g.sum[0] - (6 * 1000 + 15 / 2.)) < 1e-6);
	assert_true(fabs(g.sum[1] - (6 * 250 + 15 / 2.)) < 1e-6);
	free(text);
	drop(&m);
}

/* What benchstat would read otherwise than it is meant: an arm's last number, and 0 ns. */
static void test_gobench_read(void **state)
{
	struct made m = {0};
	struct err err;
	char *text;

	(void)state;
	fixture_begin(&m.f, "tcg", 2);
	fixture_arm(&m.f, "v5.17-1", "5.17.0", "n");
	fixture_arm(&m.f, "v5-x", "5.18.0", "y");
	for (int n = 1; n <= 12; n++) {
		fixture_boot(&m.f, n, n % 2 ? "v5.17-1" : "v5-x", (n - 1) / 2, (n - 1) / 2, "ok");
		fixture_cell(&m.f, n, MAIN_CELL, 2000);
		fixture_cell(&m.f, n, CONTROL_CELL, n == 1 ? 0 : 500);
	}
	fixture_finish(&m.f);
	assert_int_equal(load_run(&m.r, m.f.path, &err), 0);
	assert_int_equal(compare_runs(&m.c, &m.r, &m.r, &(struct compare_opts){0}, &err), 0);
	text = xstrdup(export(&m, "gobench", false));
	check_has(text, "\nUnit sec/page/process better=lower\n");
	check_has(
		text,
		"\nBenchmarkExitMlocked/arm=v5.17~1/procs=32/lock=mlock 2 2e-06 sec/page/process");
	check_has(text,
		  "\nBenchmarkExitMlocked/arm=v5-x/procs=32/lock=mlock 2 2e-06 sec/page/process");
	check_has(text, " 0 sec/page/process");
	assert_null(strstr(text, " ns"));
	free(text);
	drop(&m);
}

static void test_csv(void **state)
{
	struct made m;
	unsigned lines = 0;

	(void)state;
	make(&m, "icount");
	for (const char *p = export(&m, "csv", false); *p; lines++) {
		unsigned fields = 1;
		bool quoted = false;

		for (; *p != '\n'; p++) {
			assert_true(*p);
			quoted ^= *p == '"';
			fields += *p == ',' && !quoted;
		}
		assert_int_equal(fields, 16);
		p++;
	}
	/* The heading; exit, p99 and failed of two cells, whose pages never failed. */
	assert_int_equal(lines, 7);
	check_has(export(&m, "csv", false),
		  "\n\"exit-mlocked/procs=32,lock=mlock\",exit,insn/page/process,"
		  "primary,0,1001.25,251.25,0,");
	drop(&m);
}

static void no_series_twice(const char *text)
{
	for (const char *line = strstr(text, "\nmlocklab_"), *next; line; line = next) {
		char *series = xstrndup(line, strcspn(line + 1, "}") + 1);

		next = strstr(line + 1, "\nmlocklab_");
		if (next && strstr(next, series))
			fail_msg("twice: %s", series);
		free(series);
	}
}

static void test_openmetrics(void **state)
{
	struct made m;
	const char *text;

	(void)state;
	make(&m, "icount");
	text = export(&m, "openmetrics", false);
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	check_has(text,
		  "\nmlocklab_value{cell=\"exit-mlocked/procs=32,lock=mlock\",metric=\"exit\","
		  "unit=\"insn/page/process\",target=\"icount\",run=\"/tmp/");
	check_has(text, "\",arm=\"new\",kernel=\"6.1.0\"} 251.25\n");
	no_series_twice(text);
	/* One TYPE a family, and its samples together. */
	assert_null(strstr(strstr(text, "# TYPE mlocklab_ratio"), "mlocklab_value"));
	drop(&m);
}

/* Two runs of one kernel under one name, as before and after a change of the machine. */
static void test_openmetrics_of_two_runs(void **state)
{
	struct compare_opts opts = {.old_arm = "new", .new_arm = "new", .unpaired = true};
	struct made before, after;
	struct comparison c;
	struct err err;

	(void)state;
	make(&before, "icount");
	make(&after, "icount");
	if (compare_runs(&c, &before.r, &after.r, &opts, &err) < 0 ||
	    export_openmetrics(&c, &(struct export_opts){.all = true}, &before.out, &err) < 0)
		fail_msg("%s", err.text);
	no_series_twice(str_text(&before.out));
	compare_release(&c);
	drop(&before);
	drop(&after);
}

static void test_ktap(void **state)
{
	struct made m;
	const char *text;

	(void)state;
	make(&m, "icount");
	text = export(&m, "ktap", false);
	assert_int_equal(strncmp(text, "KTAP version 1\n1..2\n", 20), 0);
	check_has(text, "\nok 1 exit-mlocked/procs=32,lock=mlock\n");
	check_has(text, "\nok 2 exit-mlocked/procs=32,lock=none\n");
	check_has(text, " verdict=better\n");
	drop(&m);
}

static void test_json(void **state)
{
	struct made m;
	json_t *o;

	(void)state;
	make(&m, "icount");
	o = json_loads(export(&m, "json", false), 0, NULL);
	assert_string_equal(json_get_str(o, "verdict", ""), "worse");
	assert_int_equal(json_array_size(json_object_get(o, "failures")), 2);
	json_decref(o);
	drop(&m);
}

static void test_wrap(void **state)
{
	struct str out = STR_INIT;

	(void)state;
	text_wrap(&out, "one two three 9 % four", 9, 2);
	assert_string_equal(str_text(&out), "  one two\n  three\n  9 %\n  four\n");
	str_clear(&out);
	text_escape(&out, "a\\b\tc\x7f\xc3");
	assert_string_equal(str_text(&out), "a\\\\b\\x09c\\x7f\\xc3");
	str_release(&out);
}

static void figures_are(const char *name, const char *got, const char *want)
{
	if (strcmp(got, want))
		fail_msg("%s: '%s', not '%s'", name, got, want);
}

/* Four digits, no exponent below a million, and no sum that is not finite. */
static void test_digits(void **state)
{
	static const struct {
		double v;
		const char *figure, *difference, *ratio;
	} cases[] = {
		{256, "256", "+256", "256.0"},
		{160000, "160000", "+160000", "160000"},
		{999999, "999999", "+999999", "999999"},
		{1.8521e7, "1.852e+07", "+1.852e+07", "1.852e+07"},
		{0.933, "0.933", "+0.933", "0.933"},
		{12.3456, "12.35", "+12.35", "12.35"},
		{0.00001234, "0.00001234", "+0.00001234", "1/81037"},
		{1 / 1791., "0.0005583", "+0.0005583", "1/1791"},
		{0.05711, "0.05711", "+0.05711", "0.05711"},
		{5e-324, "4.941e-324", "+4.941e-324", "1/over 1e15"},
	};
	char got[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		verdict_figure(got, cases[i].v);
		figures_are("figure", got, cases[i].figure);
		verdict_difference(got, cases[i].v);
		figures_are("difference", got, cases[i].difference);
		verdict_ratio(got, cases[i].v, cases[i].v);
		figures_are("ratio", got, cases[i].ratio);
	}
	verdict_difference(got, -1600);
	figures_are("difference", got, "-1600");
}

static void change_is(double old, double new, double low, double high, const char *want)
{
	struct run_metric m = {.name = "exit", .unit = "insn/page", .time = true};
	struct result r = {
		.metric = &m, .old = old, .new = new, .ratio = new / old, .low = low, .high = high};
	char *words = verdict_change(&r);

	check_has(words, want);
	assert_null(strstr(words, "inf"));
	free(words);
}

static void test_extremes(void **state)
{
	struct run_metric m = {.name = "exit", .unit = "insn/page", .time = true};
	struct run_cell cell = {.workload = "w", .label = ""};
	struct result r = {.cell = &cell,
			   .metric = &m,
			   .old = 179100,
			   .new = 100,
			   .ratio = 1 / 1791.,
			   .low = 1 / 1930.,
			   .high = 1 / 1650.,
			   .level = 0.95,
			   .verdict = VERDICT_BETTER};
	struct comparison c = {.margin = 0.01};
	char *words, interval[72];

	(void)state;
	change_is(1791, 1, 1 / 1930., 1 / 1650., "1791 times fewer instructions");
	change_is(1, 5e-324, 5e-324, 5e-324, "over 1e15 times fewer instructions");
	change_is(5e-324, 1e308, 1, INFINITY, "over 1e15 times as many instructions");
	words = verdict_sentence(&c, &r);
	check_has(words, "1791 times fewer instructions per page (100 against 179100, 95 % "
			 "interval 1650 to 1930)");
	free(words);
	table_interval(interval, &r);
	assert_string_equal(interval, "1/1930..1/1650");
}

static void test_names(void **state)
{
	(void)state;
	assert_null(export_find("nothing"));
	for (const struct exporter *e = exporters; e->name; e++)
		assert_true(export_find(e->name) == e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_gobench),
		cmocka_unit_test(test_gobench_read),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_openmetrics_of_two_runs),
		cmocka_unit_test(test_openmetrics),
		cmocka_unit_test(test_ktap),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("export", tests, NULL, NULL);
}
