/* Latencies are many: a boot's are read again, once, for the cells whose pictures show them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/lines.h"
#include "analysis/stats/stats.h"
#include "lib/record-view.h"

struct latencies {
	double *v;
	size_t n, cap, seen;
	double least, most; /* of all that were seen */
	struct rng rng;
};

struct reader {
	const struct run *run;
	const struct run_boot *boot;
	const bool *wanted;
	struct latencies *cells; /* by cell */
	struct record_view record;
	double scale;
	size_t last; /* the cell of the line before */
};

static void keep(struct latencies *l, double v)
{
	uint64_t at = l->n;

	l->least = l->seen ? fmin(l->least, v) : v;
	l->most = l->seen ? fmax(l->most, v) : v;
	l->seen++;
	if (l->n == LOAD_LATENCIES) {
		at = rng_below(&l->rng, l->seen);
		if (at >= LOAD_LATENCIES)
			return;
	} else if (l->n++ == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 256;
		l->v = xrealloc(l->v, l->cap * sizeof(*l->v));
	}
	l->v[at] = v;
}

static int read_line(void *arg, const char *line, size_t len, struct err *err)
{
	struct reader *rd = arg;
	const struct record_view *v = &rd->record;

	if (record_view_read(&rd->record, line, len, err) < 0)
		return -1;
	if (!text_view_is(v->cell, rd->run->cells[rd->last].id))
		rd->last = index_find(&rd->run->by_id, v->cell.at, v->cell.len);
	if (rd->last == INDEX_NONE)
		return err_set(err, "its cell is not under 'cells' of run.json");
	if (!rd->wanted[rd->last] || v->warmup || !text_view_is(v->outcome, "ok"))
		return 0;
	for (size_t i = 0; i < v->latencies; i++)
		keep(&rd->cells[rd->last], v->latency_ns[i] * rd->scale);
	return 0;
}

/* From the first record of those cells to the last. */
static int read_cells(struct reader *rd, struct err *err)
{
	const struct run *r = rd->run;
	size_t boot = (size_t)(rd->boot - r->boots);
	struct file_part all = {0};

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct cell_outcome *o = &r->cells[i].outcome[boot];

		if (!rd->wanted[i] || !o->part.to)
			continue;
		file_part_add(&all, &o->part);
		rd->last = i;
		rng_seed(&rd->cells[i].rng, rd->boot->seed);
	}
	return all.to ? load_lines_between(r, rd->boot, "samples.jsonl", &all, read_line, rd, err)
		      : 0;
}

int load_latencies(const struct run *r, const struct run_boot *b, const bool *wanted,
		   load_latencies_fn *take, void *arg, struct err *err)
{
	struct reader rd = {.run = r, .boot = b, .wanted = wanted, .scale = 1};
	int ret;

	rd.cells = xcalloc(r->n_cells + 1, sizeof(*rd.cells));
	if (r->target.ns_per_insn > 0)
		rd.scale = 1 / r->target.ns_per_insn;
	ret = read_cells(&rd, err);
	for (size_t i = 0; i < r->n_cells; i++) {
		struct latencies *l = &rd.cells[i];

		stats_sort(l->v, l->n);
		if (ret == 0 && l->n) {
			l->v[0] = l->least;
			l->v[l->n - 1] = l->most;
			take(arg, i, l->v, l->n);
		}
		free(l->v);
	}
	free(rd.cells);
	record_view_release(&rd.record);
	return ret;
}
