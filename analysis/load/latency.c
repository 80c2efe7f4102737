/* Latencies are many: they are read again for the one cell and boot that a picture shows. */
#include <stdlib.h>
#include <string.h>
#include "analysis/load/lines.h"
#include "analysis/stats/stats.h"
#include "lib/record.h"

struct latencies {
	const char *cell;
	double *v;
	size_t n, cap, seen;
	double scale;
	struct rng rng;
};

static void keep(struct latencies *l, double v)
{
	uint64_t at = l->n;

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
	struct latencies *l = arg;
	struct sample s;

	if (!memmem(line, len, l->cell, strlen(l->cell)))
		return 0;
	if (sample_parse(&s, line, len, err) < 0)
		return -1;
	if (!strcmp(s.cell, l->cell) && !s.warmup && !strcmp(s.outcome, "ok"))
		for (size_t i = 0; i < s.latencies; i++)
			keep(l, (double)s.latency_ns[i] * l->scale);
	sample_release(&s);
	return 0;
}

int load_latencies(const struct run *r, const struct run_cell *c, const struct run_boot *b,
		   double **v, size_t *n, struct err *err)
{
	const struct cell_outcome *o = &c->outcome[b - r->boots];
	struct latencies l = {.cell = c->id, .scale = 1};
	int ret = 0;

	if (r->target.ns_per_insn > 0)
		l.scale = 1 / r->target.ns_per_insn;
	rng_seed(&l.rng, b->seed);
	if (o->to)
		ret = load_lines_between(r, b, "samples.jsonl", o->from, o->to, read_line, &l, err);
	if (ret < 0) {
		free(l.v);
		return -1;
	}
	stats_sort(l.v, l.n);
	*v = l.v;
	*n = l.n;
	return 0;
}
