/* The harness: which records a run gives, what goes into them, and crews of processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "workloads/accounting.h"
#include "workloads/crew.h"
#include "workloads/harness.h"
#include "workloads/memory.h"

/* What a run gave, one letter an iteration: w for warm-up, then o, f, s or b. */
struct seen {
	char letters[64];
	char reason[256];
	struct figures metrics; /* of the last */
	uint64_t elapsed_ns, ops, latency_ns[8], minflt;
	size_t latencies;
};

static int see(void *arg, const struct sample *s, struct err *err)
{
	struct seen *seen = arg;
	size_t n = strlen(seen->letters);

	(void)err;
	if (s->warmup)
		seen->letters[n++] = 'w';
	seen->letters[n] = s->outcome[0];
	strcpy(seen->reason, s->reason);
	figures_release(&seen->metrics);
	for (size_t i = 0; i < s->metrics.n; i++)
		figures_set(&seen->metrics, s->metrics.v[i].name, s->metrics.v[i].value);
	seen->elapsed_ns = s->elapsed_ns;
	seen->ops = s->ops;
	seen->minflt = s->minflt;
	seen->latencies = s->latencies;
	for (size_t i = 0; i < s->latencies && i < 8; i++)
		seen->latency_ns[i] = s->latency_ns[i];
	return 0;
}

static const struct metric metrics[] = {
	{"cost", "ns", "", BETTER_LOWER, true}, {"p50", "ns", "", BETTER_LOWER, true},
	{"p99", "ns", "", BETTER_LOWER, true},	{"p9999", "ns", "", BETTER_LOWER, true},
	{"max", "ns", "", BETTER_LOWER, true},	{0},
};

/* Others on this machine may lock memory; only the test of the accounting looks at it. */
static struct workload fake = {.name = "fake", .metrics = metrics, .slack_pages = 1 << 20};

static int run_fake(struct seen *seen, struct run_opts opts)
{
	struct sink sink = {seen, see};
	struct cell c;
	struct err err;
	int ret;

	figures_release(&seen->metrics);
	*seen = (struct seen){.letters = ""};
	assert_int_equal(cell_parse(&c, &fake, NULL, 0, &err), 0);
	ret = harness_run(&c, &opts, &sink, &err);
	assert_string_equal(err.text, "");
	cell_release(&c);
	return ret;
}

static int run_with(enum outcome (*iterate)(struct bench *b), struct seen *seen)
{
	fake.iterate = iterate;
	return run_fake(seen, (struct run_opts){.iterations = 2, .warmup = 1, .seed = 1});
}

static enum outcome sleep_a_bit(struct bench *b)
{
	bench_start(b);
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	bench_stop(b);
	bench_ops(b, 4);
	return OUTCOME_OK;
}

static void test_records(void **state)
{
	struct seen s = {.letters = ""};

	(void)state;
	assert_int_equal(run_with(sleep_a_bit, &s), EXIT_OK);
	assert_string_equal(s.letters, "wooo");
	assert_true(s.elapsed_ns >= 2000000);
	assert_int_equal(s.ops, 4);
	assert_float_equal(figures_get(&s.metrics, "cost"), (double)s.elapsed_ns / 4, 1e-9);
	figures_release(&s.metrics);
}

static enum outcome wrong(struct bench *b)
{
	sleep_a_bit(b);
	return bench_fail(b, "%d pages are wrong", 3);
}

static enum outcome broken(struct bench *b)
{
	bench_start(b);
	return bench_broken(b, "no luck");
}

static enum outcome no_region(struct bench *b)
{
	(void)b;
	return OUTCOME_OK;
}

static enum outcome unwilling(struct bench *b)
{
	return bench_skip(b, "no such kernel");
}

static void test_outcomes(void **state)
{
	struct seen s = {.letters = ""};

	(void)state;
	/* What is wrong is kept with its figures, and the run goes on; what is broken ends it. */
	assert_int_equal(run_with(wrong, &s), EXIT_REGRESSION);
	assert_string_equal(s.letters, "wfff");
	assert_string_equal(s.reason, "3 pages are wrong");
	assert_true(s.elapsed_ns > 0);
	assert_int_equal(run_with(broken, &s), EXIT_USAGE);
	assert_string_equal(s.letters, "wb");
	assert_string_equal(s.reason, "no luck");
	assert_int_equal(s.elapsed_ns, 0);
	assert_int_equal(run_with(no_region, &s), EXIT_USAGE);
	assert_string_equal(s.letters, "wb");
	assert_int_equal(run_with(unwilling, &s), EXIT_SKIP);
	assert_string_equal(s.reason, "no such kernel");
	figures_release(&s.metrics);
}

static uint64_t a_lot(struct bench *b)
{
	(void)b;
	return 1ull << 50;
}

static void test_needs(void **state)
{
	struct seen s = {.letters = ""};

	(void)state;
	fake.needs.memory = a_lot;
	assert_int_equal(run_with(sleep_a_bit, &s), EXIT_SKIP);
	assert_string_equal(s.letters, "s");
	assert_non_null(strstr(s.reason, "needs 1099511627776 KiB of memory, there are "));
	fake.needs = (struct needs){.cpus = 100000};
	assert_int_equal(run_with(sleep_a_bit, &s), EXIT_SKIP);
	assert_non_null(strstr(s.reason, "needs 100000 CPUs, there are "));
	fake.needs = (struct needs){0};
	figures_release(&s.metrics);
}

static enum outcome latencies(struct bench *b)
{
	sleep_a_bit(b);
	for (int i = 0; i < 150; i++)
		bench_latency(b, (uint64_t)(i * 7 % 150 + 1)); /* 1..150, in disorder */
	bench_percentiles(b);
	return OUTCOME_OK;
}

/* Of 150 values the nearest ranks are 75 and 149 (148.5 rounded up). */
static void test_percentiles(void **state)
{
	struct seen s = {.letters = ""};

	(void)state;
	run_with(latencies, &s);
	assert_int_equal(s.latencies, 150);
	assert_float_equal(figures_get(&s.metrics, "p50"), 75, 0);
	assert_float_equal(figures_get(&s.metrics, "p99"), 149, 0);
	assert_float_equal(figures_get(&s.metrics, "p9999"), 150, 0);
	assert_float_equal(figures_get(&s.metrics, "max"), 150, 0);
	figures_release(&s.metrics);
}

static uint64_t drawn[3], injected;

static enum outcome draw(struct bench *b)
{
	for (int i = 0; i < 3; i++)
		drawn[i] = bench_random(b);
	injected = bench_injected(b, 1000);
	return sleep_a_bit(b);
}

/*
 * The first draw is the harness's own, for the ballast. The values are those the reference
 * implementation of splitmix64 gives for this seed (rosettacode.org, Pseudo-random numbers).
 */
static void test_random_and_inject(void **state)
{
	struct seen s = {.letters = ""};

	(void)state;
	fake.iterate = draw;
	run_fake(&s, (struct run_opts){.iterations = 1, .seed = 1234567, .inject = 0.45});
	assert_true(drawn[0] == 3203168211198807973u);
	assert_true(drawn[1] == 9817491932198370423u);
	assert_true(drawn[2] == 4593380528125082431u);
	assert_int_equal(injected, 1005);
	figures_release(&s.metrics);
}

static int refuse(struct bench *b, int member, void *arg, struct err *err)
{
	(void)b;
	(void)arg;
	return member == 2 ? err_set(err, "not today") : 0;
}

static int work(struct bench *b, int member, void *arg, struct err *err)
{
	char *at = mmap(NULL, 64 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	(void)b;
	(void)member;
	(void)arg;
	if (at == MAP_FAILED)
		return err_sys(err, "mmap");
	memory_touch(at, 64 * PAGE_BYTES, true);
	return 0;
}

static enum outcome refusing_crew(struct bench *b)
{
	struct crew c;
	enum outcome o = crew_gather(b, &c, 4, refuse, NULL, NULL);

	crew_dismiss(&c);
	return o;
}

static enum outcome ending_crew(struct bench *b)
{
	struct crew c;
	enum outcome o = crew_gather(b, &c, 4, work, NULL, NULL);

	if (o == OUTCOME_OK) {
		crew_watch();
		bench_start(b);
		crew_release(&c);
		o = crew_reap(b, &c);
		bench_stop(b);
		bench_ops(b, 4);
		crew_latencies(b, &c);
	}
	crew_dismiss(&c);
	return o;
}

static enum outcome working_crew(struct bench *b)
{
	struct crew c;
	enum outcome o = crew_gather(b, &c, 3, NULL, work, NULL);

	if (o == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		o = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, 3);
	}
	crew_dismiss(&c);
	return o;
}

static enum outcome crew_of_nobody(struct bench *b)
{
	struct crew c;
	enum outcome o = crew_gather(b, &c, 0, NULL, NULL, NULL);

	sleep_a_bit(b);
	crew_dismiss(&c);
	return o;
}

static void test_crew(void **state)
{
	struct seen s = {.letters = ""};

	(void)state;
	assert_int_equal(run_with(refusing_crew, &s), EXIT_USAGE);
	assert_string_equal(s.reason, "process 2: not today");
	assert_int_equal(run_with(ending_crew, &s), EXIT_OK);
	assert_int_equal(s.latencies, 4);
	for (int i = 0; i < 4; i++)
		assert_true(s.latency_ns[i] > 0 && s.latency_ns[i] <= s.elapsed_ns);
	/* What a member did before it was released is not the region's. */
	assert_true(s.minflt < 4 * 64);
	assert_int_equal(run_with(working_crew, &s), EXIT_OK);
	assert_true(s.minflt >= 3 * 64);
	assert_int_equal(run_with(crew_of_nobody, &s), EXIT_OK);
	figures_release(&s.metrics);
}

static enum outcome leave_locked(struct bench *b)
{
	char *at = mmap(NULL, 15 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);

	/* a sanitizer makes mlock() do nothing */
	if (syscall(SYS_mlock, at, 15 * PAGE_BYTES) < 0)
		return bench_skip(b, "memory cannot be locked");
	return sleep_a_bit(b);
}

/*
 * An iteration that leaves memory locked is wrong, and is told by how much. Who unlocks as much on
 * this machine at that moment hides it; not five times in a row.
 */
static void test_accounting(void **state)
{
	struct seen s;
	int ret, tries = 0;

	(void)state;
	fake.slack_pages = 0;
	fake.iterate = leave_locked;
	do {
		s = (struct seen){.letters = ""};
		ret = run_fake(&s, (struct run_opts){.iterations = 1});
		figures_release(&s.metrics);
	} while (ret != EXIT_SKIP && !strstr(s.reason, "nr_mlock +") && ++tries < 5);
	if (ret == EXIT_SKIP)
		skip();
	assert_string_equal(s.letters, "f");
	assert_non_null(strstr(s.reason, "the accounting did not come back: nr_mlock +"));
	fake.slack_pages = 1 << 20;
}

static void test_vmstat(void **state)
{
	struct vmstat before, now;
	struct figures f = {0};
	struct err err;

	(void)state;
	assert_int_equal(vmstat_read(&before, &err), 0);
	now = before;
	for (int i = 0; i < VMSTAT_MAX; i++)
		now.v[i] += 10 - i;
	vmstat_difference(&f, &before, &now);
	assert_true(vmstat_get(&before, "nr_mlock") >= 0);
	assert_int_equal(vmstat_get(&before, "nr_of_angels"), -1);
	assert_float_equal(figures_get(&f, "nr_mlock"), 10, 0);
	assert_float_equal(figures_get(&f, "nr_unevictable"), 9, 0);
	figures_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_random_and_inject),
		cmocka_unit_test(test_crew),
		cmocka_unit_test(test_accounting),
		cmocka_unit_test(test_vmstat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
