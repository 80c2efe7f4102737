/* samples.jsonl of one boot. */
#include "tests/fuzz/fuzz-run.h"
#include "tests/fuzz/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = fuzz_run(RUN_PAIRS);

	fuzz_put("boots/001/samples.jsonl", data, size);
	show_run(dir);
	return 0;
}
