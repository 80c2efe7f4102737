/* /proc/kallsyms of a guest, and the waits that lock-bpf tells with addresses in it. */
#include "runner/guest/helper.h"
#include "runner/guest/symbols.h"
#include "tests/fuzz/fuzz.h"

static void find_all(const struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++) {
		must(*s->v[i].name && (!i || s->v[i - 1].at <= s->v[i].at));
		must(symbols_find(s, s->v[i].at) != NULL);
	}
	must(s->n == 0 || s->v[0].at == 0 || !symbols_find(s, s->v[0].at - 1));
	symbols_name(s, "rwsem_down_read_slowpath");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct symbols s;
	struct lock_wait w;
	struct err err = {""};

	if (symbols_load(&s, fuzz_file(data, size), &err) == 0)
		find_all(&s);
	else
		must_tell(&err);
	if (helper_parse_wait(text, &s, &w) == 0)
		must(w.from <= w.to && w.caller && w.via);
	symbols_release(&s);
	free(text);
	return 0;
}
