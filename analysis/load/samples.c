#include "analysis/load/samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/lines.h"
#include "analysis/load/parts.h"
#include "analysis/stats/stats.h"
#include "lib/record-view.h"

/* The iterations of one series in the boot at hand: Welford's sums, and a reservoir (Vitter's R).
 */
struct gather {
	double *v;
	size_t kept, cap, seen;
	double mean, m2;
};

struct reader {
	struct run *run;
	const struct run_boot *boot;
	size_t boot_index;
	struct gather **cells; /* by cell, then by series */
	size_t *n_gathers;
	struct rng rng;
	struct record_view record;
	size_t last_cell;
	struct file_part next; /* `from` is where the next line begins */
};

static void gather_add(struct gather *g, double v, struct rng *rng)
{
	double delta = v - g->mean;

	g->seen++;
	g->mean += delta / (double)g->seen;
	g->m2 += delta * (v - g->mean);
	if (g->kept < LOAD_ITERATIONS) {
		if (g->kept == g->cap) {
			g->cap = g->cap ? g->cap * 2 : 8;
			g->v = xrealloc(g->v, g->cap * sizeof(*g->v));
		}
		g->v[g->kept++] = v;
	} else {
		uint64_t at = rng_below(rng, g->seen);

		if (at < LOAD_ITERATIONS)
			g->v[at] = v;
	}
}

static struct gather *gather_for(struct reader *rd, size_t cell, size_t series)
{
	size_t n = rd->n_gathers[cell];

	if (series >= n) {
		size_t want = series + 32;

		rd->cells[cell] = xrealloc(rd->cells[cell], want * sizeof(struct gather));
		memset(rd->cells[cell] + n, 0, (want - n) * sizeof(struct gather));
		rd->n_gathers[cell] = want;
	}
	return &rd->cells[cell][series];
}

static bool is_named(const char *have, const char *prefix, struct text_view name)
{
	size_t skip = strlen(prefix);

	return !strncmp(have, prefix, skip) && text_view_is(name, have + skip);
}

/* Records name their figures in one order: the series sought is nearly always the next. */
static size_t find_series(const struct run_cell *c, const char *prefix, struct text_view name,
			  size_t hint)
{
	char full[RECORD_MAX_NAME + 16];

	for (size_t at = hint; at < c->n_series && at < hint + 4; at++)
		if (is_named(c->series[at].metric.name, prefix, name))
			return at;
	snprintf(full, sizeof(full), "%s%.*s", prefix, (int)name.len, name.at);
	return index_find(&c->by_metric, full, strlen(full));
}

/* What a value belongs to, and how a series of it is made when the cell has none yet. */
struct kind {
	const char *prefix, *unit;
	bool time;
};

/* Adds one value; *hint is where it may be, and then where the next is likely to be. */
static int add_value(struct reader *rd, size_t cell, const struct kind *kind, struct text_view name,
		     size_t *hint, double v, struct err *err)
{
	struct run_cell *c = &rd->run->cells[cell];
	size_t at = find_series(c, kind->prefix, name, *hint);

	if (at == INDEX_NONE && c->n_series == LOAD_MAX_SERIES)
		return err_set(err, "cell '%.200s' has over %d figures", c->id, LOAD_MAX_SERIES);
	if (at == INDEX_NONE && load_hold(rd->run, LOAD_SERIES_BYTES, err) < 0)
		return -1;
	if (at == INDEX_NONE) {
		char *full = xasprintf("%s%.*s", kind->prefix, (int)name.len, name.at);

		load_add_series(rd->run, c, full, kind->unit, kind->time);
		free(full);
		at = c->n_series - 1;
	}
	if (c->series[at].metric.time && rd->run->target.ns_per_insn > 0)
		v /= rd->run->target.ns_per_insn;
	gather_add(gather_for(rd, cell, at), v, &rd->rng);
	*hint = at + 1;
	return 0;
}

static int add_numbers(struct reader *rd, size_t cell, size_t at, struct err *err)
{
	static const struct kind time = {"", "ns", true}, count = {"", "count", false};
	static const struct {
		enum record_number from;
		const char *name;
		const struct kind *kind;
		double factor;
	} counters[] = {
		{RECORD_ELAPSED_NS, "elapsed", &time, 1}, {RECORD_UTIME_US, "utime", &time, 1e3},
		{RECORD_STIME_US, "stime", &time, 1e3},	  {RECORD_MINFLT, "minflt", &count, 1},
		{RECORD_MAJFLT, "majflt", &count, 1},	  {RECORD_NVCSW, "nvcsw", &count, 1},
		{RECORD_NIVCSW, "nivcsw", &count, 1},
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++) {
		struct text_view name = {counters[i].name, strlen(counters[i].name)};

		if (add_value(rd, cell, counters[i].kind, name, &at,
			      rd->record.number[counters[i].from] * counters[i].factor, err) < 0)
			return -1;
	}
	return 0;
}

static int add_record(struct reader *rd, size_t cell, struct err *err)
{
	static const struct kind kinds[] = {
		[FIGURE_METRIC] = {"", "", false},
		[FIGURE_VMSTAT] = {"vmstat.", "count", false},
		[FIGURE_PERF] = {"perf.", "count", false},
	};
	const struct record_view *v = &rd->record;
	const char *primary = rd->run->cells[cell].series[0].metric.name;
	bool has_primary = false;
	size_t at = 0;

	for (size_t i = 0; i < v->n; i++) {
		const struct figure_view *f = &v->figures[i];

		has_primary |= f->group == FIGURE_METRIC && text_view_is(f->name, primary);
		if (add_value(rd, cell, &kinds[f->group], f->name, &at, f->value, err) < 0)
			return -1;
	}
	if (add_numbers(rd, cell, at, err) < 0)
		return -1;
	at = 0;
	if (!has_primary && v->number[RECORD_OPS] > 0)
		return add_value(rd, cell, &kinds[FIGURE_METRIC],
				 (struct text_view){primary, strlen(primary)}, &at,
				 v->number[RECORD_ELAPSED_NS] / v->number[RECORD_OPS], err);
	return 0;
}

static int find_cell(struct reader *rd, struct text_view id)
{
	const struct run *r = rd->run;
	size_t at;

	if (r->n_cells && text_view_is(id, r->cells[rd->last_cell].id))
		return 0;
	at = index_find(&r->by_id, id.at, id.len);
	if (at == INDEX_NONE)
		return -1;
	rd->last_cell = at;
	return 0;
}

static void count_outcome(struct cell_outcome *o, const struct record_view *v)
{
	if (text_view_is(v->outcome, "ok")) {
		o->ok++;
		return;
	}
	if (text_view_is(v->outcome, "fail"))
		o->fail++;
	else if (text_view_is(v->outcome, "skip"))
		o->skip++;
	else
		o->broken++;
	if (!o->reason)
		o->reason = xstrndup(v->reason.at ? v->reason.at : "", v->reason.len);
}

static int read_line(void *arg, const char *line, size_t len, struct err *err)
{
	struct reader *rd = arg;
	const struct record_view *v = &rd->record;
	struct file_part here = file_part_next(&rd->next, len);
	struct cell_outcome *o;
	struct run_cell *c;

	if (record_view_read(&rd->record, line, len, err) < 0)
		return -1;
	rd->run->records++;
	if (find_cell(rd, v->cell) < 0)
		return err_set(err, "cell '%.*s' is not under 'cells' of run.json",
			       v->cell.len < 100 ? (int)v->cell.len : 100, v->cell.at);
	c = &rd->run->cells[rd->last_cell];
	if (load_own_outcomes(rd->run, c, err) < 0)
		return -1;
	o = &c->outcome[rd->boot_index];
	file_part_add(&o->part, &here);
	count_outcome(o, v);
	if (!v->warmup && text_view_is(v->outcome, "ok")) {
		o->measured++;
		o->ops += v->number[RECORD_OPS];
		o->elapsed_ns += v->number[RECORD_ELAPSED_NS];
		o->latencies |= v->latencies > 0;
		return add_record(rd, rd->last_cell, err);
	}
	return 0;
}

/* A boot that was cut short says nothing about a cell that it did not finish. */
static bool cell_counts(const struct reader *rd, size_t cell)
{
	const struct gather *first = rd->n_gathers[cell] ? rd->cells[cell] : NULL;

	if (!strcmp(rd->boot->outcome, "ok"))
		return true;
	return first && first->seen >= (size_t)rd->run->cells[cell].iterations;
}

/* What a series says of the boot; with ret below 0 it says nothing any more. */
static int take_values(struct reader *rd, struct series *s, struct gather *g, struct err *err)
{
	if (load_own_values(rd->run, s, err) < 0)
		return -1;
	s->boot[rd->boot_index] = (struct boot_value){
		.median = stats_median(g->v, g->kept),
		.sd = g->seen > 1 ? sqrt(g->m2 / (double)(g->seen - 1)) : NAN,
		.n = g->seen,
	};
	return 0;
}

static int finish(struct reader *rd, int ret, struct err *err)
{
	for (size_t i = 0; i < rd->run->n_cells; i++) {
		struct run_cell *c = &rd->run->cells[i];
		bool counts = cell_counts(rd, i);

		for (size_t j = 0; j < rd->n_gathers[i]; j++) {
			struct gather *g = &rd->cells[i][j];

			if (ret == 0 && counts && g->seen)
				ret = take_values(rd, &c->series[j], g, err);
			free(g->v);
		}
		free(rd->cells[i]);
	}
	free(rd->cells);
	free(rd->n_gathers);
	record_view_release(&rd->record);
	return ret;
}

int load_samples(struct run *r, const struct run_boot *b, struct err *err)
{
	struct reader rd = {.run = r, .boot = b, .boot_index = (size_t)(b - r->boots)};
	int ret = 0;

	rd.cells = xcalloc(r->n_cells + 1, sizeof(*rd.cells));
	rd.n_gathers = xcalloc(r->n_cells + 1, sizeof(*rd.n_gathers));
	rng_seed(&rd.rng, b->seed);
	/* A boot that died early may have written none. */
	if (!strcmp(b->outcome, "ok") || load_has_file(r, b, "samples.jsonl"))
		ret = load_lines(r, b, "samples.jsonl", &r->notes, read_line, &rd, err);
	return finish(&rd, ret, err);
}
