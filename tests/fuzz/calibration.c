/* calibration.json, which runs carry with them, as it is put into words. */
#include "analysis/judge/calibration.h"
#include "lib/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {""};
	json_t *o = json_read(fuzz_file(data, size), &err);
	char *words = calibration_words(o);

	must(o || *err.text);
	if (!o || json_is_printable(o))
		must_be_printable(words);
	free(words);
	json_decref(o);
	return 0;
}
