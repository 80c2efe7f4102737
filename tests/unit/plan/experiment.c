/* Experiment files: what they may say, what they expand to, and what is told of one that is wrong.
 */
#include "tests/unit/check.h"

#include <math.h>
#include "runner/plan/experiment.h"
#include "runner/plan/settings.h"
#include "runner/plan/sweep.h"

/* The real one, beside the build directory's tests: it alone knows the workloads. */
#define BENCH "build/mlockbench"

static void expand(const char *list, const char *want)
{
	struct strv v = STRV_INIT;
	struct str got = STR_INIT;
	struct err err = {""};

	if (sweep_expand(list, &v, &err) < 0)
		fail_msg("%s: %s", list, err.text);
	for (size_t i = 0; i < v.n; i++)
		str_addf(&got, "%s%s", i ? " " : "", v.v[i]);
	assert_string_equal(str_text(&got), want);
	str_release(&got);
	strv_release(&v);
}

static void test_sweep(void **state)
{
	(void)state;
	expand("5", "5");
	expand("mlock,none", "mlock none");
	expand("1, 2 ,3", "1 2 3");
	expand("1,2,4,...,64", "1 2 4 8 16 32 64");
	expand("1M,2M,4M,...,16M", "1M 2M 4M 8M 16M");
	expand("3,9,27,...,243,1000", "3 9 27 81 243 1000");
	expand("1,2,...,5", "1 2 3 4 5");
	expand("10,20,...,50", "10 20 30 40 50");
	expand("1,2,3,...,6", "1 2 3 4 5 6");
}

static void refuse_sweep(const char *list, const char *words)
{
	struct strv v = STRV_INIT;
	struct err err = {""};

	if (sweep_expand(list, &v, &err) == 0)
		fail_msg("taken: %s", list);
	assert_says(&err, words);
	strv_release(&v);
}

static void test_sweep_refused(void **state)
{
	(void)state;
	refuse_sweep("", "no value");
	refuse_sweep(" , ", "no value");
	refuse_sweep("...,4", "needs two numbers before it");
	refuse_sweep("1,...,4", "needs two numbers before it");
	refuse_sweep("1,2,...", "nothing after '...'");
	refuse_sweep("1,2,4,...,63", "never meet '63'");
	refuse_sweep("1,2,...,1000000000", "never meet");
	refuse_sweep("4,2,...,1", "must grow");
	refuse_sweep("2,2,...,4", "must grow");
	refuse_sweep("1K,2M,...,4M", "same unit");
	refuse_sweep("a,b,...,c", "needs two numbers");
	refuse_sweep("1,2,...,9223372036854775807", "none above 2147483648");
	refuse_sweep("1,9223372036854775807,...,2147483648", "same unit");
}

#define ARM "[arm:a]\nkernel=debian:6.1\n"

static void load(void **state, struct experiment *e, const char *text)
{
	char *path = put_file(*state, "x.ini", text);
	struct err err = {""};

	if (experiment_load(e, path, BENCH, &err) < 0)
		fail_msg("%s", err.text);
	free(path);
}

static void test_load(void **state)
{
	struct experiment e;

	load(state, &e,
	     "[global]\npairs=7\nseed=0x10\ncpus=2\nmargin=0.02\niterations=5\n" ARM
	     "[arm:b]\nkernel=deb:/x.deb\ncmdline=a=b c\n"
	     "[j]\nworkload=exit-mlocked\nprocs=1,2\nlock=mlock,none\nwarmup=0\n[k]\nworkload="
	     "null\n");
	assert_string_equal(e.name, "x");
	assert_true(e.watchdog > e.timeout);
	assert_string_equal(e.target, "auto");
	assert_int_equal(e.pairs, 7);
	assert_int_equal(e.seed, 16);
	assert_int_equal(e.cpus, 2);
	assert_true(e.margin == 0.02);
	assert_int_equal(e.narms, 2);
	assert_string_equal(e.arms[1].name, "b");
	assert_string_equal(e.arms[1].cmdline, "a=b c");
	assert_int_equal(e.ncells, 5);
	/* the last key varies fastest */
	assert_string_equal(e.cells[0].id, "exit-mlocked/procs=1,lock=mlock");
	assert_string_equal(e.cells[1].id, "exit-mlocked/procs=1,lock=none");
	assert_string_equal(e.cells[3].id, "exit-mlocked/procs=2,lock=none");
	assert_string_equal(e.cells[4].id, "null");
	assert_int_equal(json_array_size(e.workloads), 2);
	experiment_release(&e);
}

/* Through run.json and back every guest is given the same bytes. */
static void test_round_trip(void **state)
{
	struct experiment e, back;
	json_t *run;
	struct err err = {""};

	load(state, &e,
	     "[global]\nname=n.1\nseed=18446744073709551615\nmargin=0.0123\nsettle=0\nlayouts="
	     "independent\n"
	     "[arm:a]\nkernel=debian:6.1\ncmdline=x=1\ninject=0.5%\n"
	     "[j]\nworkload=exit-mlocked\nprocs=2\nsize=64K\n");
	run = experiment_json(&e);
	json_object_set_new(run, "arms",
			    json_pack("[{s:s, s:s, s:s, s:f}]", "name", "a", "spec", "debian:6.1",
				      "cmdline", "x=1", "inject", e.arms[0].inject));
	if (experiment_from_json(&back, run, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(back.seed == UINT64_MAX);
	assert_true(back.margin == 0.0123);
	assert_int_equal(back.settle, 0);
	assert_int_equal(back.cpus, 0);
	assert_string_equal(back.name, "n.1");
	assert_string_equal(back.text, e.text);
	assert_string_equal(back.arms[0].cmdline, "x=1");
	assert_true(back.arms[0].inject == 0.5);
	assert_string_equal(back.layouts, "independent");
	assert_int_equal(back.ncells, 1);
	assert_int_equal(back.cells[0].args.n, e.cells[0].args.n);
	for (size_t i = 0; i < e.cells[0].args.n; i++)
		assert_string_equal(back.cells[0].args.v[i], e.cells[0].args.v[i]);
	/* a key that an older tool did not know keeps its default */
	json_object_del(json_object_get(json_object_get(run, "experiment"), "settings"),
			"lock_boots");
	experiment_release(&back);
	assert_int_equal(experiment_from_json(&back, run, &err), 0);
	assert_int_equal(back.lock_boots, 1);
	experiment_release(&back);
	json_decref(run);
	experiment_release(&e);
}

static void test_run_json_refused(void **state)
{
	json_t *run = json_pack("{s:[], s:[]}", "arms", "cells");
	struct experiment e;
	struct err err = {""};

	(void)state;
	assert_int_equal(experiment_from_json(&e, run, &err), -1);
	assert_says(&err, "run.json has no arms, cells or workloads");
	json_decref(run);
	run = json_pack("{s:[{s:s}, {s:s}]}", "arms", "name", "a", "name", "a");
	assert_int_equal(experiment_from_json(&e, run, &err), -1);
	assert_says(&err, "run.json has the arm 'a' twice");
	json_decref(run);
	run = json_pack("{s:{s:{s:s}}}", "experiment", "files", "a/../../b", "text");
	assert_int_equal(experiment_from_json(&e, run, &err), -1);
	assert_says(&err, "run.json has 'a/../../b' in its files");
	json_decref(run);
	run = json_pack("{s:{s:{s:i}}}", "experiment", "files", "a", 1);
	assert_int_equal(experiment_from_json(&e, run, &err), -1);
	assert_says(&err, "run.json has 'a' in its files");
	json_decref(run);
}

#define JOB "[j]\nworkload=null\n"

static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{"", "no section with a workload="},
		{ARM, "no section with a workload="},
		{"[global]\npairs=0\n" JOB, "x.ini:2: pairs=0: out of range, 1..10000"},
		{"[global]\npairs=ten\n" JOB, "x.ini:2: pairs=ten: out of range, 1..10000"},
		{"[global]\npairs=\n" JOB, "pairs="},
		{"[global]\npairs=99999999999999999999\n" JOB, "out of range"},
		{"[global]\nwatchdog=4\n" JOB, "watchdog=4: out of range, 5..86400"},
		{"[global]\nmemory=8M\n" JOB, "memory=8M: out of range, 256..1048576"},
		{"[global]\nmargin=1\n" JOB, "margin=1: not a share from 0 to 1"},
		{"[global]\nmargin=nan\n" JOB, "margin=nan: not a share from 0 to 1"},
		{"[global]\nseed=x\n" JOB, "seed=x: not a number"},
		{"[global]\nname=../../etc/x\n" JOB,
		 "x.ini:2: name=../../etc/x: of letters, digits"},
		{"[global]\nname=\n" JOB, "name="},
		{"[global]\npair=3\n" JOB,
		 "x.ini:2: unknown key 'pair' in [global]: one of name, target,"},
		{"[arm:a]\nkernal=x\n" JOB,
		 "x.ini:2: unknown key 'kernal' in [arm:a]: kernel, cmdline or inject"},
		{"[arm:a]\ncmdline=x\n" JOB, "x.ini:1: [arm:a] has no kernel="},
		{"[arm:]\nkernel=x\n" JOB, "an arm's name is of a-z"},
		{"[arm:a/b]\nkernel=x\n" JOB, "an arm's name is of a-z"},
		{"[arm:a]\nkernel=x\ninject=1x\n" JOB, "inject=1x: not a percentage"},
		{"[global]\nlayouts=mixed\n" JOB, "x.ini:2: layouts=mixed: paired or independent"},
		{"[j]\nprocs=1\n", "x.ini:1: [j] has no workload="},
		{"[j]\nworkload=nosuch\n", "x.ini:1: nosuch: no such workload"},
		{"[j]\nworkload=exit-mlocked\nprocs=2000\n", "procs=2000: out of range, 1..1024"},
		{"[j]\nworkload=exit-mlocked\nprocs=x\n", "procs=x: not a whole number"},
		{"[j]\nworkload=exit-mlocked\nlock=maybe\n", "lock=maybe: not one of mlock|none"},
		{"[j]\nworkload=exit-mlocked\nsize=5\n", "size=5"},
		{"[j]\nworkload=exit-mlocked\nthreads=5\n",
		 "threads: exit-mlocked has no such parameter, it has procs"},
		{"[j]\nworkload=exit-mlocked\nprocs=1,2,4,...,63\n",
		 "x.ini:3: procs=1,2,4,...,63: "},
		{"[j]\nworkload=null\niterations=0\n", "x.ini:3: iterations=0: out of range, 1.."},
		{"[j]\nworkload=null\n[k]\nworkload=null\n",
		 "x.ini:3: the cell 'null' stands twice"},
		{"[j]\nworkload=null\nworkload=null\n", "x.ini:3: 'workload' stands twice in [j]"},
		{"[j\n", "x.ini:1: neither [section] nor key=value"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char *path = put_file(*state, "x.ini", wrong[i].text);
		struct experiment e;
		struct err err = {""};

		if (experiment_load(&e, path, BENCH, &err) == 0)
			fail_msg("taken: %s", wrong[i].text);
		assert_says(&err, wrong[i].words);
		assert_null(strchr(err.text, '\n'));
		free(path);
	}
}

static void test_set(void **state)
{
	struct experiment e;
	struct err err = {""};

	load(state, &e, ARM JOB);
	assert_int_equal(experiment_set(&e, "pairs", "3", &err), 0);
	assert_int_equal(e.pairs, 3);
	assert_int_equal(experiment_set(&e, "pairs", "x", &err), -1);
	assert_says(&err, "pairs=x: out of range");
	assert_int_equal(experiment_set(&e, "pears", "3", &err), -1);
	assert_says(&err, "unknown key 'pears'");
	experiment_set_arm(&e, "a", "debian:5.10");
	experiment_set_arm(&e, "b", "running");
	assert_int_equal(e.narms, 2);
	assert_string_equal(e.arms[0].spec, "debian:5.10");
	assert_string_equal(e.arms[1].cmdline, "");
	assert_int_equal(experiment_set_inject(&e, "b", "0.5%", &err), 0);
	assert_true(e.arms[1].inject == 0.5);
	assert_int_equal(experiment_set_inject(&e, "c", "1", &err), -1);
	assert_says(&err, "no arm 'c'");
	experiment_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_sweep_refused),
		cmocka_unit_test_setup_teardown(test_load, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_round_trip, make_dir, remove_dir),
		cmocka_unit_test(test_run_json_refused),
		cmocka_unit_test_setup_teardown(test_refused, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_set, make_dir, remove_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
