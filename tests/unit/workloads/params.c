/* Cells, their names and what is said of a bad one; and that descriptors keep the contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/json.h"
#include "workloads/describe.h"
#include "workloads/params.h"
#include "workloads/registry.h"

static const struct param params[] = {
	{"procs", "", PARAM_INT, "8", 1, 1024, NULL},
	{"size", "", PARAM_SIZE, "1M", 4096, 1ull << 30, NULL},
	{"file", "", PARAM_TEXT, "tmpfs", 0, 0, NULL},
	{"lock", "", PARAM_ENUM, "mlock", 0, 0, "mlock|none"},
	{0},
};
static const struct metric metrics[] = {{"exit", "ns/page", "", BETTER_LOWER, true}, {0}};
static const struct workload fake = {
	.name = "fake", .params = params, .metrics = metrics, .control = "lock=none"};

/* Parses words ended by NULL. */
static int parse(struct cell *c, struct err *err, ...)
{
	char *words[8];
	size_t n = 0;
	va_list ap;

	va_start(ap, err);
	while ((words[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	return cell_parse(c, &fake, words, n, err);
}

static void expect(const char *word, const char *message)
{
	struct cell c;
	struct err err = {""};

	assert_int_equal(parse(&c, &err, word, NULL), -1);
	assert_string_equal(err.text, message);
}

static void test_ids(void **state)
{
	struct cell c;
	struct err err;

	(void)state;
	assert_int_equal(parse(&c, &err, NULL), 0);
	assert_string_equal(c.id, "fake/procs=8,lock=mlock");
	assert_string_equal(c.control, "fake/procs=8,lock=none");
	cell_release(&c);
	/* The descriptor's order, canonical values, and no default but counts and the control's. */
	assert_int_equal(parse(&c, &err, "size=8192K", "procs=032", "file=tmpfs", NULL), 0);
	assert_string_equal(c.id, "fake/procs=32,size=8M,lock=mlock");
	assert_string_equal(c.control, "fake/procs=32,size=8M,lock=none");
	assert_int_equal(cell_int(&c, "size"), 8 << 20);
	assert_int_equal(cell_int(&c, "procs"), 32);
	cell_release(&c);
	assert_int_equal(parse(&c, &err, "lock=none", NULL), 0);
	assert_string_equal(c.id, "fake/procs=8,lock=none");
	assert_null(c.control);
	cell_release(&c);
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {{4096, "4K"}, {12 << 10, "12K"}, {1 << 20, "1M"}, {1ull << 40, "1024G"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = size_text(cases[i].bytes);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

static void test_bad(void **state)
{
	struct cell c;
	struct err err;

	(void)state;
	expect("procs=2000", "procs=2000: out of range, 1..1024");
	expect("procs=0", "procs=0: out of range, 1..1024");
	expect("procs=-1", "procs=-1: not a whole number");
	expect("procs=8K", "procs=8K: not a whole number");
	expect("procs=", "procs=: not a whole number");
	expect("procs=99999999999999999999", "procs=99999999999999999999: not a whole number");
	expect("size=8Q", "size=8Q: not a size such as 64K, 8M or 1G");
	expect("size=99999999999G", "size=99999999999G: not a size such as 64K, 8M or 1G");
	expect("size=2G", "size=2G: out of range, 4K..1G");
	expect("size=5000", "size=5000: not a multiple of 4096");
	expect("lock=yes", "lock=yes: not one of mlock|none");
	expect("lock=mlock|none", "lock=mlock|none: not one of mlock|none");
	expect("lock=mloc", "lock=mloc: not one of mlock|none");
	expect("file=a,b", "file: a value holds no space, comma or control character");
	expect("file=", "file=: empty");
	expect("color=red",
	       "color: fake has no such parameter, it has procs, size, file, lock, background");
	expect("proc=1", "proc: fake has no such parameter, it has procs, size, file, lock, "
			 "background; did you mean 'procs'?");
	expect("procs", "procs: not of the form parameter=value");
	assert_int_equal(parse(&c, &err, "procs=1", "procs=2", NULL), -1);
	assert_string_equal(err.text, "procs: given twice");
}

static void test_near_names(void **state)
{
	struct err err;

	(void)state;
	assert_non_null(workload_find("null", &err));
	assert_null(workload_find("exit-mlockd", &err));
	assert_string_equal(err.text,
			    "exit-mlockd: no such workload; did you mean 'exit-mlocked'?");
	assert_null(workload_find("quite-another-thing", &err));
	assert_string_equal(err.text,
			    "quite-another-thing: no such workload, `mlockbench list` names them");
}

static void check_params(const struct workload *w)
{
	size_t n = 0;

	for (const struct param *p = w->params; p && p->name; p++, n++) {
		struct err err = {""};
		char *canonical = param_canonical(p, p->def, &err);

		assert_string_equal(err.text, "");
		assert_string_equal(canonical, p->def);
		assert_non_null(p->help);
		free(canonical);
	}
	assert_true(n <= MAX_PARAMS);
}

/* The control differs from the default cell, and is a cell itself. */
static void check_control(const struct workload *w)
{
	struct cell cell, control;
	struct err err = {""};
	char *word = strdup(w->control);

	assert_int_equal(cell_parse(&cell, w, NULL, 0, &err), 0);
	assert_int_equal(cell_parse(&control, w, &word, 1, &err), 0);
	assert_non_null(cell.control);
	assert_null(control.control);
	assert_string_equal(cell.control, control.id);
	free(word);
	cell_release(&cell);
	cell_release(&control);
}

static void check_json(const struct workload *w)
{
	char *line = workload_json(w);
	json_t *o = json_loads(line, 0, NULL);

	assert_non_null(o);
	assert_null(strchr(line, '\n'));
	assert_string_equal(json_get_str(o, "name", ""), w->name);
	assert_true(json_array_size(json_object_get(o, "metrics")) > 0);
	json_decref(o);
	free(line);
}

static void test_descriptors(void **state)
{
	(void)state;
	for (size_t i = 0; workloads[i]; i++) {
		const struct workload *w = workloads[i];

		if (i)
			assert_true(strcmp(workloads[i - 1]->name, w->name) < 0);
		assert_non_null(w->help);
		assert_non_null(w->iterate);
		assert_non_null(w->metrics[0].name);
		check_params(w);
		if (w->control)
			check_control(w);
		check_json(w);
	}
}

static void test_cell_json(void **state)
{
	struct cell c;
	struct err err;
	char *line;

	(void)state;
	assert_int_equal(parse(&c, &err, "procs=2", NULL), 0);
	line = cell_json(&c);
	assert_string_equal(line, "{\"id\":\"fake/procs=2,lock=mlock\",\"workload\":\"fake\","
				  "\"params\":{\"procs\":\"2\",\"size\":\"1M\",\"file\":\"tmpfs\","
				  "\"lock\":\"mlock\",\"background\":\"none\"},\"control\":\"fake/"
				  "procs=2,lock=none\"}");
	free(line);
	cell_release(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),	    cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_bad),	    cmocka_unit_test(test_near_names),
		cmocka_unit_test(test_descriptors), cmocka_unit_test(test_cell_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
