/* Lock traces: what a boot of kind `locks` told, line by line, and the tables made of it. */
#include "analysis/write/locks-text.h"
#include "analysis/cause/locks.h"
#include "tests/fuzz/fuzz-run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = fuzz_run(1);
	struct str out = STR_INIT;
	struct err err = {""};
	struct locks l;

	fuzz_put("boots/005/events.jsonl", data, size);
	if (locks_load(&l, dir, &err) < 0) {
		must_tell(&err);
		return 0;
	}
	locks_text(&l, &out);
	must_be_printable(str_text(&out));
	json_decref(locks_json(&l));
	str_release(&out);
	locks_release(&l);
	return 0;
}
