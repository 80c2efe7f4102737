/*
 * What perf_event_open(2) rings hold, as bytes: records of lock probes with call chains, paired and
 * summed up as rows. The first byte chooses the kind of probes.
 */
#include "lib/json.h"
#include "runner/guest/rings.h"
#include "tests/fuzz/fuzz.h"

static const char kallsyms[] = "ffffffff81000000 t rwsem_down_read_slowpath\n"
			       "ffffffff81000100 t rwsem_down_write_slowpath\n"
			       "ffffffff81000200 T down_write\n"
			       "ffffffff81000300 T unlink_file_vma\n"
			       "ffffffff81000400 T rmap_walk\n"
			       "ffffffff81000500 T exit_mmap\n";

static const struct probes kinds[] = {
	{.id = {1, 2, 3, 4, 5, 6}, .lock_at = 8},
	{.id = {7, 0, 8},
	 .lock_at = 8,
	 .flags_at = 16}, /* as the tracepoints of contention have it */
};

static void must_be_rows(const struct lock_waits *w)
{
	const struct lock_region all = {.end = UINT64_MAX, .workers = 1};
	json_t *rows = waits_rows(w, &all), *row;
	size_t i;

	must(json_array_size(rows) <= WAITS_MAX_ROWS);
	json_array_foreach(rows, i, row)
		must(json_get_int(row, "waits", 0) > 0 && *json_get_str(row, "mode", ""));
	json_decref(rows);
	waits_exits(w, &all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct symbols symbols;
	struct str raw = STR_INIT;
	struct lock_events e;
	struct lock_waits w;
	struct err err;

	if (!symbols.n)
		must(symbols_load(&symbols, fuzz_file(kallsyms, strlen(kallsyms)), &err) == 0);
	if (!size)
		return 0;
	str_addn(&raw, data + 1, size - 1);
	rings_decode(&raw, &kinds[data[0] & 1], &symbols, &e);
	waits_pair(e.v, e.n, &w);
	waits_find_exits(&w);
	for (size_t i = 0; i < w.n; i++)
		must(w.v[i].from <= w.v[i].to && w.v[i].caller && w.v[i].via);
	must_be_rows(&w);
	waits_release(&w);
	free(e.v);
	str_release(&raw);
	return 0;
}
