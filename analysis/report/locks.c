#include "analysis/report/locks-plot.h"

#include <math.h>
#include <stdlib.h>

/* --- the head's sentence --- */

static void add_share(const struct report *r, const struct evidence *e, size_t side,
		      const struct run_cell *cell, bool exits, struct str *out)
{
	const struct lock_cell *c = evidence_of(e, r, side, cell);
	struct values v;
	char mid[32];

	if (!locks_boot_shares(c, LOCK_I_MMAP, exits, &v))
		return;
	locks_percent(mid, stats_median(v.v, v.n));
	str_addf(out, "%s %s ", r->sides[side].label, mid);
	locks_interval(&v, out);
	values_release(&v);
}

/* How far the share of a cell lies apart in the two arms; NAN: one of them has none. */
static double change_of(const struct report *r, const struct evidence *e,
			const struct run_cell *cell, bool exits)
{
	double mid[2] = {NAN, NAN};

	for (size_t side = 0; side < 2; side++) {
		const struct lock_cell *c = evidence_of(e, r, side, cell);
		struct values v;

		if (!c || !locks_boot_shares(c, LOCK_I_MMAP, exits, &v))
			continue;
		mid[side] = stats_median(v.v, v.n);
		values_release(&v);
	}
	return fabs(mid[1] - mid[0]);
}

/* Of the cell in which the share of the time in exit_mmap, or of the processes' time, that waiting
 * took changed most. */
static void show_sentence(struct report *r, const struct evidence *e)
{
	const struct run_cell *cell = NULL;
	struct str text = STR_INIT;
	bool of_exits = true;
	double most = 0;

	for (size_t i = 0; r->n_sides == 2 && i < 2 * r->run->n_cells; i++) {
		const struct run_cell *c = &r->run->cells[i / 2];
		bool exits = i % 2 == 0;

		if (c->is_control || !(change_of(r, e, c, exits) > most))
			continue;
		most = change_of(r, e, c, exits);
		cell = c;
		of_exits = exits;
	}
	if (!cell)
		return;
	str_addf(&text, "Of %s in %s, waiting for i_mmap_rwsem took ",
		 of_exits ? "the time in exit_mmap" : "the processes' time", cell->id);
	add_share(r, e, 0, cell, of_exits, &text);
	str_add(&text, ", ");
	add_share(r, e, 1, cell, of_exits, &text);
	str_add(&text, ".");
	doc_toned(&r->doc, TONE_PLAIN, str_text(&text));
	report_to_head(r);
	str_release(&text);
}

/* --- the section --- */

static int load(struct report *r, struct evidence *e, struct err *err)
{
	*e = (struct evidence){0};
	for (size_t side = 0; side < r->n_sides; side++) {
		if (side && r->sides[side].run == r->sides[0].run) {
			e->side[side] = e->side[0];
			continue;
		}
		if (locks_load(&e->runs[e->n_runs], r->sides[side].run->path, err) < 0)
			return -1;
		e->side[side] = &e->runs[e->n_runs++];
	}
	return 0;
}

void report_locks(struct report *r)
{
	struct strv workloads = report_workloads(r);
	struct evidence e;
	struct err err;
	size_t n = 0;

	if (load(r, &e, &err) < 0) {
		char *text = xasprintf("Lock evidence could not be read: %s", err.text);

		doc_toned(&r->doc, TONE_WORSE, text);
		str_addf(&r->locks, "\n%s\n", text);
		free(text);
	} else {
		for (size_t i = 0; i < e.n_runs; i++)
			n += e.runs[i].n;
	}
	if (n) {
		doc_section(&r->doc, "locks", "Who waited for which lock");
		for (size_t i = 0; i < workloads.n; i++)
			evidence_draw(&e, r, workloads.v[i]);
		show_sentence(r, &e);
		for (size_t i = 0; i < e.n_runs; i++) {
			if (!e.runs[i].n)
				continue;
			locks_tables(&e.runs[i], &r->doc);
			str_add(&r->locks, "\n");
			locks_text(&e.runs[i], &r->locks);
		}
	}
	for (size_t i = 0; i < e.n_runs; i++)
		locks_release(&e.runs[i]);
	strv_release(&workloads);
}
