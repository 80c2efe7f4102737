/* Which cell of a run a claim speaks of. */
#include "analysis/judge/claims-parts.h"

#include <stdlib.h>
#include <string.h>
#include "lib/json.h"

/* The default of a parameter, as run.json keeps the workloads' descriptors. */
static const char *default_of(const struct run *r, const char *workload, const char *param)
{
	json_t *all = json_object_get(r->json, "workloads"), *w, *p;
	size_t i, k;

	json_array_foreach(all, i, w) {
		if (strcmp(json_get_str(w, "name", ""), workload))
			continue;
		json_array_foreach(json_object_get(w, "params"), k, p)
			if (!strcmp(json_get_str(p, "name", ""), param))
				return json_get_str(p, "default", "");
	}
	return "";
}

/* The value that the claim gives a parameter, or NULL: words are workload name=value... */
static const char *value_in(const struct strv *words, const char *param)
{
	size_t n = strlen(param);

	for (size_t i = 1; i < words->n; i++)
		if (!strncmp(words->v[i], param, n) && words->v[i][n] == '=')
			return words->v[i] + n + 1;
	return NULL;
}

static bool matches(const struct run *r, const struct run_cell *c, const struct strv *words)
{
	const char *name;
	json_t *value;

	if (!words->n || strcmp(c->workload, words->v[0]))
		return false;
	json_object_foreach(c->params, name, value) {
		const char *wanted = value_in(words, name);

		if (!wanted)
			wanted = default_of(r, c->workload, name);
		if (strcmp(json_string_value(value) ? json_string_value(value) : "", wanted))
			return false;
	}
	for (size_t i = 1; i < words->n; i++) {
		char *key = xstrndup(words->v[i], strcspn(words->v[i], "="));
		bool known = json_object_get(c->params, key);

		free(key);
		if (!known)
			return false;
	}
	return true;
}

const struct run_cell *claims_cell(const struct run *r, const char *workload)
{
	const struct run_cell *found = NULL;
	struct strv words = STRV_INIT;

	strv_split(&words, workload, " ");
	for (size_t i = 0; i < r->n_cells && !found; i++)
		if (matches(r, &r->cells[i], &words))
			found = &r->cells[i];
	strv_release(&words);
	return found;
}
