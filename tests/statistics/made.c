#include "tests/statistics/made.h"

#include <stdlib.h>
#include "lib/str.h"

#define ITERATIONS 2

static void make_arms(struct run *r, size_t arms)
{
	r->arms = xcalloc(arms, sizeof(*r->arms));
	r->n_arms = arms;
	for (size_t i = 0; i < arms; i++) {
		struct run_arm *a = &r->arms[i];

		a->name = xasprintf("a%zu", i);
		a->spec = xstrdup("debian:x");
		a->release = xasprintf("6.%zu", i);
		a->package = xstrdup("");
		a->version = xstrdup("");
		a->sha256 = xasprintf("%zu", i);
		a->config = json_object();
		index_put(&r->by_arm, a->name, i);
	}
}

static void make_boots(struct run *r, size_t rounds)
{
	r->n_boots = r->n_arms * rounds;
	r->boots = xcalloc(r->n_boots + 1, sizeof(*r->boots));
	for (size_t i = 0; i < r->n_boots; i++) {
		struct run_boot *b = &r->boots[i];

		b->n = (int)i + 1;
		b->arm = i % r->n_arms;
		b->pair = (int)(i / r->n_arms);
		b->seed = (uint64_t)b->pair;
		b->outcome = xstrdup("ok");
		b->detail = xstrdup("");
		b->attempts = 1;
		b->wall_seconds = b->ready_seconds = NAN;
	}
}

static void make_cell(const struct run *r, struct run_cell *c, size_t i)
{
	c->id = xasprintf("work/n=%zu", i);
	c->workload = xstrdup("work");
	c->label = xasprintf("n=%zu", i);
	c->params = json_object();
	c->iterations = ITERATIONS;
	c->warmup = 1;
	c->series = xcalloc(1, sizeof(*c->series));
	c->n_series = 1;
	index_put(&c->by_metric, "work", 0);
	c->series[0].metric = (struct run_metric){
		.name = xstrdup("work"),
		.unit = xstrdup("ns/page"),
		.help = xstrdup(""),
		.better = LOWER_IS_BETTER,
		.kind = METRIC_PRIMARY,
		.time = true,
	};
	c->series[0].boot = xcalloc(r->n_boots + 1, sizeof(*c->series[0].boot));
	c->outcome = xcalloc(r->n_boots + 1, sizeof(*c->outcome));
	for (size_t b = 0; b < r->n_boots; b++) {
		c->series[0].boot[b] = (struct boot_value){NAN, NAN, ITERATIONS};
		c->outcome[b].ok = ITERATIONS + 1;
	}
}

void made_begin(struct run *r, size_t arms, size_t rounds, size_t cells)
{
	*r = (struct run){.path = xstrdup("made"),
			  .name = xstrdup("made"),
			  .created = xstrdup(""),
			  .status = xstrdup("complete"),
			  .tool = xstrdup(""),
			  .seed = 1,
			  .pairs = (int)rounds,
			  .margin = 0.01,
			  .host = json_object(),
			  .json = json_object()};
	r->target.kind = xstrdup("tcg");
	r->target.qemu_version = xstrdup("");
	r->target.qemu_sha256 = xstrdup("");
	make_arms(r, arms);
	make_boots(r, rounds);
	r->cells = xcalloc(cells + 1, sizeof(*r->cells));
	r->n_cells = cells;
	for (size_t i = 0; i < cells; i++) {
		make_cell(r, &r->cells[i], i);
		index_put(&r->by_id, r->cells[i].id, i);
	}
}

void made_set(struct run *r, size_t arm, size_t round, size_t cell, double value)
{
	r->cells[cell].series[0].boot[round * r->n_arms + arm].median = value;
}
