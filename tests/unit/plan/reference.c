/* The stored run that comes with the sources is one that today's programs would make. */
#include "tests/unit/check.h"
#include <jansson.h>
#include <string.h>
#include "lib/json.h"
#include "lib/stored.h"
#include "runner/plan/experiment.h"

#define RUN "results/reference"
#define AGAIN "make it anew: mlocklab run configs/core.ini --target icount --out " RUN

static json_t *run_json(void)
{
	struct err err;
	json_t *run = json_read_in(RUN, "run.json", &err);

	if (!run)
		fail_msg("%s", err.text);
	return run;
}

static void test_format(void **state)
{
	json_t *run = run_json();
	struct err err = {""};

	(void)state;
	if (json_get_int(run, "format", 0) != STORED_FORMAT || stored_check_run(run, RUN, &err) < 0)
		fail_msg(RUN " is of format %lld, and %d is written today; %s; " AGAIN,
			 json_get_int(run, "format", 0), STORED_FORMAT, err.text);
	assert_string_equal(json_get_str(run, "status", ""), "complete");
	json_decref(run);
}

static void drop_help(json_t *of)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_del(of, "help");
	json_array_foreach(of, i, member)
		drop_help(member);
	json_object_foreach(of, key, member)
		drop_help(member);
}

/* The descriptor of that name, or NULL, but for what is words to a reader. */
static json_t *workload(json_t *all, const char *name)
{
	json_t *w;
	size_t i;

	drop_help(all);
	json_array_foreach(all, i, w)
		if (!strcmp(json_get_str(w, "name", ""), name))
			return w;
	return NULL;
}

/* Its cells, with all their parameters, and their workloads' descriptors: what it is read by. */
static void test_experiment(void **state)
{
	json_t *run = run_json(), *cells = json_object_get(run, "cells");
	struct experiment e;
	struct err err = {""};

	(void)state;
	if (experiment_load(&e, "configs/core.ini", "build/mlockbench", &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < e.ncells; i++) {
		const char *name = json_get_str(e.cells[i].json, "workload", "");

		if (!json_equal(workload(e.workloads, name),
				workload(json_object_get(run, "workloads"), name)))
			fail_msg(RUN " is older than the descriptor of '%s'; " AGAIN, name);
	}
	if (json_array_size(cells) != e.ncells)
		fail_msg(RUN " has %zu cells, and configs/core.ini %zu; " AGAIN,
			 json_array_size(cells), e.ncells);
	for (size_t i = 0; i < e.ncells; i++)
		if (!json_equal(e.cells[i].json, json_array_get(cells, i)))
			fail_msg(RUN " does not have the cell '%s' of configs/core.ini; " AGAIN,
				 e.cells[i].id);
	experiment_release(&e);
	json_decref(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_experiment),
	};

	return cmocka_run_group_tests_name("reference", tests, NULL, NULL);
}
