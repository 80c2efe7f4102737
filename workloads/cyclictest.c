/*
 * cyclictest(8) of rt-tests: how late a thread of real-time priority wakes up, with all of its
 * memory locked (--mlockall) or, as control, not: what a page that was reclaimed or moved costs
 * it. There is something to see where other work wants the memory: background=fio:FILE.
 *
 * The figures are those of cyclictest's own histogram, to the microsecond, up to 20 ms; what is
 * later shows in max alone. They are times: a tail worth the name takes a real machine and some
 * hours. Under icount, where the clock counts instructions, they are the length of a wake-up's path
 * and no latency.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/json.h"
#include "workloads/outside.h"
#include "workloads/workload.h"

#define REPORT "cyclictest.json"
#define US_MAX 20000

static void arguments(struct bench *b, struct strv *argv)
{
	char *report = outside_file(REPORT);

	strv_push(argv, "--quiet");
	strv_push(argv, "--priority=80");
	strv_push(argv, "--policy=fifo");
	strv_pushf(argv, "--interval=%" PRIu64, bench_int(b, "interval"));
	strv_pushf(argv, "--loops=%" PRIu64, bench_injected(b, bench_int(b, "loops")));
	strv_pushf(argv, "--histogram=%d", US_MAX);
	strv_push(argv, "--histfile=/dev/null");
	strv_pushf(argv, "--json=%s", report);
	if (bench_is(b, "lock", "mlock"))
		strv_push(argv, "--mlockall");
	free(report);
}

/* By nearest rank, in microseconds; max where it lies above the histogram. */
static double percentile(const json_t *histogram, double share, double cycles, double max)
{
	double seen = 0;

	for (int us = 0; us < US_MAX; us++) {
		char key[16];

		snprintf(key, sizeof(key), "%d", us);
		seen += json_get_num(histogram, key, 0);
		if (seen >= share * cycles)
			return us;
	}
	return max;
}

static enum outcome take(struct bench *b, const json_t *thread)
{
	const json_t *histogram = json_object_get(thread, "histogram");
	double cycles = json_get_num(thread, "cycles", 0), max = json_get_num(thread, "max", 0);

	if (!(cycles > 0))
		return bench_broken(b, "cyclictest reports no wake-ups: the console has its words");
	bench_ops(b, (uint64_t)cycles);
	bench_metric(b, "p9999", 1e3 * percentile(histogram, 0.9999, cycles, max));
	bench_metric(b, "p50", 1e3 * percentile(histogram, 0.5, cycles, max));
	bench_metric(b, "max", 1e3 * max);
	return OUTCOME_OK;
}

static enum outcome judge(struct bench *b)
{
	char *report = outside_file(REPORT);
	enum outcome outcome;
	struct err err;
	json_t *o = json_read(report, &err);

	unlink(report);
	free(report);
	if (!o)
		return bench_broken(b, "%s", err.text);
	/* It has no --version. */
	fprintf(stderr, "--- rt-tests %s\n", json_get_str(o, "rt_test_version:", "?"));
	outcome = take(b, json_object_get(json_object_get(o, "thread"), "0"));
	json_decref(o);
	return outcome;
}

static enum outcome iterate(struct bench *b)
{
	return outside_run(b, &(struct outside){.arguments = arguments, .judge = judge});
}

/* Its own, and the histogram. */
static uint64_t memory(struct bench *b)
{
	(void)b;
	return 64 << 20;
}

static uint64_t memlock(struct bench *b)
{
	return bench_is(b, "lock", "mlock") ? memory(b) : 0;
}

const struct workload cyclictest = {
	.name = "cyclictest",
	.help = "how late a real-time thread with locked memory wakes",
	.params =
		(const struct param[]){
			{"loops", "wake-ups", PARAM_INT, "10000", 1, 1000000000, NULL},
			{"interval", "between them, us", PARAM_INT, "200", 10, 1000000, NULL},
			{"program", "cyclictest, or the path of one", PARAM_TEXT, "cyclictest", 0,
			 0, NULL},
			{"lock", "with --mlockall, or not", PARAM_ENUM, "mlock", 0, 0,
			 "mlock|none"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"p9999", "ns", "lateness of a wake-up, 99.99th percentile", BETTER_LOWER,
			 true},
			{"p50", "ns", "the same, median", BETTER_LOWER, true},
			{"max", "ns", "the latest wake-up", BETTER_LOWER, true},
			{0},
		},
	.needs = {.root = true, .memory = memory, .memlock = memlock, .feature = outside_feature},
	.control = "lock=none",
	.slack_pages = 64,
	.iterate = iterate,
};
