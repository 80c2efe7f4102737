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

static int profile_load(struct profile *p, const struct side *s, const char *id, struct err *err)
{
	const struct run_cell *c = load_cell(s->run, id);

	*p = (struct profile){0};
	for (size_t i = 0; i < N_QUANTILES; i++)
		p->at[i].v = xcalloc(s->run->n_boots, sizeof(double));
	for (size_t b = 0; c && b < s->run->n_boots; b++) {
		double *v;
		size_t n;

		if (s->run->boots[b].arm != s->arm_index || !c->outcome[b].ok)
			continue;
		if (load_latencies(s->run, c, &s->run->boots[b], &v, &n, err) < 0)
			return -1;
		for (size_t i = 0; n && i < N_QUANTILES; i++)
			p->at[i].v[p->at[i].n++] = stats_quantile_sorted(v, n, quantiles[i]);
		p->boots += n > 0;
		free(v);
	}
	return 0;
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

	if (!p->boots)
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

	if (!p->boots)
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

static int show_cell(struct report *r, const struct run_cell *c, bool open, struct err *err)
{
	const char *unit = r->run->target.ns_per_insn > 0 ? "instructions" : "ns";
	char *what = report_cell(r, c, NULL);
	char *name = report_file(r, "latency", c->id);
	char *title = xasprintf("%s: latency of each process (%s)", what, r->run->target.kind);
	char *caption = xasprintf("%s; %s, medians of the boots", title, unit);
	struct plot *plot = plot_new(name, title);
	struct table *t = quantile_table(caption);
	int ret = 0;

	for (size_t side = 0; side < r->n_sides && !ret; side++)
		for (int control = 0; control < (c->control ? 2 : 1) && !ret; control++) {
			char *key = report_key(r, side, control);
			struct profile p;

			ret = profile_load(&p, &r->sides[side], control ? c->control : c->id, err);
			add_profile(plot, key, side, control, &p);
			add_rows(t, key, &p);
			profile_release(&p);
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
	return ret;
}

/* Whether the first boot that has samples of the cell has latencies in them. */
static int has_latencies(struct report *r, const struct run_cell *c, bool *yes, struct err *err)
{
	*yes = false;
	for (size_t b = 0; b < r->run->n_boots && !*yes; b++) {
		double *v;
		size_t n;

		if (!c->outcome[b].ok)
			continue;
		if (load_latencies(r->run, c, &r->run->boots[b], &v, &n, err) < 0)
			return -1;
		free(v);
		*yes = n > 0;
		if (!n)
			break;
	}
	return 0;
}

static int show_ranked(struct report *r, const struct run_cell **cells, size_t n, struct err *err)
{
	size_t shown = 0;

	for (size_t i = 0; i < n && shown < MOST_PICTURES; i++) {
		bool yes;

		if (cells[i]->is_control)
			continue;
		if (has_latencies(r, cells[i], &yes, err) < 0)
			return -1;
		if (!yes)
			continue;
		if (!shown) {
			doc_section(&r->doc, "latency", "Latency of each process");
			doc_para(&r->doc,
				 "How many of the processes were done after how long. Lines "
				 "are medians over the boots, ribbons span all boots.");
		}
		if (show_cell(r, cells[i], shown++ < OPEN_PICTURES, err) < 0)
			return -1;
	}
	if (shown == MOST_PICTURES)
		doc_para(&r->doc, "At most %d cells are drawn.", MOST_PICTURES);
	return 0;
}

void report_latency(struct report *r)
{
	size_t n;
	const struct run_cell **cells = report_ranked(r, &n);
	struct err err;

	if (show_ranked(r, cells, n, &err) < 0) {
		char *text = xasprintf("Latencies could not be read: %s", err.text);

		doc_toned(&r->doc, TONE_WORSE, text);
		free(text);
	}
	free(cells);
}
