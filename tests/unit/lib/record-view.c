/* The quick way of reading a record must say what the long way says, of good lines and of damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "analysis/stats/stats.h"
#include "lib/record-view.h"
#include "lib/str.h"

static const struct figures *group_of(const struct sample *s, enum figure_group group)
{
	return group == FIGURE_METRIC	? &s->metrics
	       : group == FIGURE_VMSTAT ? &s->vmstat
					: &s->perf;
}

static void check_equal(const struct record_view *v, const struct sample *s, const char *line)
{
	const uint64_t numbers[RECORD_NUMBERS] = {s->elapsed_ns, s->ops,    s->utime_us,
						  s->stime_us,	 s->minflt, s->majflt,
						  s->nvcsw,	 s->nivcsw};

	if (!text_view_is(v->cell, s->cell) || !text_view_is(v->outcome, s->outcome) ||
	    !text_view_is(v->reason.at ? v->reason : (struct text_view){"", 0}, s->reason) ||
	    v->iter != s->iter || v->warmup != s->warmup ||
	    v->n != s->metrics.n + s->vmstat.n + s->perf.n)
		fail_msg("read otherwise: %s", line);
	for (size_t i = 0; i < RECORD_NUMBERS; i++)
		if (v->number[i] != (double)numbers[i])
			fail_msg("number %zu is %g in %s", i, v->number[i], line);
	assert_int_equal(v->latencies, s->latencies);
	for (size_t i = 0; i < v->latencies; i++)
		if (v->latency_ns[i] != (double)s->latency_ns[i])
			fail_msg("latency %zu is %g in %s", i, v->latency_ns[i], line);
	for (size_t i = 0; i < v->n; i++) {
		char *name = xstrndup(v->figures[i].name.at, v->figures[i].name.len);
		double want = figures_get(group_of(s, v->figures[i].group), name);

		if (v->figures[i].value != want)
			fail_msg("%s is %.17g, not %.17g in %s", name, v->figures[i].value, want,
				 line);
		free(name);
	}
}

/* Reads both ways; returns whether the line is good. */
static bool check(struct record_view *v, const char *line)
{
	struct err a, b;
	struct sample s;
	bool good = sample_parse(&s, line, strlen(line), &a) == 0;

	if (good != (record_view_read(v, line, strlen(line), &b) == 0))
		fail_msg("good one way only: %s", line);
	if (good)
		check_equal(v, &s, line);
	else
		assert_string_equal(a.text, b.text);
	if (good)
		sample_release(&s);
	return good;
}

static char *example(const char *reason)
{
	uint64_t latency[] = {18446744073, 5};
	struct sample s = {.cell = "exit-mlocked/procs=32,lock=mlock",
			   .iter = 3,
			   .warmup = true,
			   .outcome = "fail",
			   .reason = (char *)reason,
			   .elapsed_ns = 123456789012345,
			   .ops = 7,
			   .utime_us = 1,
			   .stime_us = 2,
			   .minflt = 3,
			   .majflt = 4,
			   .nvcsw = 5,
			   .nivcsw = 6,
			   .latency_ns = latency,
			   .latencies = 2};
	char *line;

	figures_set(&s.metrics, "exit", 525.2);
	figures_set(&s.metrics, "none", 0.0 / 0.0);
	figures_set(&s.metrics, "tiny", 1.0 / 3e9);
	figures_set(&s.metrics, "third", 2252.540161132812);
	figures_set(&s.vmstat, "nr_mlock", -12);
	figures_set(&s.perf, "cycles", 9007199254740993.0);
	line = sample_format(&s);
	figures_release(&s.metrics);
	figures_release(&s.vmstat);
	figures_release(&s.perf);
	return line;
}

static void test_written(void **state)
{
	static const char *const reasons[] = {"", "nr_mlock is 5", "quote \" and \\", "\x1b[2J\n",
					      "\xc3\xa9"};
	struct record_view v = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		char *line = example(reasons[i]);

		assert_true(check(&v, line));
		free(line);
	}
	record_view_release(&v);
}

static void test_odd(void **state)
{
	static const char *const lines[] = {
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\"}",
		"{ \"t\" : \"sample\", \"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\",\"new\":{\"x\":[1]}"
		"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\",\"minflt\":2.5}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\",\"minflt\":-2}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\",\"metrics\":{}}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\","
		"\"metrics\":{\"a\":1e3,\"b\":-0.5,\"c\":0.1,\"d\":123456.7890123456789}}",
	};
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"{\"t\":\"end\",\"samples\":3}",
		"{\"t\":\"sample\",\"cell\":\"\",\"iter\":0,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":-1,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"great\"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\",\"latency_ns\":[-1]"
		"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":00,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\"},",
		"{\"t\":\"sample\",\"cell\":\"a\",\"iter\":0,\"outcome\":\"ok\",}",
	};
	struct record_view v = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!check(&v, lines[i]))
			fail_msg("refused: %s", lines[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (check(&v, bad[i]))
			fail_msg("taken: %s", bad[i]);
	record_view_release(&v);
}

/* One byte changed, dropped or cut after, ten thousand times. */
static void test_damaged(void **state)
{
	static const char bytes[] = "{}[]:,.\"\\-0159eEtn \n";
	char *line = example("nr_mlock is 5"), *damaged;
	struct record_view v = {0};
	size_t len = strlen(line), good = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 99);
	damaged = xmalloc(len + 1);
	for (int i = 0; i < 10000; i++) {
		size_t at = (size_t)rng_below(&rng, len);

		memcpy(damaged, line, len + 1);
		switch (rng_below(&rng, 3)) {
		case 0:
			damaged[at] = bytes[rng_below(&rng, sizeof(bytes) - 1)];
			break;
		case 1:
			memmove(damaged + at, damaged + at + 1, len - at);
			break;
		default:
			damaged[at] = 0;
		}
		good += check(&v, damaged);
	}
	assert_true(good > 100 && good < 9000);
	free(damaged);
	free(line);
	record_view_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("record-view", tests, NULL, NULL);
}
