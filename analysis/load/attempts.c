#include "analysis/load/attempts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "lib/str.h"

/* Adds what one of the run's directories holds; format: of a name there, of which nothing is left.
 */
static void add_from(struct attempts *a, const char *run, const char *dir, const char *format)
{
	char *path = xasprintf("%s/%s", run, dir);
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct attempt at;
		int end = 0;

		if (sscanf(e->d_name, format, &at.boot, &at.k, &end) != 2 || e->d_name[end])
			continue;
		/* room for twice as many each time that it is full */
		if (!(a->n & (a->n - 1)))
			a->v = xrealloc(a->v, (a->n ? 2 * a->n : 1) * sizeof(*a->v));
		a->v[a->n++] = at;
	}
	if (d)
		closedir(d);
	free(path);
}

static int by_boot(const void *x, const void *y)
{
	const struct attempt *a = x, *b = y;

	return a->boot != b->boot ? (a->boot > b->boot) - (a->boot < b->boot)
				  : (a->k > b->k) - (a->k < b->k);
}

void attempts_find(struct attempts *a, const char *run)
{
	size_t n = 0;

	*a = (struct attempts){0};
	add_from(a, run, "boots", "%9d.failed-%9d%n");
	add_from(a, run, "campaign", "%9d.%9d%n");
	if (a->n)
		qsort(a->v, a->n, sizeof(*a->v), by_boot);
	for (size_t i = 0; i < a->n; i++)
		if (!n || by_boot(&a->v[n - 1], &a->v[i]))
			a->v[n++] = a->v[i];
	a->n = n;
}

void attempts_release(struct attempts *a)
{
	free(a->v);
	*a = (struct attempts){0};
}

/* How many come before the given one. */
static size_t place(const struct attempts *a, int boot, int k)
{
	const struct attempt at = {boot, k};
	size_t low = 0, high = a->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_boot(&a->v[middle], &at) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct attempt *attempts_of(const struct attempts *a, int boot, int most, size_t *n)
{
	size_t first = place(a, boot, 1);

	*n = most < 1 ? 0 : place(a, boot, most + 1) - first;
	return a->v ? a->v + first : NULL;
}

int attempt_read(const struct attempt *at, const char *run, const json_t *json,
		 const json_t *planned, json_t **boot, struct err *err)
{
	char *name = xasprintf("boots/%03d.failed-%d/boot.json", at->boot, at->k),
	     *path = xasprintf("%s/%s", run, name);
	int ret = 0;

	*boot = NULL;
	if (fs_exists(path)) {
		*boot = json_read_in(run, name, err);
		ret = *boot ? stored_check_boot(json, planned, *boot, path, err) : -1;
	}
	if (ret < 0) {
		json_decref(*boot);
		*boot = NULL;
	}
	free(path);
	free(name);
	return ret;
}
