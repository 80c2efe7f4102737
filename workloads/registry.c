#include "workloads/registry.h"

#include <string.h>
#include "lib/str.h"

#define WORKLOAD(x) extern const struct workload x;
#include "workloads/list.h"
#undef WORKLOAD

const struct workload *const workloads[] = {
#define WORKLOAD(x) &(x),
#include "workloads/list.h"
#undef WORKLOAD
	NULL,
};

#define NAME_MAX_LEN 40

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance: how many letters to change, add or drop. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LEN + 1], n = min(strlen(b), NAME_MAX_LEN);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < n; j++) {
			size_t here = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] = min(here, min(diagonal, row[j]) + 1);
		}
	}
	return row[n];
}

/* A slip of the finger, or a part of the name. */
static bool near(const char *wanted, const char *name)
{
	return distance(wanted, name) <= 3 || (strlen(wanted) > 2 && strstr(name, wanted));
}

const struct workload *workload_find(const char *name, struct err *err)
{
	struct str close = STR_INIT;

	for (size_t i = 0; workloads[i]; i++) {
		if (strcmp(workloads[i]->name, name) == 0)
			return workloads[i];
		if (near(name, workloads[i]->name))
			str_addf(&close, "%s%s", close.len ? " or " : "", workloads[i]->name);
	}
	if (close.len)
		err_set(err, "%.40s: no such workload, did you mean %s", name, close.buf);
	else
		err_set(err, "%.40s: no such workload, `mlockbench list` names them", name);
	str_release(&close);
	return NULL;
}
