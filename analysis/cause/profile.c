#include "analysis/cause/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One node of a tree as a row to be. */
struct entry {
	const char *name, *known_as;
	size_t side;
	double self, total, calls;
};

struct entries {
	struct entry *v;
	size_t n, cap;
};

double profile_change(const struct profile_row *r)
{
	return r->self[1] - r->self[0];
}

double profile_share(const struct profile *p, const struct profile_row *r)
{
	double whole = p->whole[1] - p->whole[0];

	return whole != 0 ? profile_change(r) / whole : NAN;
}

/* "page" in "insn/page" of the cell's primary metric, else "op". */
static const char *profile_op(const struct run_cell *c)
{
	const char *unit = c->n_series ? c->series[0].metric.unit : "";
	const char *slash = strchr(unit, '/');

	return slash && c->series[0].metric.time ? slash + 1 : "op";
}

int profiles_load(struct profiles *p, const char *path, const char *families, struct err *err)
{
	int ret;

	*p = (struct profiles){0};
	ret = families_load(&p->families, families, err);
	if (ret == 0)
		ret = load_run_kind(&p->run, path, "profile", err);
	if (ret == 0 && p->run.n_boots)
		ret = load_run(&p->timed, path, err);
	if (ret == 0)
		p->indices = xcalloc(p->run.n_boots + 1, sizeof(*p->indices));
	for (size_t i = 0; i < p->run.n_boots && ret == 0; i++)
		ret = profile_index_read(&p->indices[i], &p->run, &p->run.boots[i], err);
	if (ret < 0)
		profiles_release(p);
	return ret;
}

void profiles_release(struct profiles *p)
{
	for (size_t i = 0; p->indices && i < p->run.n_boots; i++)
		free(p->indices[i].cells);
	free(p->indices);
	p->indices = NULL;
	load_release(&p->run);
	load_release(&p->timed);
	families_release(&p->families);
}

/* --- rows --- */

/* How often each function is under way, under any of its names: its total must not count twice. */
struct under_way {
	struct index by_name; /* to places in count */
	size_t *count, n;
};

static size_t place_of(struct under_way *u, const char *name)
{
	size_t at = index_find(&u->by_name, name, strlen(name));

	if (at != INDEX_NONE)
		return at;
	u->count = xrealloc(u->count, (u->n + 1) * sizeof(*u->count));
	u->count[u->n] = 0;
	index_put(&u->by_name, name, u->n);
	return u->n++;
}

static void collect(struct entries *e, const struct call *parent, struct under_way *u, size_t side,
		    double ops, const struct families *f)
{
	for (const struct call *c = parent->child; c; c = c->next) {
		const char *name = families_renamed(f, c->function);
		size_t at = place_of(u, name);

		if (e->n == e->cap) {
			e->cap = e->cap ? 2 * e->cap : 4096;
			e->v = xrealloc(e->v, e->cap * sizeof(*e->v));
		}
		e->v[e->n++] = (struct entry){
			.name = name,
			.known_as = c->function,
			.side = side,
			.self = c->self / ops,
			.total = u->count[at] ? 0 : c->total / ops,
			.calls = c->calls / ops,
		};
		u->count[at]++;
		collect(e, c, u, side, ops, f);
		u->count[at]--;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static int by_change(const void *a, const void *b)
{
	const struct profile_row *x = a, *y = b;
	double d = fabs(profile_change(y)) - fabs(profile_change(x));

	if (d == 0)
		d = y->self[0] - x->self[0];
	return d < 0 ? -1 : d > 0 ? 1 : strcmp(x->name, y->name);
}

static void make_functions(struct profile *p, const struct entries *e, const struct families *f)
{
	p->functions = xcalloc(e->n + 1, sizeof(*p->functions));
	for (size_t i = 0; i < e->n; i++) {
		const struct entry *x = &e->v[i];
		struct profile_row *r = &p->functions[p->n_functions];

		if (!i || strcmp(e->v[i - 1].name, x->name) != 0) {
			*r = (struct profile_row){.name = xstrdup(x->name),
						  .family = families_of(f, x->name)};
			p->n_functions++;
		} else {
			r--;
		}
		if (!r->known_as[x->side] || strcmp(x->known_as, x->name) == 0)
			r->known_as[x->side] = x->known_as;
		r->self[x->side] += x->self;
		r->total[x->side] += x->total;
		r->calls[x->side] += x->calls;
	}
	qsort(p->functions, p->n_functions, sizeof(*p->functions), by_change);
}

static void make_families(struct profile *p, const struct families *f)
{
	p->families = xcalloc(f->n, sizeof(*p->families));
	p->n_families = f->n;
	for (size_t i = 0; i < f->n; i++)
		p->families[i] = (struct profile_row){.name = xstrdup(f->v[i].name), .family = i};
	for (size_t i = 0; i < p->n_functions; i++) {
		const struct profile_row *r = &p->functions[i];

		for (size_t side = 0; side < 2; side++)
			p->families[r->family].self[side] += r->self[side];
	}
	qsort(p->families, p->n_families, sizeof(*p->families), by_change);
}

int profile_load_pair(struct profile *p, const struct profiles *from, size_t cell, size_t old,
		      size_t new, int pair, struct err *err)
{
	const size_t arms[] = {old, new};
	struct under_way under_way = {0};
	struct entries e = {0};
	int ret = 0;

	*p = (struct profile){.cell = &from->run.cells[cell],
			      .from = from,
			      .op = profile_op(&from->run.cells[cell])};
	for (size_t side = 0; ret == 0 && side < 2; side++) {
		struct profile_side *s = &p->side[side];

		ret = profile_side_load(s, from, cell, arms[side], pair, err);
		if (ret < 0 || !s->ops)
			continue;
		p->whole[side] = s->calls.insns / s->ops;
		collect(&e, &s->calls.root, &under_way, side, s->ops, &from->families);
	}
	index_release(&under_way.by_name);
	free(under_way.count);
	if (ret < 0) {
		free(e.v);
		profile_release(p);
		return -1;
	}
	if (e.n)
		qsort(e.v, e.n, sizeof(*e.v), by_name);
	make_functions(p, &e, &from->families);
	make_families(p, &from->families);
	free(e.v);
	return 0;
}

int profile_load(struct profile *p, const struct profiles *from, size_t cell, size_t old,
		 size_t new, struct err *err)
{
	return profile_load_pair(p, from, cell, old, new, PROFILE_ALL_PAIRS, err);
}

void profile_release(struct profile *p)
{
	for (size_t side = 0; side < 2; side++)
		profile_side_release(&p->side[side]);
	for (size_t i = 0; i < p->n_functions; i++)
		free(p->functions[i].name);
	for (size_t i = 0; i < p->n_families; i++)
		free(p->families[i].name);
	free(p->functions);
	free(p->families);
	*p = (struct profile){0};
}
