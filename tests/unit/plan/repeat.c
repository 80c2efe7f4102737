/* A stored run's experiment, written as a file that can be read again. */
#include "tests/unit/check.h"
#include <jansson.h>
#include "lib/ini.h"
#include "runner/plan/repeat.h"

static const char stored[] =
	"{'target':{'kind':'icount','cpus':1,'nodes':2,'memory_mib':2048},"
	" 'experiment':{'file':'core.ini','text':'...','settings':{'name':'core','target':'auto',"
	"  'cmdline':'','pairs':6,'seed':7,'cpus':0,'nodes':0,'memory':0,'margin':0.02,'profile':2,"
	"  'locks':'slowpath','lock_boots':1}},"
	" 'arms':[{'name':'old','spec':'debian:5.10','cmdline':''},"
	"  {'name':'new','spec':'debian:6.1','cmdline':'mitigations=off'}],"
	" 'cells':[{'id':'null','workload':'null','params':{},'control':null,'iterations':2,'"
	"warmup':1},"
	"  {'id':'exit-mlocked/lock=mlock','workload':'exit-mlocked',"
	"   "
	"'params':{'procs':'8','lock':'mlock'},'control':'exit-mlocked/lock=none','iterations':3,"
	"   'warmup':0},"
	"  "
	"{'id':'exit-mlocked/"
	"lock=none','workload':'exit-mlocked','params':{'procs':'8','lock':'none'},"
	"   'control':null,'iterations':3,'warmup':0}]}";

static json_t *run_json(void)
{
	char *text = xstrdup(stored);
	json_t *run;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	run = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(run);
	return run;
}

/* The experiment as inih reads it. */
static void make(void **state, const struct strv *kernels, const struct strv *cells,
		 struct ini_file *f)
{
	struct str out = STR_INIT;
	json_t *run = run_json();
	struct err err = {""};
	char *path;

	assert_int_equal(repeat_experiment(run, kernels, cells, &out, &err), 0);
	path = put_file(*state, "again.ini", out.buf);
	if (ini_load(f, path, &err) < 0)
		fail_msg("%s", err.text);
	free(path);
	str_release(&out);
	json_decref(run);
}

static const char *get(const struct ini_file *f, const char *section, const char *key)
{
	const struct ini_section *s = ini_find(f, section);

	return s ? ini_get(s, key) : NULL;
}

static void test_all(void **state)
{
	struct ini_file f;

	make(state, NULL, NULL, &f);
	assert_int_equal(f.n, 6);
	/* "auto" and the target's own sizes were decided when the run began. */
	assert_string_equal(get(&f, "global", "target"), "icount");
	assert_string_equal(get(&f, "global", "cpus"), "1");
	assert_string_equal(get(&f, "global", "memory"), "2048");
	assert_string_equal(get(&f, "global", "pairs"), "6");
	assert_string_equal(get(&f, "global", "seed"), "7");
	assert_true(strtod(get(&f, "global", "margin"), NULL) == 0.02);
	assert_null(get(&f, "global", "profile"));
	assert_null(get(&f, "global", "locks"));
	assert_null(get(&f, "global", "cmdline"));
	assert_string_equal(get(&f, "arm:old", "kernel"), "debian:5.10");
	assert_string_equal(get(&f, "arm:new", "cmdline"), "mitigations=off");
	assert_string_equal(get(&f, "cell 2", "workload"), "exit-mlocked");
	assert_string_equal(get(&f, "cell 2", "lock"), "mlock");
	assert_string_equal(get(&f, "cell 2", "iterations"), "3");
	ini_release(&f);
}

static void test_other_kernels(void **state)
{
	struct strv kernels = STRV_INIT;
	struct ini_file f;

	strv_push(&kernels, "new=image:/boot/vmlinuz,map=/boot/System.map");
	strv_push(&kernels, "debian:7.2");
	make(state, &kernels, NULL, &f);
	/* An arm of the run's keeps its parameters; the others are gone. */
	assert_string_equal(get(&f, "arm:new", "kernel"),
			    "image:/boot/vmlinuz,map=/boot/System.map");
	assert_string_equal(get(&f, "arm:new", "cmdline"), "mitigations=off");
	assert_string_equal(get(&f, "arm:kernel", "kernel"), "debian:7.2");
	assert_null(ini_find(&f, "arm:old"));
	ini_release(&f);
	strv_release(&kernels);
}

static void test_some_cells(void **state)
{
	struct strv cells = STRV_INIT;
	struct str out = STR_INIT;
	json_t *run = run_json();
	struct ini_file f;
	struct err err = {""};

	strv_push(&cells, "exit-mlocked/lock=mlock");
	make(state, NULL, &cells, &f);
	assert_null(ini_find(&f, "cell 1"));
	assert_non_null(ini_find(&f, "cell 2"));
	assert_non_null(ini_find(&f, "cell 3"));
	ini_release(&f);
	strv_push(&cells, "no/such=cell");
	assert_int_equal(repeat_experiment(run, NULL, &cells, &out, &err), -1);
	assert_says(&err, "no/such=cell");
	str_release(&out);
	strv_release(&cells);
	json_decref(run);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		IN_DIR(test_all),
		IN_DIR(test_other_kernels),
		IN_DIR(test_some_cells),
	};

	return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
