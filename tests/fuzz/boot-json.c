/* boot.json of one boot, with what its guest and its console said. */
#include "tests/fuzz/fuzz-run.h"
#include "tests/fuzz/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = fuzz_run(RUN_PAIRS);

	fuzz_put("boots/001/boot.json", data, size);
	show_run(dir);
	return 0;
}
