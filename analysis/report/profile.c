#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/write/flame.h"
#include "analysis/write/profile-text.h"
#include "analysis/report/part.h"
#include "lib/paths.h"

#define FUNCTIONS 12

/* The profiles of one workload's cells, as they stand beside each other. */
struct bars {
	struct report *r;
	struct profile *v;
	size_t n;
};

/* A family over all bars of a picture. */
struct part {
	const char *name;
	double most;
};

static const struct profile_row *family(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->n_families; i++)
		if (strcmp(p->families[i].name, name) == 0)
			return &p->families[i];
	return NULL;
}

static int by_most(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->most > y->most ? -1 : x->most < y->most ? 1 : strcmp(x->name, y->name);
}

/* The families by the largest that any bar has of them; as many as families.ini has, for the
 * caller. */
static struct part *rank(const struct bars *b, size_t *n)
{
	struct part *parts;

	*n = b->v[0].n_families;
	parts = xcalloc(*n, sizeof(*parts));
	for (size_t i = 0; i < *n; i++) {
		parts[i].name = b->v[0].families[i].name;
		for (size_t k = 0; k < b->n; k++) {
			const struct profile_row *f = family(&b->v[k], parts[i].name);

			parts[i].most = fmax(parts[i].most, fmax(f->self[0], f->self[1]));
		}
	}
	qsort(parts, *n, sizeof(*parts), by_most);
	return parts;
}

static double place(size_t side, size_t cell)
{
	return (double)cell + ((double)side - 0.5) * 0.42;
}

/* One part of all stacks: parts from to end, under one name. */
static void add_stack(const struct bars *b, struct plot *plot, const struct part *parts,
		      size_t from, size_t end, double *tops)
{
	bool one = end - from == 1;
	struct plot_series *s = plot_add(plot, one ? parts[from].name : "all others",
					 one ? PLOT_PART + from : PLOT_QUIET, PLOT_BOX);

	for (size_t k = 0; k < b->n; k++) {
		for (size_t side = 0; side < 2; side++) {
			double *top = &tops[2 * k + side], height = 0;

			for (size_t i = from; i < end; i++)
				height += family(&b->v[k], parts[i].name)->self[side];
			plot_add_point(s, place(side, k), *top + height, *top, *top + height);
			*top += height;
		}
	}
}

static void show_bars(const struct bars *b, const char *workload)
{
	char *name = report_file(b->r, "families", workload);
	char *title = xasprintf("%s: instructions per %s by family (%s)", workload, b->v[0].op,
				b->r->run->target.kind);
	struct plot *plot = plot_new(name, title);
	double *tops = xcalloc(2 * b->n, sizeof(*tops));
	size_t n, named;
	struct part *parts = rank(b, &n);
	char *x = xasprintf("left %s, right %s", b->r->sides[0].label, b->r->sides[1].label);
	char *y = xasprintf("instructions per %s", b->v[0].op);

	named = n < PLOT_PARTS ? n : PLOT_PARTS;
	for (size_t i = 0; i < named; i++)
		add_stack(b, plot, parts, i, i + 1, tops);
	if (n > named)
		add_stack(b, plot, parts, named, n, tops);
	for (size_t k = 0; k < b->n; k++) {
		char *label = report_label(b->r, b->v[k].cell);

		plot_add_tick(&plot->x, (double)k, label);
		free(label);
	}
	plot->x.from = -0.6;
	plot->x.to = (double)b->n - 0.4;
	plot_label(&plot->x, x);
	plot_label(&plot->y, y);
	doc_figure(&b->r->doc, plot);
	free(x);
	free(y);
	free(tops);
	free(parts);
	free(title);
	free(name);
}

static void show_flame(struct report *r, const struct profile *p, const char *name)
{
	char *shows = xasprintf("%s: where the instructions of both kernels go", p->cell->id);
	struct str svg = STR_INIT;
	int height = flame_svg(p, &svg);

	doc_drawing(&r->doc, name, shows, str_text(&svg), FLAME_WIDTH, height);
	free(shows);
	str_release(&svg);
}

static void show_cell(struct report *r, const struct profile *p)
{
	struct strv remarks = STRV_INIT;
	char *name = report_file(r, "profile", p->cell->id), *flame = xasprintf("%s-flame", name);
	char *head = xasprintf("%s: %.1f to %.1f instructions per %s (%+.1f)", p->cell->id,
			       p->whole[0], p->whole[1], p->op, p->whole[1] - p->whole[0]);

	doc_open(&r->doc, false, head);
	profile_tables(p, FUNCTIONS, name, &r->doc);
	show_flame(r, p, flame);
	profile_remarks(p, &remarks);
	for (size_t i = 0; i < remarks.n; i++)
		doc_para(&r->doc, "%s", remarks.v[i]);
	doc_close(&r->doc);
	strv_release(&remarks);
	free(head);
	free(flame);
	free(name);
}

/* What the head of the report shows: of the cell that changed most. */
struct largest {
	struct table *table;
	double change;
};

#define LARGEST 3 /* functions */

static void take_largest(struct largest *l, const struct profile *p)
{
	double change = fabs(p->whole[1] - p->whole[0]) / fmax(p->whole[0], 1);

	if (p->cell->is_control || (l->table && change <= l->change))
		return;
	table_free(l->table);
	*l = (struct largest){profile_largest(p, LARGEST), change};
}

static void show_workload(struct report *r, const struct profiles *from, const char *workload,
			  struct largest *largest)
{
	struct bars b = {.r = r, .v = xcalloc(from->run.n_cells + 1, sizeof(*b.v))};
	struct err err;

	for (size_t i = 0; i < from->run.n_cells; i++) {
		struct profile *p = &b.v[b.n];

		if (strcmp(from->run.cells[i].workload, workload) != 0)
			continue;
		if (profile_load(p, from, i, r->sides[0].arm_index, r->sides[1].arm_index, &err) <
		    0)
			doc_para(&r->doc, "%s: %s", from->run.cells[i].id, err.text);
		else if (p->side[0].ops > 0 && p->side[1].ops > 0)
			b.n++;
		else
			profile_release(p);
	}
	if (b.n) {
		doc_heading(&r->doc, workload);
		show_bars(&b, workload);
	}
	for (size_t k = 0; k < b.n; k++) {
		show_cell(r, &b.v[k]);
		take_largest(largest, &b.v[k]);
		profile_release(&b.v[k]);
	}
	free(b.v);
}

static void show(struct report *r, const struct profiles *from)
{
	struct strv workloads = report_workloads(r);
	struct largest largest = {0};

	doc_section(&r->doc, "profile", "Where the instructions went");
	doc_para(&r->doc,
		 "Every instruction of the timed regions, counted by kernel function in boots of "
		 "their own: counts, not samples, so the rows of a table add up to the whole. In a "
		 "flame graph callers stand above what they call, and a box is as wide as the "
		 "larger of what either kernel spends there.");
	for (size_t i = 0; i < workloads.n; i++)
		show_workload(r, from, workloads.v[i], &largest);
	if (largest.table && doc_table(&r->doc, largest.table))
		report_to_head(r);
	strv_release(&workloads);
}

void report_profile(struct report *r)
{
	char *families = paths_config("kernel/families.ini");
	struct profiles from;
	struct err err;

	/* the profiles of two runs are not of the same work */
	if (r->n_sides == 2 && r->sides[0].run == r->sides[1].run) {
		if (profiles_load(&from, r->run->path, families, &err) < 0) {
			doc_para(&r->doc, "Profiles could not be read: %s", err.text);
		} else {
			if (from.run.n_boots)
				show(r, &from);
			profiles_release(&from);
		}
	}
	free(families);
}
