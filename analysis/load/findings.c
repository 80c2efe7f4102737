#include "analysis/load/findings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/stored.h"
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
		{"Oops", "oops"},
		{"BUG:", "oops"},
		{"general protection", "oops"},
		{"possible circular", "lockdep"},
		{"soft lockup", "lockup"},
		{"WARNING", "warning"},
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

int load_attempts_gone(const struct run *r, const struct run_boot *b)
{
	size_t kept;

	attempts_of(&r->attempts, b->n, b->attempts - 1, &kept);
	return b->attempts > 1 ? b->attempts - 1 - (int)kept : 0;
}

int load_findings(const struct run *r, const struct run_boot *b, const json_t *boot, json_t **list,
		  struct err *err)
{
	const json_t *planned = json_array_get(json_object_get(r->json, "boots"), b->plan);
	json_t *found = json_array(), *before;
	const struct attempt *at;
	size_t n;
	int ret = 0;

	at = attempts_of(&r->attempts, b->n, b->attempts - 1, &n);
	for (size_t i = 0; i < n && ret == 0; i++) {
		ret = attempt_read(&at[i], r->path, r->json, planned, &before, err);
		if (before)
			add_boot(found, before);
		json_decref(before);
	}
	add_boot(found, boot);
	*list = ret == 0 && json_array_size(found) ? json_incref(found) : NULL;
	json_decref(found);
	return ret;
}
