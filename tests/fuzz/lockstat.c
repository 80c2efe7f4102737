/* /proc/lock_stat of a guest's kernel. */
#include "lib/json.h"
#include "runner/guest/lockstat.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	json_t *rows = lockstat_rows(text), *row;
	size_t i;

	must(json_array_size(rows) <= LOCKSTAT_MAX_ROWS);
	json_array_foreach(rows, i, row) {
		must(json_get_int(row, "waits", -1) >= 0 && json_get_int(row, "wait_ns", -1) >= 0);
		must(*json_get_str(row, "class", ""));
	}
	json_decref(rows);
	free(text);
	return 0;
}
