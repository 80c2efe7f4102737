/* Experiment, claim and kernel files as sections of key=value lines. */
#include "lib/ini.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ini_file f;
	struct err err = {""};

	if (ini_load(&f, fuzz_file(data, size), &err) < 0) {
		must_tell(&err);
		return 0;
	}
	for (size_t i = 0; i < f.n; i++) {
		const struct ini_section *s = &f.sections[i];

		must(ini_find(&f, s->name) == s && s->n && (s->line || !*s->name));
		for (size_t k = 0; k < s->n; k++) {
			must(ini_get(s, s->entries[k].key) == s->entries[k].value);
			must(s->entries[k].line > s->line && *s->entries[k].key);
			must(!strchr(s->entries[k].value, '\n'));
		}
	}
	ini_release(&f);
	return 0;
}
