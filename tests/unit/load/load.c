/* Reading a stored run: figures, units, gaps, and what is said of bad files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "analysis/load/conditions.h"
#include "analysis/load/samples.h"
#include "tests/unit/fixture-run.h"
#include "tests/unit/near.h"

static void begin(struct fixture *f, const char *kind)
{
	fixture_begin(f, kind, 2);
	fixture_arm(f, "old", "5.10.0", "n");
	fixture_arm(f, "new", "6.1.0", "y");
}

static void load(struct fixture *f, struct run *r)
{
	struct err err;

	fixture_finish(f);
	if (load_run(r, f->path, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect_error(struct fixture *f, const char *words)
{
	struct err err;
	struct run r;

	fixture_finish(f);
	assert_int_equal(load_run(&r, f->path, &err), -1);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in '%s'", words, err.text);
	assert_null(r.path);
	fixture_release(f);
}

static void test_figures(void **state)
{
	struct fixture f;
	struct run r;
	const struct run_cell *c;

	(void)state;
	begin(&f, "tcg");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	fixture_cell(&f, 1, MAIN_CELL, 200);
	fixture_sample(&f, 1, MAIN_CELL, 3, false, "fail", 0, 0);
	fixture_boot(&f, 2, "new", 0, 7, "ok");
	fixture_sample(&f, 2, MAIN_CELL, 0, false, "skip", 0, 0);
	load(&f, &r);
	c = load_cell(&r, MAIN_CELL);
	assert_non_null(c);
	assert_string_equal(c->label, "procs=32,lock=mlock");
	assert_string_equal(c->series[0].metric.name, "exit");
	assert_string_equal(c->series[0].metric.unit, "ns/page/process");
	assert_int_equal(c->series[0].metric.kind, METRIC_PRIMARY);
	assert_int_equal(c->series[0].metric.better, LOWER_IS_BETTER);
	/* The warm-up of 1000 is not in the median of 199 and 201. */
	NEAR(c->series[0].boot[0].median, 200, 1e-9);
	NEAR(c->series[0].boot[0].sd, sqrt(2), 1e-9);
	assert_int_equal(c->series[0].boot[0].n, 2);
	assert_true(isnan(c->series[0].boot[1].median));
	NEAR(load_series(c, "minflt")->boot[0].median, 5, 0);
	assert_int_equal(load_series(c, "vmstat.nr_mlock")->metric.kind, METRIC_COUNTER);
	assert_null(load_series(c, "nothing"));
	assert_int_equal(c->outcome[0].ok, 3);
	assert_int_equal(c->outcome[0].fail, 1);
	assert_int_equal(c->outcome[1].skip, 1);
	assert_string_equal(c->outcome[1].reason, "nr_mlock\n");
	assert_false(c->is_control);
	assert_true(load_cell(&r, CONTROL_CELL)->is_control);
	NEAR(load_param(c, "procs"), 32, 0);
	NEAR(load_param(c, "size"), 8 << 20, 0);
	assert_true(isnan(load_param(c, "nothing")));
	assert_string_equal(load_what(&r), "time");
	assert_string_equal(load_arm(&r, "new")->release, "6.1.0");
	assert_int_equal(r.notes.n, 0);
	load_release(&r);
	fixture_release(&f);
}

struct latencies {
	size_t calls, n;
	double first, last;
};

static void take_latencies(void *arg, size_t cell, const double *v, size_t n)
{
	struct latencies *l = arg;

	(void)cell;
	*l = (struct latencies){l->calls + 1, n, v[0], v[n - 1]};
}

/* Two ns an instruction: times are halved and called instructions, shares and counts are not. */
static void test_instructions(void **state)
{
	struct fixture f;
	struct run r;
	struct err err;
	const struct run_cell *c;
	struct latencies l = {0};
	bool wanted[8] = {0};

	(void)state;
	begin(&f, "icount");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	fixture_sample(&f, 1, MAIN_CELL, 0, true, "ok", 1, 0.5);
	fixture_sample(&f, 1, MAIN_CELL, 1, false, "ok", 300, 0.5);
	fixture_sample(&f, 1, MAIN_CELL, 2, false, "ok", 300, 0.5);
	load(&f, &r);
	c = load_cell(&r, MAIN_CELL);
	assert_string_equal(c->series[0].metric.unit, "insn/page/process");
	assert_string_equal(load_series(c, "p99")->metric.unit, "insn");
	assert_string_equal(load_series(c, "failed")->metric.unit, "share");
	assert_string_equal(load_what(&r), "instructions");
	NEAR(c->series[0].boot[0].median, 150, 1e-9);
	NEAR(load_series(c, "failed")->boot[0].median, 0.5, 0);
	NEAR(load_series(c, "elapsed")->boot[0].median, 500, 1e-9);
	assert_true(c->outcome[0].latencies);
	assert_int_equal(load_latencies(&r, &r.boots[0], wanted, take_latencies, &l, &err), 0);
	assert_int_equal(l.calls, 0);
	wanted[c - r.cells] = true;
	assert_int_equal(load_latencies(&r, &r.boots[0], wanted, take_latencies, &l, &err), 0);
	assert_int_equal(l.calls, 1);
	assert_int_equal(l.n, 6);
	NEAR(l.first, 5, 0);
	NEAR(l.last, 15, 0);
	load_release(&r);
	fixture_release(&f);
}

/* Of very many there is a sample, but the shortest and the longest of it are those of all. */
static void test_latency_ends(void **state)
{
	enum { LINES = 200, A_LINE = 2 * LOAD_LATENCIES / LINES };
	struct fixture f;
	struct run r;
	struct err err;
	struct latencies l = {0};
	bool wanted[8] = {0};
	uint64_t ns[A_LINE];

	(void)state;
	begin(&f, "tcg");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	for (int i = 0; i < LINES; i++) {
		struct sample s = {.cell = MAIN_CELL,
				   .iter = i + 1,
				   .outcome = "ok",
				   .reason = "",
				   .elapsed_ns = 1000,
				   .ops = 10,
				   .latency_ns = ns,
				   .latencies = A_LINE};
		char *line;

		for (uint64_t k = 0; k < A_LINE; k++)
			ns[k] = 1000 + (uint64_t)i * A_LINE + k;
		ns[0] = i == LINES / 2 ? 7 : ns[0];
		ns[1] = i == LINES / 2 ? 999999 : ns[1];
		line = sample_format(&s);
		fixture_append(&f, 1, line);
		fixture_append(&f, 1, "\n");
		free(line);
	}
	load(&f, &r);
	wanted[load_cell(&r, MAIN_CELL) - r.cells] = true;
	assert_int_equal(load_latencies(&r, &r.boots[0], wanted, take_latencies, &l, &err), 0);
	assert_int_equal(l.n, LOAD_LATENCIES);
	NEAR(l.first, 7, 0);
	NEAR(l.last, 999999, 0);
	load_release(&r);
	fixture_release(&f);
}

/* The primary metric that a workload did not set is elapsed / ops. */
static void test_default_primary(void **state)
{
	struct fixture f;
	struct run r;

	(void)state;
	begin(&f, "tcg");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	for (int i = 0; i < 3; i++)
		fixture_append(
			&f, 1,
			"{\"t\":\"sample\",\"cell\":\"" MAIN_CELL "\",\"iter\":0,\"warmup\":false,"
			"\"outcome\":\"ok\",\"elapsed_ns\":700,\"ops\":10,\"metrics\":{}}\n");
	load(&f, &r);
	NEAR(r.cells[0].series[0].boot[0].median, 70, 1e-9);
	load_release(&r);
	fixture_release(&f);
}

/* A boot of a machine that was calm but for what is given. */
static void boot_under(struct fixture *f, int n, const char *arm, const char *clocksource,
		       const char *governor)
{
	fixture_boot(f, n, arm, (n - 1) / 2, 7, "ok");
	fixture_cell(f, n, MAIN_CELL, 200);
	fixture_tell(f, n, "guest", json_pack("{s:s}", "clocksource", clocksource));
	fixture_tell(f, n, "disturbing",
		     json_pack("{s:s,s:s,s:s,s:f}", "governor", governor, "clocksource",
			       clocksource, "isolcpus", "", "load", n / 10.));
	fixture_tell(f, n, "wall_seconds", json_real(12));
	fixture_tell(f, n, "ready_seconds", json_real(2));
}

/* What was not the same in all boots of an arm is said once; what was, and what was of the load, is
 * not. */
static void test_conditions(void **state)
{
	struct fixture f;
	struct run r;
	char *text;

	(void)state;
	begin(&f, "host");
	boot_under(&f, 1, "old", "tsc", "performance");
	boot_under(&f, 2, "new", "tsc", "performance");
	boot_under(&f, 3, "new", "hpet", "performance");
	boot_under(&f, 4, "old", "tsc", "powersave");
	boot_under(&f, 5, "old", "tsc", "performance");
	/* a kernel that knows a setting which another has not, and says that there is nothing in it
	 */
	fixture_tell(&f, 1, "disturbing",
		     json_pack("{s:s,s:s,s:s}", "governor", "performance", "clocksource", "tsc",
			       "nohz_full", ""));
	fixture_tell(&f, 5, "stolen_seconds", json_real(0.5));
	fixture_tell(&f, 4, "stolen_seconds", json_real(0.01));
	load(&f, &r);
	assert_int_equal(r.notes.n, 3);
	assert_non_null(strstr(r.notes.v[0],
			       ": the host's governor was not the same in all boots of arm old: "
			       "performance in 2 boots, powersave in boot 004"));
	assert_non_null(strstr(r.notes.v[1],
			       ": clocksource was not the same in all boots of arm new: tsc in "
			       "boot 002, hpet in boot 003"));
	assert_non_null(strstr(r.notes.v[2],
			       ": a hypervisor took CPU time away in 1 of 5 boots, most in boot "
			       "005: 0.50 s, 5.0 % of its CPUs' time"));
	text = load_condition(&r, 0, "governor");
	assert_string_equal(text, "performance, powersave");
	free(text);
	load_release(&r);
	fixture_release(&f);
}

/* Nodes of a cluster with unlike CPUs are said where time is measured. */
static void test_nodes(void **state)
{
	static const char *const cpus[] = {"Xeon", "Xeon", "EPYC"};
	struct fixture f;
	struct run r;

	(void)state;
	begin(&f, "kvm");
	for (int n = 1; n <= 3; n++) {
		boot_under(&f, n, "old", "kvm-clock", "performance");
		fixture_tell(
			&f, n, "node",
			json_pack("{s:s,s:s}", "name", n > 1 ? "n2" : "n1", "cpu", cpus[n - 1]));
	}
	load(&f, &r);
	assert_int_equal(r.notes.n, 1);
	assert_non_null(strstr(r.notes.v[0],
			       ": its nodes have unlike CPUs: Xeon in 2 boots, EPYC in boot 003;"));
	load_release(&r);
	fixture_tell(&f, 3, "node", json_pack("{s:s,s:s}", "name", "n2", "cpu", "Xeon"));
	load(&f, &r);
	assert_int_equal(r.notes.n, 0);
	load_release(&r);
	fixture_release(&f);
}

/* A run under KVM says which boot had not the cores that it asked for; calm boots say nothing. */
static void test_pinned(void **state)
{
	struct fixture f;
	struct run r;

	(void)state;
	begin(&f, "kvm");
	json_object_set_new(json_object_get(f.run, "target"), "place",
			    json_pack("{s:[i,i]}", "cpus", 2, 3));
	boot_under(&f, 1, "old", "kvm-clock", "performance");
	boot_under(&f, 2, "new", "kvm-clock", "performance");
	fixture_tell(&f, 1, "pinned", json_integer(2));
	fixture_tell(&f, 2, "pinned", json_integer(2));
	load(&f, &r);
	assert_int_equal(r.notes.n, 0);
	load_release(&r);
	fixture_tell(&f, 2, "pinned", json_integer(1));
	load(&f, &r);
	assert_int_equal(r.notes.n, 1);
	assert_non_null(strstr(r.notes.v[0],
			       ": in 1 of 2 boots vCPUs had no core of their own; boot 002: 1 of 2 "
			       "had one"));
	load_release(&r);
	fixture_release(&f);
}

/* What a dead boot finished counts, what it did not finish does not; and all of it is said. */
static void test_gaps(void **state)
{
	struct fixture f;
	struct run r;

	(void)state;
	begin(&f, "tcg");
	json_object_set_new(f.run, "status", json_string("incomplete"));
	fixture_boot(&f, 1, "old", 0, 7, "panic");
	fixture_cell(&f, 1, MAIN_CELL, 200);
	fixture_sample(&f, 1, CONTROL_CELL, 0, true, "ok", 90, 0);
	fixture_sample(&f, 1, CONTROL_CELL, 1, false, "ok", 90, 0);
	fixture_append(&f, 1, "{\"t\":\"sample\",\"cell\":");
	fixture_boot(&f, 2, "new", 0, 7, NULL);
	fixture_cell(&f, 2, MAIN_CELL, 100);
	load(&f, &r);
	NEAR(r.cells[0].series[0].boot[0].median, 200, 1e-9);
	assert_true(isnan(r.cells[1].series[0].boot[0].median));
	assert_true(isnan(r.cells[0].series[0].boot[1].median));
	assert_string_equal(r.boots[1].outcome, "missing");
	assert_int_equal(r.notes.n, 3);
	assert_non_null(
		strstr(r.notes.v[0], "/boots/001/samples.jsonl:6: the last record is cut off"));
	assert_non_null(
		strstr(r.notes.v[1], "boot 001 of arm old ended with 'panic': Oops\\x1b[2J"));
	assert_non_null(strstr(r.notes.v[2], "the run is incomplete: 1 of its 2 boots"));
	load_release(&r);
	fixture_release(&f);
}

static void test_bad_files(void **state)
{
	struct fixture f;
	struct err err;
	struct run r;

	(void)state;
	assert_int_equal(load_run(&r, "/nonexistent/run", &err), -1);
	assert_non_null(strstr(err.text, "/nonexistent/run/run.json"));

	begin(&f, "tcg");
	json_object_set_new(f.run, "format", json_integer(9));
	expect_error(&f, "run.json: 'format' is 9, and this mlocklab reads 1");

	begin(&f, "tcg");
	json_object_set_new(f.run, "name", json_string("a\x1b[2J"));
	expect_error(&f, "run.json: a text in it holds a control character");

	begin(&f, "tcg");
	json_object_del(f.run, "cells");
	expect_error(&f, "run.json: 'cells' is not a list");

	begin(&f, "tcg");
	json_array_clear(json_object_get(f.run, "workloads"));
	expect_error(&f, "workload 'exit-mlocked' of 'cells[0]' is not described");

	begin(&f, "tcg");
	json_array_append(json_object_get(f.run, "cells"),
			  json_array_get(json_object_get(f.run, "cells"), 0));
	expect_error(&f, "'cells[2]' repeats the id");

	begin(&f, "tcg");
	fixture_boot(&f, 1, "other", 0, 7, "ok");
	expect_error(&f, "arm 'other' of 'boots[0]' is not under 'arms'");

	begin(&f, "tcg");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	fixture_cell(&f, 1, MAIN_CELL, 3);
	fixture_append(&f, 1, "{\"t\":\"sample\",\n");
	expect_error(&f, "/boots/001/samples.jsonl:4: not JSON");

	begin(&f, "tcg");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	fixture_sample(&f, 1, "exit-mlocked/procs=99", 0, false, "ok", 1, 0);
	expect_error(&f, "samples.jsonl:1: cell 'exit-mlocked/procs=99' is not under 'cells'");
}

/* Beyond what is kept, the median is that of an even sample of it. */
static void test_many_iterations(void **state)
{
	struct fixture f;
	struct run r;
	struct str lines = STR_INIT;

	(void)state;
	begin(&f, "tcg");
	fixture_boot(&f, 1, "old", 0, 7, "ok");
	for (int i = 0; i < 3 * LOAD_ITERATIONS; i++)
		str_addf(&lines,
			 "{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":%d,\"outcome\":\"ok\","
			 "\"metrics\":{\"exit\":%d}}\n",
			 MAIN_CELL, i, i);
	fixture_append(&f, 1, str_text(&lines));
	str_release(&lines);
	load(&f, &r);
	assert_int_equal(r.records, 3 * LOAD_ITERATIONS);
	assert_int_equal(r.cells[0].series[0].boot[0].n, 3 * LOAD_ITERATIONS);
	NEAR(r.cells[0].series[0].boot[0].median, 1.5 * LOAD_ITERATIONS, 0.05 * LOAD_ITERATIONS);
	load_release(&r);
	fixture_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures),	     cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_latency_ends), cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_pinned),	     cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_gaps),	     cmocka_unit_test(test_default_primary),
		cmocka_unit_test(test_bad_files),    cmocka_unit_test(test_many_iterations),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
