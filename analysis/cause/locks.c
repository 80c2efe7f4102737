#include "analysis/cause/locks.h"

#include <stdlib.h>
#include <string.h>
#include "analysis/cause/locks-load.h"
#include "analysis/stats/stats.h"

/* --- in order --- */

static double sum(const double *v, size_t n)
{
	double total = 0;

	for (size_t i = 0; i < n; i++)
		total += v[i];
	return total;
}

/* What a line is ranked by; qsort has no argument for the number of rounds. */
struct rank {
	double median, sum;
	struct lock_line line;
};

static int by_rank(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->median != y->median)
		return x->median > y->median ? -1 : 1;
	if (x->sum != y->sum)
		return x->sum > y->sum ? -1 : 1;
	return strcmp(x->line.caller, y->line.caller);
}

static void rank_lines(struct lock_cell *c)
{
	struct rank *r = xcalloc(c->n_lines + 1, sizeof(*r));

	for (size_t i = 0; i < c->n_lines; i++)
		r[i] = (struct rank){stats_median(c->lines[i].wait_ns, c->rounds),
				     sum(c->lines[i].wait_ns, c->rounds), c->lines[i]};
	qsort(r, c->n_lines, sizeof(*r), by_rank);
	for (size_t i = 0; i < c->n_lines; i++)
		c->lines[i] = r[i].line;
	free(r);
}

static int by_wait(const void *a, const void *b)
{
	const struct lock_stat *x = a, *y = b;

	if (x->wait_ns != y->wait_ns)
		return x->wait_ns > y->wait_ns ? -1 : 1;
	return strcmp(x->class, y->class);
}

static int by_cell(const void *a, const void *b)
{
	const struct lock_cell *x = a, *y = b;

	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	return x->arm < y->arm ? -1 : x->arm > y->arm;
}

/* --- the slow-down --- */

/* Median over an arm's boots of the cell's elapsed; NAN without any. */
static double elapsed(const struct run *r, const char *cell, size_t arm)
{
	struct values v = load_values(r, arm, load_figure(r, cell, "elapsed"));
	double median = stats_median(v.v, v.n);

	values_release(&v);
	return median;
}

/* --- all of it --- */

int locks_load(struct locks *l, const char *path, struct err *err)
{
	*l = (struct locks){.backend = xstrdup("")};
	/* most runs have no such boot, and are read no further */
	if (load_run_kind(&l->run, path, "locks", err) < 0 ||
	    (l->run.n_boots && load_run(&l->timed, path, err) < 0)) {
		locks_release(l);
		return -1;
	}
	for (size_t i = 0; i < l->run.n_boots; i++) {
		if (locks_load_boot(l, &l->run.boots[i], err) < 0) {
			locks_release(l);
			return -1;
		}
	}
	for (size_t i = 0; i < l->n; i++) {
		struct lock_cell *c = &l->cells[i];

		rank_lines(c);
		if (c->n_stats)
			qsort(c->stats, c->n_stats, sizeof(*c->stats), by_wait);
		c->slowdown = elapsed(&l->run, c->cell->id, c->arm) /
			      elapsed(&l->timed, c->cell->id, c->arm);
	}
	if (l->n)
		qsort(l->cells, l->n, sizeof(*l->cells), by_cell);
	return 0;
}

void locks_release(struct locks *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct lock_cell *c = &l->cells[i];

		for (size_t k = 0; k < c->n_lines; k++) {
			free(c->lines[k].caller);
			free(c->lines[k].via);
			free(c->lines[k].waits);
			free(c->lines[k].wait_ns);
			free(c->lines[k].longest_ns);
			free(c->lines[k].in_exit_ns);
		}
		for (size_t k = 0; k < c->n_stats; k++) {
			free(c->stats[k].class);
			free(c->stats[k].mode);
			strv_release(&c->stats[k].callers);
		}
		free(c->stats);
		free(c->lines);
		free(c->elapsed_ns);
		free(c->process_ns);
		free(c->exit_ns);
		free(c->boot);
		free(c->skip);
		str_release(&c->perf_text);
		index_release(&c->by_line);
		index_release(&c->by_stat);
	}
	index_release(&l->by_cell);
	free(l->cells);
	free(l->backend);
	load_release(&l->timed);
	load_release(&l->run);
	*l = (struct locks){0};
}

const struct lock_cell *locks_find(const struct locks *l, const char *cell, size_t arm)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->cells[i].arm == arm && !strcmp(l->cells[i].cell->id, cell))
			return &l->cells[i];
	return NULL;
}

const char *locks_mode_name(char mode)
{
	return mode == 'R' ? "read" : mode == 'W' ? "write" : mode == 'M' ? "mutex" : "spin";
}

/* --- figures --- */

void locks_figures(const struct lock_cell *c, const struct lock_line *line, struct lock_figures *f)
{
	double *shares = xcalloc(c->rounds + 1, sizeof(*shares));
	double waits = sum(line->waits, c->rounds);

	*f = (struct lock_figures){
		.waits = stats_median(line->waits, c->rounds),
		.wait_ns = stats_median(line->wait_ns, c->rounds),
		.all_waits = waits,
		.mean_ns = waits > 0 ? sum(line->wait_ns, c->rounds) / waits : NAN,
	};
	for (size_t i = 0; i < c->rounds; i++) {
		f->longest_ns = fmax(f->longest_ns, line->longest_ns[i]);
		f->seen += line->waits[i] > 0;
		shares[i] = line->wait_ns[i] / c->process_ns[i];
	}
	f->share = stats_median(shares, c->rounds);
	free(shares);
}

double *locks_shares(const struct lock_cell *c, enum lock_class class)
{
	double *shares = xcalloc(c->rounds + 1, sizeof(*shares));

	for (size_t i = 0; i < c->rounds; i++)
		for (size_t k = 0; k < c->n_lines; k++)
			if (class == LOCK_CLASSES || c->lines[k].class == class)
				shares[i] += c->lines[k].wait_ns[i] / c->process_ns[i];
	return shares;
}

/* Turns shares by round, in place, into those of boots; how many boots there are. */
static size_t by_boot(const struct lock_cell *c, double *shares)
{
	double *of_boot = xcalloc(c->rounds + 1, sizeof(*of_boot));
	size_t boots = 0;

	/* Rounds come boot by boot, and what is written lies behind what is still read. */
	for (size_t from = 0, to; from < c->rounds; from = to) {
		for (to = from; to < c->rounds && c->boot[to] == c->boot[from]; to++)
			of_boot[to - from] = shares[to];
		shares[boots++] = stats_median(of_boot, to - from);
	}
	free(of_boot);
	return boots;
}

/* Of one class; shares of each round are turned into those of boots, which come in their order. */
static int give_class(struct locks *l, const struct lock_cell *c, enum lock_class class,
		      struct err *err)
{
	char *name = xasprintf(LOCKS_FIGURE "%s", lock_class_name(class));
	double *shares = locks_shares(c, class);
	size_t n = by_boot(c, shares), next = 0;
	int ret = 0;

	for (size_t i = 0, boot = 0; ret == 0 && next < n; i++) {
		if (i && c->boot[i] == c->boot[i - 1])
			continue;
		while (l->run.boots[boot].n != (int)c->boot[i])
			boot++;
		if (!strcmp(l->run.boots[boot].outcome, "ok"))
			ret = load_give(&l->run, c->cell->id, name, "%", boot, 100 * shares[next],
					err);
		next++;
	}
	free(shares);
	free(name);
	return ret;
}

static bool sees_all(const struct locks *l, enum lock_class class)
{
	if (!strcmp(l->backend, "perf-lock"))
		return class == LOCK_LRUVEC;
	return (!strcmp(l->backend, "slowpath") || !strcmp(l->backend, "bpf")) &&
	       class != LOCK_LRUVEC;
}

int locks_give_shares(struct locks *l, struct err *err)
{
	for (size_t i = 0; i < l->n; i++) {
		if (locks_lost(&l->cells[i]) > LOCKS_MAX_LOST)
			continue;
		for (int class = 0; class < LOCK_CLASSES; class ++)
			if (sees_all(l, (enum lock_class) class) &&
			    give_class(l, &l->cells[i], (enum lock_class) class, err) < 0)
				return -1;
	}
	return 0;
}

double *locks_exit_shares(const struct lock_cell *c, enum lock_class class)
{
	double *shares;

	for (size_t i = 0; i < c->rounds; i++)
		if (!(c->exit_ns[i] > 0))
			return NULL;
	shares = xcalloc(c->rounds + 1, sizeof(*shares));
	for (size_t i = 0; i < c->rounds; i++)
		for (size_t k = 0; k < c->n_lines; k++)
			if (class == LOCK_CLASSES || c->lines[k].class == class)
				shares[i] += c->lines[k].in_exit_ns[i] / c->exit_ns[i];
	return shares;
}

bool locks_boot_shares(const struct lock_cell *c, enum lock_class class, bool exits,
		       struct values *v)
{
	*v = (struct values){0};
	if (c->rounds)
		v->v = exits ? locks_exit_shares(c, class) : locks_shares(c, class);
	if (v->v)
		v->n = by_boot(c, v->v);
	return v->v;
}

double locks_stat_share(const struct lock_cell *c, const struct lock_stat *s)
{
	double all = 0;

	for (size_t i = 0; i < c->n_stats; i++)
		all += c->stats[i].wait_ns;
	return s->wait_ns / all;
}

double locks_lost(const struct lock_cell *c)
{
	double fired = c->events + c->lost + c->missed;

	return fired > 0 ? fmax(c->unpaired, c->lost + c->missed) / fired : 0;
}
