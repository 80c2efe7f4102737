/* run.json, from whoever hands on a run: read for analysis, and by the runner to go on with it. */
#include "lib/json.h"
#include "runner/plan/experiment.h"
#include "tests/fuzz/fuzz-run.h"
#include "tests/fuzz/shown.h"

static void resume(const char *dir)
{
	char *path = xasprintf("%s/run.json", dir);
	struct err err = {""};
	json_t *run = json_read(path, &err);
	struct experiment e;

	if (run && experiment_from_json(&e, run, &err) == 0)
		experiment_release(&e);
	else
		must_tell(&err);
	json_decref(run);
	free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = fuzz_run(RUN_PAIRS);

	fuzz_put("run.json", data, size);
	show_run(dir);
	resume(dir);
	return 0;
}
