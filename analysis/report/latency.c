#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/report/part.h"
#include "analysis/stats/stats.h"

#define MOST_PICTURES 24
#define OPEN_PICTURES 2

static const double quantiles[] = {
	0,   0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3,  0.35, 0.4,  0.45, 0.5,   0.55,
	0.6, 0.65, 0.7,	 0.75, 0.8, 0.85, 0.9, 0.92, 0.95, 0.97, 0.98, 0.99, 0.995, 1,
};
#define N_QUANTILES (sizeof(quantiles) / sizeof(*quantiles))

/* One cell's latencies on one side: at each quantile the values of the boots that have any. */
struct profile {
	struct values at[N_QUANTILES];
	size_t boots;
};

static void profile_release(struct profile *p)
{
	for (size_t i = 0; i < N_QUANTILES; i++)
		values_release(&p->at[i]);
}

/* The profiles of one side, by cell of its run; only those of the cells wanted are filled. */
struct side_profiles {
	const struct side *side;
	struct profile *cells;
	bool *wanted;
};

static void take_boot(void *arg, size_t cell, const double *v, size_t n)
{
	struct side_profiles *all = arg;
	struct profile *p = &all->cells[cell];

	for (size_t i = 0; i < N_QUANTILES; i++) {
		if (!p->at[i].v)
			p->at[i].v = xcalloc(all->side->run->n_boots, sizeof(double));
		p->at[i].v[p->at[i].n++] = stats_quantile_sorted(v, n, quantiles[i]);
	}
	p->boots++;
}

static void want(struct side_profiles *all, const char *id)
{
	const struct run_cell *c = id ? load_cell(all->side->run, id) : NULL;

	if (c)
		all->wanted[c - all->side->run->cells] = true;
}

/* Those of n cells and their controls. */
static int side_load(struct side_profiles *all, const struct side *s, const struct run_cell **shown,
		     size_t n, struct err *err)
{
	const struct run *r = s->run;
	int ret = 0;

	*all = (struct side_profiles){.side = s};
	all->cells = xcalloc(r->n_cells + 1, sizeof(*all->cells));
	all->wanted = xcalloc(r->n_cells + 1, sizeof(*all->wanted));
	for (size_t i = 0; i < n; i++) {
		want(all, shown[i]->id);
		want(all, shown[i]->control);
	}
	for (size_t b = 0; b < r->n_boots && ret == 0; b++)
		if (r->boots[b].arm == s->arm_index)
			ret = load_latencies(r, &r->boots[b], all->wanted, take_boot, all, err);
	return ret;
}

static void side_release(struct side_profiles *all)
{
	for (size_t i = 0; all->cells && i < all->side->run->n_cells; i++)
		profile_release(&all->cells[i]);
	free(all->cells);
	free(all->wanted);
}

/* That of a cell, or NULL where the side does not have the cell. */
static const struct profile *profile_of(const struct side_profiles *all, const char *id)
{
	const struct run_cell *c = load_cell(all->side->run, id);

	return c ? &all->cells[c - all->side->run->cells] : NULL;
}

static struct spread boots_range(const struct values *v)
{
	struct spread s = values_spread(v);

	for (size_t i = 0; i < v->n; i++) {
		s.low = fmin(s.low, v->v[i]);
		s.high = fmax(s.high, v->v[i]);
	}
	return s;
}

/* Of the controls only the lines: four ribbons on top of each other would hide it all. */
static void add_profile(struct plot *plot, const char *name, size_t side, bool control,
			const struct profile *p)
{
	struct plot_series *s;

	if (!p || !p->boots)
		return;
	s = plot_add(plot, name, report_look(side, control),
		     PLOT_LINE | (control ? 0 : PLOT_XRIBBON));
	for (size_t i = 0; i < N_QUANTILES; i++) {
		struct spread x = boots_range(&p->at[i]);

		plot_add_point(s, x.mid, quantiles[i], x.low, x.high);
	}
}

static void add_latency(struct table *t, double v)
{
	table_figure(t, plot_number(v), v);
}

static void add_rows(struct table *t, const char *name, const struct profile *p)
{
	static const double shown[] = {0.5, 0.9, 0.99, 1};

	if (!p || !p->boots)
		return;
	table_text(t, name);
	table_number(t, (double)p->boots);
	for (size_t k = 0; k < sizeof(shown) / sizeof(*shown); k++)
		for (size_t i = 0; i < N_QUANTILES; i++)
			if (quantiles[i] == shown[k])
				add_latency(t, values_spread(&p->at[i]).mid);
}

static struct table *quantile_table(const char *caption)
{
	static const char *const heads[] = {"boots", "median", "p90", "p99", "longest"};
	struct table *t = table_new(NULL, caption);

	table_columns(t, false, "kernel", NULL);
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		table_columns(t, true, heads[i], NULL);
	return t;
}

static void show_cell(struct report *r, const struct side_profiles *sides, const struct run_cell *c,
		      bool open)
{
	const char *unit = r->run->target.ns_per_insn > 0 ? "instructions" : "ns";
	char *what = report_cell(r, c, NULL);
	char *name = report_file(r, "latency", c->id);
	char *title = xasprintf("%s: latency of each process (%s)", what, r->run->target.kind);
	char *caption = xasprintf("%s; %s, medians of the boots", title, unit);
	struct plot *plot = plot_new(name, title);
	struct table *t = quantile_table(caption);

	for (size_t side = 0; side < r->n_sides; side++)
		for (int control = 0; control < (c->control ? 2 : 1); control++) {
			const struct profile *p =
				profile_of(&sides[side], control ? c->control : c->id);
			char *key = report_key(r, side, control);

			add_profile(plot, key, side, control, p);
			add_rows(t, key, p);
			free(key);
		}
	plot_label(&plot->x, unit);
	plot_label(&plot->y, "share of processes done");
	plot->y.from = 0;
	plot->y.to = 1;
	plot_try_log(plot, true, false);
	doc_open(&r->doc, open, what);
	doc_figure(&r->doc, plot);
	doc_table(&r->doc, t);
	doc_close(&r->doc);
	free(caption);
	free(title);
	free(name);
	free(what);
}

static bool has_latencies(const struct report *r, const struct run_cell *c)
{
	for (size_t b = 0; b < r->run->n_boots; b++)
		if (c->outcome[b].latencies)
			return true;
	return false;
}

/* The cells that are drawn, in their order: a new array. */
static const struct run_cell **choose(const struct report *r, size_t *n)
{
	size_t all;
	const struct run_cell **cells = report_ranked(r, &all);

	*n = 0;
	for (size_t i = 0; i < all && *n < MOST_PICTURES; i++)
		if (!cells[i]->is_control && has_latencies(r, cells[i]))
			cells[(*n)++] = cells[i];
	return cells;
}

static void show(struct report *r, const struct side_profiles *sides, const struct run_cell **cells,
		 size_t n)
{
	doc_section(&r->doc, "latency", "Latency of each process");
	doc_para(&r->doc, "How many of the processes were done after how long. Lines "
			  "are medians over the boots, ribbons span all boots.");
	for (size_t i = 0; i < n; i++)
		show_cell(r, sides, cells[i], i < OPEN_PICTURES);
	if (n == MOST_PICTURES)
		doc_para(&r->doc, "At most %d cells are drawn.", MOST_PICTURES);
}

void report_latency(struct report *r)
{
	size_t n;
	const struct run_cell **cells = choose(r, &n);
	struct side_profiles sides[2] = {0};
	struct err err;
	int ret = 0;

	for (size_t i = 0; n && i < r->n_sides && ret == 0; i++)
		ret = side_load(&sides[i], &r->sides[i], cells, n, &err);
	if (ret < 0) {
		char *text = xasprintf("Latencies could not be read: %s", err.text);

		doc_toned(&r->doc, TONE_WORSE, text);
		free(text);
	} else if (n) {
		show(r, sides, cells, n);
	}
	for (size_t i = 0; i < 2; i++)
		side_release(&sides[i]);
	free(cells);
}
