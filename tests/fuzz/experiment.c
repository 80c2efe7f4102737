/*
 * Experiment files. The answers of mlockbench, which knows the workloads, are made up here, so that
 * no program is started; an experiment that was taken goes through run.json unchanged.
 */
#include <jansson.h>
#include "runner/plan/catalogue.h"
#include "runner/plan/experiment.h"
#include "tests/fuzz/fuzz.h"

static int cells;

json_t *bench_cell(const char *bench, const struct strv *args, struct err *err)
{
	struct str id = STR_INIT;
	json_t *o;

	(void)bench;
	strv_quote(args, &id);
	o = json_pack("{s:s, s:s, s:{s:s}, s:n}", "id", str_text(&id), "workload", args->v[0],
		      "params", "count", args->v[args->n - 1], "control");
	str_release(&id);
	if (o && ++cells <= 100)
		return o;
	json_decref(o);
	err_set(err, "no such cell");
	return NULL;
}

json_t *bench_describe(const char *bench, const char *name, struct err *err)
{
	json_t *o = json_pack("{s:s}", "name", name);

	(void)bench;
	if (!o)
		err_set(err, "no such workload");
	return o;
}

/* What run.json says of the arms, which the runner knows more of. */
static void add_arms(json_t *run, const struct experiment *e)
{
	json_t *arms = json_array();

	for (size_t i = 0; i < e->narms; i++)
		json_array_append_new(arms,
				      json_pack("{s:s, s:s, s:s, s:f}", "name", e->arms[i].name,
						"spec", e->arms[i].spec, "cmdline",
						e->arms[i].cmdline, "inject", e->arms[i].inject));
	json_object_set_new(run, "arms", arms);
}

static void must_round_trip(const struct experiment *e)
{
	json_t *run = experiment_json(e), *again;
	struct experiment back;
	struct err err = {""};

	if (!run ||
	    !e->narms) { /* not UTF-8, which the runner refuses; or to be completed by options */
		json_decref(run);
		return;
	}
	add_arms(run, e);
	must(experiment_from_json(&back, run, &err) == 0);
	again = experiment_json(&back);
	json_object_del(run, "arms");
	must(json_equal(run, again));
	must(back.narms == e->narms && back.seed == e->seed && back.margin == e->margin);
	json_decref(again);
	json_decref(run);
	experiment_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct experiment e;
	struct err err = {""};

	cells = 0;
	if (experiment_load(&e, fuzz_file(data, size), "mlockbench", &err) < 0) {
		must_tell(&err);
		return 0;
	}
	must_round_trip(&e);
	experiment_release(&e);
	return 0;
}
