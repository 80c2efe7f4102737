/* Pictures of lock evidence: who waited, stacked by caller, and the share of waiting. */
#include "analysis/report/locks-plot.h"

#include <stdlib.h>
#include <string.h>
#include "lib/json.h"

const struct lock_cell *evidence_of(const struct evidence *e, const struct report *r, size_t side,
				    const struct run_cell *cell)
{
	return locks_find(e->side[side], cell->id, r->sides[side].arm_index);
}

/* Cells of one workload that stand beside each other in its pictures. */
struct bars {
	struct report *r;
	const struct evidence *e;
	const struct run_cell **cells;
	size_t n;
	const char *param; /* the one parameter that differs between them, or NULL */
};

/* A part of a stacked bar: who waits, over all bars. */
struct part {
	const struct lock_line *like;
	double sum;
};

static const struct lock_cell *bar_cell(const struct bars *b, size_t side, size_t cell)
{
	return evidence_of(b->e, b->r, side, b->cells[cell]);
}

static bool same_line(const struct lock_line *a, const struct lock_line *b)
{
	return a->class == b->class && a->mode == b->mode && !strcmp(a->caller, b->caller);
}

/* --- what is drawn --- */

static double line_wait(const struct lock_cell *c, const struct lock_line *line)
{
	struct lock_figures f;

	locks_figures(c, line, &f);
	return f.wait_ns;
}

static int by_sum(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->sum > y->sum ? -1 : x->sum < y->sum;
}

static void add_part(struct part **parts, size_t *n, const struct lock_line *line, double wait)
{
	size_t i = 0;

	while (i < *n && !same_line((*parts)[i].like, line))
		i++;
	if (i == *n) {
		*parts = xrealloc(*parts, (*n + 1) * sizeof(**parts));
		(*parts)[(*n)++] = (struct part){line, 0};
	}
	(*parts)[i].sum += wait;
}

/* Who waits anywhere, the longest waiting first; those whose median is nothing are left out. */
static struct part *find_parts(const struct bars *b, size_t *n)
{
	struct part *parts = NULL;

	*n = 0;
	for (size_t side = 0; side < b->r->n_sides; side++) {
		for (size_t i = 0; i < b->n; i++) {
			const struct lock_cell *c = bar_cell(b, side, i);

			for (size_t k = 0; c && k < c->n_lines; k++)
				if (line_wait(c, &c->lines[k]) > 0)
					add_part(&parts, n, &c->lines[k],
						 line_wait(c, &c->lines[k]));
		}
	}
	if (*n)
		qsort(parts, *n, sizeof(*parts), by_sum);
	return parts;
}

/* The waiting of one part in one bar, in ms or millions of instructions; beyond the last part, that
 * of all who have no part of their own. */
static double part_wait(const struct bars *b, const struct lock_cell *c, const struct part *parts,
			size_t n, size_t part)
{
	double insn = b->r->run->target.ns_per_insn, total = 0;

	for (size_t k = 0; c && k < c->n_lines; k++) {
		size_t i = 0;

		while (i < n && !same_line(parts[i].like, &c->lines[k]))
			i++;
		if (i == part)
			total += line_wait(c, &c->lines[k]);
	}
	return total / (insn > 0 ? insn : 1) / 1e6;
}

/* Old stands left of the cell's place, new right of it. */
static double place(const struct bars *b, size_t side, size_t cell)
{
	return (double)cell + (b->r->n_sides == 2 ? ((double)side - 0.5) * 0.42 : 0);
}

static char *part_name(const struct part *p)
{
	return xasprintf("%s (%s, %s)", *p->like->caller ? p->like->caller : "others",
			 lock_class_name(p->like->class), locks_mode_name(p->like->mode));
}

static void add_stack(const struct bars *b, struct plot *p, const struct part *parts, size_t n,
		      size_t part, double *tops)
{
	char *name = part < n ? part_name(&parts[part]) : xstrdup("all others");
	struct plot_series *s =
		plot_add(p, name, part < n ? PLOT_PART + part : PLOT_QUIET, PLOT_BOX);

	for (size_t side = 0; side < b->r->n_sides; side++) {
		for (size_t i = 0; i < b->n; i++) {
			double *top = &tops[side * b->n + i];
			double wait = part_wait(b, bar_cell(b, side, i), parts, n, part);

			if (wait > 0)
				plot_add_point(s, place(b, side, i), *top + wait, *top,
					       *top + wait);
			*top += wait;
		}
	}
	free(name);
}

/* --- axes --- */

static bool differs(const struct bars *b, const char *key)
{
	const char *first = json_get_str(b->cells[0]->params, key, "");

	for (size_t i = 1; i < b->n; i++)
		if (strcmp(json_get_str(b->cells[i]->params, key, ""), first) != 0)
			return true;
	return false;
}

static void find_param(struct bars *b)
{
	size_t n = 0;
	const char *key;
	json_t *value;

	b->param = NULL;
	json_object_foreach(b->cells[0]->params, key, value) {
		if (differs(b, key)) {
			b->param = key;
			n++;
		}
	}
	if (n != 1)
		b->param = NULL;
}

static void label_axes(const struct bars *b, struct plot *p, const char *y)
{
	struct str x = STR_INIT;

	str_addf(&x, "%s", b->param ? b->param : "");
	if (b->r->n_sides == 2)
		str_addf(&x, "%sleft %s, right %s", b->param ? "; " : "", b->r->sides[0].label,
			 b->r->sides[1].label);
	for (size_t i = 0; i < b->n; i++) {
		char *label = b->param ? xstrdup(json_get_str(b->cells[i]->params, b->param, ""))
				       : report_label(b->r, b->cells[i]);

		plot_add_tick(&p->x, (double)i, label);
		free(label);
	}
	plot_label(&p->x, str_text(&x));
	plot_label(&p->y, y);
	p->x.from = -0.6;
	p->x.to = (double)b->n - 0.4;
	str_release(&x);
}

/* --- the pictures --- */

static void show_stacks(const struct bars *b)
{
	const char *workload = b->cells[0]->workload;
	bool icount = b->r->run->target.ns_per_insn > 0;
	size_t n, named;
	struct part *parts = find_parts(b, &n);
	double *tops = xcalloc(b->n * 2, sizeof(*tops));
	char *name = report_file(b->r, "locks", workload);
	char *title = xasprintf("%s: waiting by caller (%s)", workload, b->r->run->target.kind);
	struct plot *p = plot_new(name, title);

	named = n > PLOT_PARTS ? PLOT_PARTS : n;
	for (size_t i = 0; i < named + (n > named); i++)
		add_stack(b, p, parts, named, i, tops);
	label_axes(b, p,
		   icount ? "millions of instructions waited in a round, all processes together"
			  : "ms waited in a round, all processes together");
	if (n)
		doc_figure(&b->r->doc, p);
	else
		plot_free(p);
	free(title);
	free(name);
	free(tops);
	free(parts);
}

/* Whether processes exited in every round of every bar, so that all can be shares of that. */
static bool all_exit(const struct bars *b)
{
	for (size_t side = 0; side < b->r->n_sides; side++) {
		for (size_t i = 0; i < b->n; i++) {
			const struct lock_cell *c = bar_cell(b, side, i);
			struct values v;

			if (c && c->rounds && !locks_boot_shares(c, LOCK_I_MMAP, true, &v))
				return false;
			if (c && c->rounds)
				values_release(&v);
		}
	}
	return true;
}

static void show_shares(const struct bars *b)
{
	const char *workload = b->cells[0]->workload;
	bool exits = all_exit(b);
	char *name = report_file(b->r, "lock-share", workload);
	char *title =
		xasprintf("%s: waiting for i_mmap_rwsem (%s)", workload, b->r->run->target.kind);
	struct plot *p = plot_new(name, title);

	for (size_t side = 0; side < b->r->n_sides; side++) {
		struct plot_series *s = plot_add(p, b->r->sides[side].label,
						 side ? PLOT_NEW : PLOT_OLD, PLOT_MARK | PLOT_YBAR);

		for (size_t i = 0; i < b->n; i++) {
			const struct lock_cell *c = bar_cell(b, side, i);
			struct values v;
			struct spread y;

			if (!c || !locks_boot_shares(c, LOCK_I_MMAP, exits, &v))
				continue;
			y = values_spread(&v);
			plot_add_point(s, place(b, side, i), 100 * y.mid, 100 * y.low,
				       100 * y.high);
			values_release(&v);
		}
	}
	label_axes(b, p,
		   exits ? "% of the time in exit_mmap: median of the boots, and from six on its "
			   "interval"
			 : "% of the processes' time: median of the boots, and from six on its "
			   "interval");
	doc_figure(&b->r->doc, p);
	free(title);
	free(name);
}

void evidence_draw(const struct evidence *e, struct report *r, const char *workload)
{
	struct bars b = {.r = r, .e = e, .cells = xcalloc(r->run->n_cells + 1, sizeof(*b.cells))};

	for (size_t i = 0; i < r->run->n_cells; i++) {
		const struct run_cell *c = &r->run->cells[i];
		bool known = false;

		for (size_t side = 0; side < r->n_sides; side++) {
			const struct lock_cell *l = evidence_of(e, r, side, c);

			known |= l && l->n_lines;
		}
		if (known && !c->is_control && !strcmp(c->workload, workload))
			b.cells[b.n++] = c;
	}
	if (b.n) {
		find_param(&b);
		show_stacks(&b);
		show_shares(&b);
	}
	free(b.cells);
}
