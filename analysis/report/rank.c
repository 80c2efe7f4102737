#include <math.h>
#include <stdlib.h>

#include "analysis/report/part.h"

/* The order of telling: what got worse, what got better, what changed, what is not known. */
static int weight(const struct result *r)
{
	static const int weights[] = {
		[VERDICT_WORSE] = 5,	    [VERDICT_BETTER] = 4,     [VERDICT_CHANGED] = 3,
		[VERDICT_INCONCLUSIVE] = 2, [VERDICT_EQUIVALENT] = 1, [VERDICT_CHANGED_SMALL] = 1,
	};

	return weights[r->verdict];
}

static double size(const struct result *r)
{
	return r->difference ? fabs(r->ratio) : fabs(log(r->ratio));
}

struct ranked {
	const struct run_cell *cell;
	const struct result *result; /* its primary one, or NULL */
};

static int by_weight(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int more = (y->result ? weight(y->result) : 0) - (x->result ? weight(x->result) : 0);

	if (!more && x->result && x->result->difference == y->result->difference &&
	    size(x->result) != size(y->result))
		more = size(x->result) < size(y->result) ? 1 : -1;
	return more ? more : (x->cell > y->cell) - (x->cell < y->cell);
}

const struct run_cell **report_ranked(const struct report *r, size_t *n)
{
	struct ranked *v = xcalloc(r->run->n_cells, sizeof(*v));
	const struct run_cell **cells = xcalloc(r->run->n_cells, sizeof(*cells));

	*n = r->run->n_cells;
	for (size_t i = 0; i < *n; i++) {
		v[i].cell = &r->run->cells[i];
		v[i].result = r->cmp ? compare_find(r->cmp, v[i].cell->id, NULL) : NULL;
	}
	qsort(v, *n, sizeof(*v), by_weight);
	for (size_t i = 0; i < *n; i++)
		cells[i] = v[i].cell;
	free(v);
	return cells;
}
