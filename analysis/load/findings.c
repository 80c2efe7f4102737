#include "analysis/load/findings.h"

#include <dirent.h>
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

struct index load_failed(const char *run)
{
	char *path = xasprintf("%s/boots", run);
	struct index failed = {0};
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strstr(e->d_name, ".failed-"))
			index_put(&failed, e->d_name, 0);
	if (d)
		closedir(d);
	free(path);
	return failed;
}

static bool is_kept(const struct run *r, const struct run_boot *b, int attempt)
{
	char *dir = xasprintf("%03d.failed-%d", b->n, attempt);
	bool kept = index_find(&r->failed, dir, strlen(dir)) != INDEX_NONE;

	free(dir);
	return kept;
}

int load_attempts_gone(const struct run *r, const struct run_boot *b)
{
	int gone = 0;

	for (int k = 1; k < b->attempts; k++)
		gone += !is_kept(r, b, k);
	return gone;
}

/* boot.json of a start that failed before, as it was stored; NULL where it is not, or nobody kept
 * it. */
static json_t *read_failed(const struct run *r, const struct run_boot *b, int attempt)
{
	char *name = xasprintf("boots/%03d.failed-%d/boot.json", b->n, attempt);
	const json_t *planned = json_array_get(json_object_get(r->json, "boots"), b->plan);
	struct err ignored;
	json_t *o = is_kept(r, b, attempt) ? json_read_in(r->path, name, &ignored) : NULL;

	if (o && stored_check_boot(r->json, planned, o, name, &ignored) < 0) {
		json_decref(o);
		o = NULL;
	}
	free(name);
	return o;
}

json_t *load_findings(const struct run *r, const struct run_boot *b, const json_t *boot)
{
	json_t *found = json_array();

	for (int i = 1; i < b->attempts; i++) {
		json_t *before = read_failed(r, b, i);

		if (before)
			add_boot(found, before);
		json_decref(before);
	}
	add_boot(found, boot);
	if (json_array_size(found))
		return found;
	json_decref(found);
	return NULL;
}
