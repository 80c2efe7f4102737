/* Sample records: what is written is read back, and what is not a sample is refused. */
#include "tests/unit/check.h"

#include <math.h>
#include "lib/record-view.h"

static struct sample example(void)
{
	static uint64_t latency[] = {12, 7000000000};
	struct sample s = {
		.cell = (char *)"exit-mlocked/procs=32,lock=none",
		.iter = 2,
		.outcome = (char *)"ok",
		.elapsed_ns = 1234567890123,
		.ops = 65536,
		.latency_ns = latency,
		.latencies = 2,
		.utime_us = 1,
		.stime_us = 2,
		.minflt = 3,
		.majflt = 4,
		.nvcsw = 5,
		.nivcsw = 6,
	};

	figures_set(&s.metrics, "exit", 525.25);
	figures_set(&s.metrics, "p99", NAN);
	figures_set(&s.vmstat, "nr_mlock", -3);
	return s;
}

static void release_figures(struct sample *s)
{
	figures_release(&s->metrics);
	figures_release(&s->vmstat);
	figures_release(&s->perf);
}

static void test_format(void **state)
{
	struct sample s = example();
	char *line = sample_format(&s);

	(void)state;
	assert_string_equal(
		line,
		"{\"t\":\"sample\",\"cell\":\"exit-mlocked/"
		"procs=32,lock=none\",\"iter\":2,\"warmup\":false,"
		"\"outcome\":\"ok\",\"reason\":\"\",\"elapsed_ns\":1234567890123,\"ops\":65536,"
		"\"metrics\":{\"exit\":525.25,\"p99\":null},\"latency_ns\":[12,7000000000],"
		"\"utime_us\":1,\"stime_us\":2,\"minflt\":3,\"majflt\":4,\"nvcsw\":5,\"nivcsw\":6,"
		"\"vmstat\":{\"nr_mlock\":-3}}");
	free(line);
	release_figures(&s);
}

static void test_round_trip(void **state)
{
	struct sample s = example(), back;
	char *line = sample_format(&s), *again;
	struct err err = {""};

	(void)state;
	assert_int_equal(sample_parse(&back, line, strlen(line), &err), 0);
	assert_string_equal(back.cell, s.cell);
	assert_int_equal(back.elapsed_ns, s.elapsed_ns);
	assert_int_equal(back.latencies, 2);
	assert_int_equal(back.latency_ns[1], 7000000000);
	assert_int_equal(back.nivcsw, 6);
	assert_true(figures_get(&back.metrics, "exit") == 525.25);
	/* a figure that was not finite is none */
	assert_true(isnan(figures_get(&back.metrics, "p99")));
	figures_set(&back.metrics, "p99", NAN);
	again = sample_format(&back);
	assert_string_equal(again, line);
	free(again);
	free(line);
	sample_release(&back);
	release_figures(&s);
}

static void test_figures(void **state)
{
	struct figures f = {0};

	(void)state;
	figures_set(&f, "a", 1);
	figures_set(&f, "b", 2);
	figures_set(&f, "a", 3);
	assert_int_equal(f.n, 2);
	assert_true(figures_get(&f, "a") == 3);
	assert_true(isnan(figures_get(&f, "c")));
	figures_release(&f);
}

#define HEAD "{\"t\":\"sample\",\"cell\":\"null\",\"iter\":0,"

static void refuse(const char *line, const char *words)
{
	struct sample s;
	struct err err = {""};

	assert_int_equal(sample_parse(&s, line, strlen(line), &err), -1);
	assert_says(&err, words);
	assert_null(s.cell);
}

static void test_refused(void **state)
{
	(void)state;
	refuse("", "not JSON");
	refuse("{\"t\":\"sample\"", "not JSON at column");
	refuse("[]", "is not a sample");
	refuse("{\"t\":\"hello\"}", "'hello'");
	refuse("{\"t\":\"sample\",\"iter\":0}", "lacks 'cell' or an 'iter'");
	refuse("{\"t\":\"sample\",\"cell\":\"x\"}", "lacks 'cell' or an 'iter'");
	refuse("{\"t\":\"sample\",\"cell\":\"x\",\"iter\":-1}", "lacks 'cell' or an 'iter'");
	refuse("{\"t\":\"sample\",\"cell\":\"x\",\"iter\":4294967296}",
	       "an 'iter' from 0 to 2147483647");
	refuse("{\"t\":\"sample\",\"cell\":\"x\",\"iter\":0,\"iter\":1}", "duplicate object key");
	refuse(HEAD "\"outcome\":\"fine\"}", "'fine', not ok, fail, skip or broken");
	refuse(HEAD "\"outcome\":\"ok\",\"elapsed_ns\":-1}", "negative");
	refuse(HEAD "\"outcome\":\"ok\",\"metrics\":[1]}",
	       "'metrics' of a sample is not an object");
	refuse(HEAD "\"outcome\":\"ok\",\"metrics\":{\"exit\":\"1\"}}", "'exit' in 'metrics'");
	refuse(HEAD "\"outcome\":\"ok\",\"metrics\":{\"\":1}}",
	       "'' in 'metrics' of a sample is no name");
	refuse(HEAD "\"outcome\":\"ok\",\"vmstat\":{\"a\\u0000b\":1}}", "not JSON");
	refuse(HEAD "\"outcome\":\"ok\",\"vmstat\":{\"<b>\":1}}",
	       "'<b>' in 'vmstat' of a sample is no name");
	refuse(HEAD "\"outcome\":\"ok\",\"perf\":{\"=a\":1}}",
	       "'=a' in 'perf' of a sample is no name");
	refuse(HEAD "\"outcome\":\"ok\",\"latency_ns\":{}}", "not a list");
	refuse(HEAD "\"outcome\":\"ok\",\"latency_ns\":[1,-2]}", "at 1");
	refuse(HEAD "\"outcome\":\"ok\",\"latency_ns\":[1.5]}", "at 0");
}

/* A record of n figures, of a name of that length, with a reason of that length */
static char *sized(int n, int name, int reason)
{
	struct str s = STR_INIT;

	str_addf(&s, HEAD "\"outcome\":\"fail\",\"reason\":\"%0*d\",\"metrics\":{", reason, 0);
	for (int i = 0; i < n; i++)
		str_addf(&s, "%s\"%0*d\":1", i ? "," : "", name, i);
	str_add(&s, "}}");
	return s.buf;
}

/* What would take a reader minutes or a page of a report is refused, what is at the bound is not.
 */
static void test_bounds(void **state)
{
	static const struct {
		int n, name, reason;
		const char *words;
	} cases[] = {
		{RECORD_MAX_FIGURES, RECORD_MAX_NAME, RECORD_MAX_REASON, NULL},
		{RECORD_MAX_FIGURES + 1, 8, 1,
		 "'metrics' of a sample holds 513 figures, above 512"},
		{1, RECORD_MAX_NAME + 1, 1, "is no name: up to 64 letters"},
		{1, 8, RECORD_MAX_REASON + 1, "a sample's reason is of over 1023 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *line = sized(cases[i].n, cases[i].name, cases[i].reason);
		struct record_view v = {0};
		struct sample s;
		struct err err = {""};

		if (cases[i].words) {
			refuse(line, cases[i].words);
			assert_int_equal(record_view_read(&v, line, strlen(line), &err), -1);
			assert_says(&err, cases[i].words);
		} else {
			assert_int_equal(sample_parse(&s, line, strlen(line), &err), 0);
			sample_release(&s);
			assert_int_equal(record_view_read(&v, line, strlen(line), &err), 0);
		}
		record_view_release(&v);
		free(line);
	}
}

/* Text of a guest goes into messages cut short, never as a format. */
static void test_long_and_odd(void **state)
{
	char *line = xasprintf("{\"t\":\"%%s%%n%0*d\"}", 5000, 1);
	struct sample s;
	struct err err = {""};

	(void)state;
	assert_int_equal(sample_parse(&s, line, strlen(line), &err), -1);
	assert_says(&err, "%s%n");
	assert_true(strlen(err.text) < 100);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),	     cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_figures),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_and_odd), cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
