#include "analysis/load/findings.h"

#include <string.h>
#include "lib/json.h"
#include "lib/str.h"

static void add(json_t *to, const char *kind, const char *text)
{
	json_array_append_new(to, json_pack("{s:s, s:s}", "kind", kind, "text", text));
}

/* What the detail of a boot that ended well holds is a killed cell, an oops or a warning. */
static const char *kind_of(const char *detail)
{
	static const struct {
		const char *word, *kind;
	} words[] = {
		{"Oops", "oops"},	      {"BUG:", "oops"},	   {"general protection", "oops"},
		{"possible circular", "lockdep"}, {"soft lockup", "lockup"}, {"WARNING", "warning"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(detail, words[i].word))
			return words[i].kind;
	return NULL;
}

static void add_boot(json_t *to, const json_t *boot)
{
	const char *outcome = json_get_str(boot, "outcome", "");
	const char *detail = json_get_str(boot, "detail", "");
	const json_t *own = json_object_get(boot, "findings"), *f;
	bool panic = false;
	size_t i;

	json_array_foreach(own, i, f) {
		panic |= !strcmp(json_get_str(f, "kind", ""), "panic");
		add(to, json_get_str(f, "kind", "finding"), json_get_str(f, "text", ""));
	}
	if (!strcmp(outcome, "panic") && !panic)
		add(to, "panic", detail);
	else if (!own && !strcmp(outcome, "ok") && kind_of(detail))
		add(to, kind_of(detail), detail);
}

json_t *load_findings(const char *run, int n, int attempts, const json_t *boot)
{
	json_t *found = json_array();

	for (int i = 1; i < attempts; i++) {
		char *name = xasprintf("boots/%03d.failed-%d/boot.json", n, i);
		struct err ignored; /* an attempt that nobody kept */
		json_t *before = json_read_in(run, name, &ignored);

		if (before)
			add_boot(found, before);
		json_decref(before);
		free(name);
	}
	add_boot(found, boot);
	if (json_array_size(found))
		return found;
	json_decref(found);
	return NULL;
}
