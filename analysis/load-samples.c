#include "analysis/load-samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/stats.h"
#include "lib/fs.h"
#include "lib/record.h"

/* The iterations of one series in the boot at hand: Welford's sums, and a reservoir (Vitter's R). */
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
	size_t last_cell;
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

/* Records name their figures in one order: the series sought is nearly always the next. */
static size_t find_series(const struct run_cell *c, const char *prefix, const char *name, size_t hint)
{
	size_t skip = strlen(prefix);

	for (size_t i = 0; i < c->n_series; i++) {
		size_t at = (hint + i) % c->n_series;
		const char *have = c->series[at].metric.name;

		if (!strncmp(have, prefix, skip) && !strcmp(have + skip, name))
			return at;
	}
	return c->n_series;
}

static size_t add_value(struct reader *rd, size_t cell, const char *prefix, const char *name,
			const char *unit, bool time, size_t hint, double v)
{
	struct run_cell *c = &rd->run->cells[cell];
	size_t at = find_series(c, prefix, name, hint);

	if (at == c->n_series) {
		char *full = xasprintf("%s%s", prefix, name);

		load_add_series(rd->run, c, full, unit, time);
		free(full);
	}
	if (c->series[at].metric.time && rd->run->target.ns_per_insn > 0)
		v /= rd->run->target.ns_per_insn;
	gather_add(gather_for(rd, cell, at), v, &rd->rng);
	return at + 1;
}

static void add_sample(struct reader *rd, size_t cell, const struct sample *s)
{
	const struct run_cell *c = &rd->run->cells[cell];
	const char *primary = c->series[0].metric.name;
	size_t at = 0;
	const struct {
		const char *name, *unit;
		bool time;
		double value;
	} counters[] = {
		{"elapsed", "ns", true, (double)s->elapsed_ns},
		{"utime", "ns", true, (double)s->utime_us * 1e3},
		{"stime", "ns", true, (double)s->stime_us * 1e3},
		{"minflt", "count", false, (double)s->minflt},
		{"majflt", "count", false, (double)s->majflt},
		{"nvcsw", "count", false, (double)s->nvcsw},
		{"nivcsw", "count", false, (double)s->nivcsw},
	};

	if (isnan(figures_get(&s->metrics, primary)) && s->ops)
		at = add_value(rd, cell, "", primary, "", true, 0,
			       (double)s->elapsed_ns / (double)s->ops);
	for (size_t i = 0; i < s->metrics.n; i++)
		at = add_value(rd, cell, "", s->metrics.v[i].name, "", false, at, s->metrics.v[i].value);
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		at = add_value(rd, cell, "", counters[i].name, counters[i].unit, counters[i].time, at,
			       counters[i].value);
	for (size_t i = 0; i < s->vmstat.n; i++)
		at = add_value(rd, cell, "vmstat.", s->vmstat.v[i].name, "count", false, at,
			       s->vmstat.v[i].value);
	for (size_t i = 0; i < s->perf.n; i++)
		at = add_value(rd, cell, "perf.", s->perf.v[i].name, "count", false, at,
			       s->perf.v[i].value);
}

static int find_cell(struct reader *rd, const char *id)
{
	const struct run *r = rd->run;
	const struct run_cell *c;

	if (r->n_cells && !strcmp(r->cells[rd->last_cell].id, id))
		return 0;
	c = load_cell(r, id);
	if (!c)
		return -1;
	rd->last_cell = (size_t)(c - r->cells);
	return 0;
}

static void count_outcome(struct cell_outcome *o, const struct sample *s)
{
	if (!strcmp(s->outcome, "ok")) {
		o->ok++;
		return;
	}
	if (!strcmp(s->outcome, "fail"))
		o->fail++;
	else if (!strcmp(s->outcome, "skip"))
		o->skip++;
	else
		o->broken++;
	if (!o->reason)
		o->reason = xstrdup(s->reason);
}

static int read_line(void *arg, const char *line, size_t len, struct err *err)
{
	struct reader *rd = arg;
	struct sample s;
	int ret = 0;

	if (sample_parse(&s, line, len, err) < 0)
		return -1;
	rd->run->records++;
	if (find_cell(rd, s.cell) < 0) {
		ret = err_set(err, "cell '%.100s' is not under 'cells' of run.json", s.cell);
	} else {
		count_outcome(&rd->run->cells[rd->last_cell].outcome[rd->boot_index], &s);
		if (!s.warmup && !strcmp(s.outcome, "ok"))
			add_sample(rd, rd->last_cell, &s);
	}
	sample_release(&s);
	return ret;
}

/* A boot that was cut short says nothing about a cell that it did not finish. */
static bool cell_counts(const struct reader *rd, size_t cell)
{
	const struct gather *first = rd->n_gathers[cell] ? rd->cells[cell] : NULL;

	if (!strcmp(rd->boot->outcome, "ok"))
		return true;
	return first && first->seen >= (size_t)rd->run->cells[cell].iterations;
}

static void finish(struct reader *rd)
{
	for (size_t i = 0; i < rd->run->n_cells; i++) {
		struct run_cell *c = &rd->run->cells[i];
		bool counts = cell_counts(rd, i);

		for (size_t j = 0; j < rd->n_gathers[i]; j++) {
			struct gather *g = &rd->cells[i][j];

			if (counts && g->seen)
				c->series[j].boot[rd->boot_index] = (struct boot_value){
					.median = stats_median(g->v, g->kept),
					.sd = g->seen > 1 ? sqrt(g->m2 / (double)(g->seen - 1)) : NAN,
					.n = g->seen,
				};
			free(g->v);
		}
		free(rd->cells[i]);
	}
	free(rd->cells);
	free(rd->n_gathers);
}

int load_lines(const char *path, struct strv *notes, load_line_fn *read, void *arg, struct err *err)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0, number = 0;
	ssize_t len;
	int ret = 0;

	if (!f)
		return err_sys(err, "cannot open '%s'", path);
	while (ret == 0 && (len = getline(&line, &cap, f)) > 0) {
		number++;
		if (line[len - 1] != '\n') {
			if (notes)
				strv_pushf(notes, "%s:%zu: the last record is cut off", path, number);
			break;
		}
		ret = read(arg, line, (size_t)len - 1, err);
	}
	if (ret < 0)
		err_prefix(err, "%s:%zu", path, number);
	else if (ferror(f))
		ret = err_sys(err, "cannot read '%s'", path);
	free(line);
	fclose(f);
	return ret;
}

int load_samples(struct run *r, const struct run_boot *b, struct err *err)
{
	char *path = xasprintf("%s/boots/%03d/samples.jsonl", r->path, b->n);
	struct reader rd = {.run = r, .boot = b, .boot_index = (size_t)(b - r->boots)};
	int ret = 0;

	rd.cells = xcalloc(r->n_cells + 1, sizeof(*rd.cells));
	rd.n_gathers = xcalloc(r->n_cells + 1, sizeof(*rd.n_gathers));
	rng_seed(&rd.rng, b->seed);
	/* A boot that died early may have written none. */
	if (!strcmp(b->outcome, "ok") || fs_exists(path))
		ret = load_lines(path, &r->notes, read_line, &rd, err);
	finish(&rd);
	free(path);
	return ret;
}
