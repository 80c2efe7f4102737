#include <stdlib.h>
#include "analysis/write/locks-text.h"
#include "lib/json.h"
#include "lib/text.h"

/* --- tables --- */

static struct table *new_table(const char *caption)
{
	static const struct {
		const char *head;
		bool number;
	} columns[] = {
		{"kernel", false}, {"lock", false}, {"caller", false}, {"called by", false},
		{"waits", true},   {"(all)", true}, {"total", true},   {"mean", true},
		{"longest", true}, {"share", true}, {"rounds", true},
	};
	struct table *t = table_new(NULL, caption);

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		table_columns(t, columns[i].number, columns[i].head, NULL);
	return t;
}

static void add_time(struct table *t, const struct locks *l, double ns)
{
	char text[32];

	locks_time(text, l, ns);
	table_figure(t, text, ns);
}

static void add_line(struct table *t, const struct locks *l, const struct lock_cell *c,
		     const struct lock_line *line)
{
	struct lock_figures f;
	char share[32], *seen, *lock;

	locks_figures(c, line, &f);
	lock = xasprintf("%s, %s", lock_class_name(line->class), locks_mode_name(line->mode));
	seen = xasprintf("%zu of %zu", f.seen, c->rounds);
	locks_percent(share, f.share);
	table_text(t, l->run.arms[c->arm].name);
	table_text(t, lock);
	table_text(t, *line->caller ? line->caller : "(others)");
	table_text(t, line->via);
	table_number(t, f.waits);
	table_number(t, f.all_waits);
	add_time(t, l, f.wait_ns);
	add_time(t, l, f.mean_ns);
	add_time(t, l, f.longest_ns);
	table_figure(t, share, f.share);
	table_text(t, seen);
	free(seen);
	free(lock);
}

static void add_stats(struct doc *d, const struct locks *l, const struct lock_cell *c)
{
	struct table *t = table_new(NULL, l->run.arms[c->arm].name);

	table_columns(t, false, "class", "mode", "callers", NULL);
	table_columns(t, true, "waits", "acquisitions", "of all waiting", NULL);
	for (size_t i = 0; i < c->n_stats; i++) {
		const struct lock_stat *s = &c->stats[i];
		struct str callers = STR_INIT;
		char share[32];

		for (size_t k = 0; k < s->callers.n; k++)
			str_addf(&callers, "%s%s", k ? " " : "", s->callers.v[k]);
		locks_percent(share, locks_stat_share(c, s));
		table_text(t, s->class);
		table_text(t, s->mode);
		table_text(t, str_text(&callers));
		table_number(t, s->waits);
		table_number(t, s->acquisitions);
		table_figure(t, share, locks_stat_share(c, s));
		str_release(&callers);
	}
	doc_table(d, t);
}

/* The evidence of one cell in all arms: cells[0..n-1] are of the same. */
static void add_lock_cell(struct doc *d, const struct locks *l, const struct lock_cell *cells,
			  size_t n)
{
	struct table *t = new_table(cells[0].cell->id);

	for (size_t i = 0; i < n; i++) {
		struct str remarks = STR_INIT;

		str_addf(&remarks, "%s: ", l->run.arms[cells[i].arm].name);
		locks_remarks(&cells[i], &remarks);
		if (cells[i].rounds && !cells[i].n_lines)
			str_add(&remarks, " No wait was seen.");
		else if (cells[i].rounds)
			locks_class_shares(&cells[i], LOCK_I_MMAP, &remarks);
		doc_toned(d,
			  cells[i].skip || locks_lost(&cells[i]) > LOCKS_MAX_LOST ? TONE_UNSURE
										  : TONE_PLAIN,
			  str_text(&remarks));
		str_release(&remarks);
		if (cells[i].perf)
			doc_pre(d, cells[i].perf);
		if (cells[i].n_stats)
			add_stats(d, l, &cells[i]);
		for (size_t k = 0; k < cells[i].n_lines; k++)
			add_line(t, l, &cells[i], &cells[i].lines[k]);
	}
	if (t->n)
		doc_table(d, t);
	else
		table_free(t);
}

void locks_tables(const struct locks *l, struct doc *d)
{
	struct str method = STR_INIT;
	size_t n;

	locks_method(l, &method);
	doc_toned(d, TONE_PLAIN, str_text(&method));
	str_release(&method);
	for (size_t i = 0; i < l->n; i += n) {
		for (n = 1; i + n < l->n && l->cells[i + n].cell == l->cells[i].cell; n++)
			;
		doc_open(d, !l->cells[i].cell->is_control, l->cells[i].cell->id);
		add_lock_cell(d, l, &l->cells[i], n);
		doc_close(d);
	}
}

/* --- JSON --- */

static json_t *numbers(const double *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_real(v[i]));
	return a;
}

static json_t *line_json(const struct lock_cell *c, const struct lock_line *line)
{
	struct lock_figures f;

	locks_figures(c, line, &f);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "lock",
			 lock_class_name(line->class), "mode", locks_mode_name(line->mode),
			 "caller", line->caller, "via", line->via, "waits", json_finite(f.waits),
			 "wait_ns", json_finite(f.wait_ns), "mean_ns", json_finite(f.mean_ns),
			 "longest_ns", json_finite(f.longest_ns), "share", json_finite(f.share),
			 "rounds_waits", numbers(line->waits, c->rounds), "rounds_wait_ns",
			 numbers(line->wait_ns, c->rounds));
}

static json_t *stats_json(const struct lock_cell *c)
{
	json_t *a = json_array();

	for (size_t i = 0; i < c->n_stats; i++)
		json_array_append_new(a, json_pack("{s:s, s:s, s:f, s:f, s:o}", "class",
						   c->stats[i].class, "mode", c->stats[i].mode,
						   "waits", c->stats[i].waits, "acquisitions",
						   c->stats[i].acquisitions, "share",
						   json_finite(locks_stat_share(c, &c->stats[i]))));
	return a;
}

static json_t *cell_json(const struct locks *l, const struct lock_cell *c)
{
	double *any = locks_shares(c, LOCK_CLASSES), *i_mmap = locks_shares(c, LOCK_I_MMAP);
	double *in_exit = locks_exit_shares(c, LOCK_I_MMAP);
	json_t *lines = json_array(), *o;

	for (size_t i = 0; i < c->n_lines; i++)
		json_array_append_new(lines, line_json(c, &c->lines[i]));
	o = json_pack("{s:s, s:s, s:I, s:s?, s:o, s:f, s:f, s:f, s:f, s:f, s:b, s:o, s:o, s:o, "
		      "s:o, s:o, s:o, s:o, s:o, s:s?}",
		      "cell", c->cell->id, "arm", l->run.arms[c->arm].name, "rounds",
		      (json_int_t)c->rounds, "skip", c->skip, "slowdown", json_finite(c->slowdown),
		      "events", c->events, "lost", c->lost, "missed", c->missed, "unpaired",
		      c->unpaired, "lost_share", locks_lost(c), "incomplete",
		      locks_lost(c) > LOCKS_MAX_LOST, "rounds_elapsed_ns",
		      numbers(c->elapsed_ns, c->rounds), "rounds_process_ns",
		      numbers(c->process_ns, c->rounds), "rounds_share", numbers(any, c->rounds),
		      "rounds_i_mmap_share", numbers(i_mmap, c->rounds), "rounds_exit_ns",
		      numbers(c->exit_ns, c->rounds), "rounds_i_mmap_exit_share",
		      in_exit ? numbers(in_exit, c->rounds) : json_null(), "lines", lines,
		      "classes", stats_json(c), "perf", c->perf);
	free(any);
	free(i_mmap);
	free(in_exit);
	return o;
}

json_t *locks_json(const struct locks *l)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(cells, cell_json(l, &l->cells[i]));
	return json_pack("{s:s, s:s, s:s, s:i, s:o}", "run", l->run.path, "backend", l->backend,
			 "target", l->run.target.kind, "cpus", l->run.target.cpus, "cells", cells);
}
