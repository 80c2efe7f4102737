#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/profile.h"

/* What the samples of one boot say of one cell. */
static struct cell_outcome measured(const struct run *r, const struct run_boot *b, const char *cell)
{
	const struct run_cell *c = load_cell(r, cell);

	return c ? c->outcome[b - r->boots] : (struct cell_outcome){0};
}

/* The timed boot of the same layout on the same arm, or NULL. */
static const struct run_boot *counterpart(const struct run *timed, const struct run_boot *b)
{
	for (size_t i = 0; i < timed->n_boots; i++) {
		const struct run_boot *t = &timed->boots[i];

		if (t->arm == b->arm && t->seed == b->seed && strcmp(t->outcome, "ok") == 0)
			return t;
	}
	return NULL;
}

static void compare_clock(struct profile_side *s, const struct profiles *from,
			  const struct run_boot *b, const char *cell)
{
	const struct run_boot *t = counterpart(&from->timed, b);

	s->unprofiled +=
		t ? measured(&from->timed, t, cell).elapsed_ns / from->timed.target.ns_per_insn
		  : NAN;
}

static int add_boot(struct profile_side *s, const struct profiles *from, const struct run_boot *b,
		    size_t cell, struct err *err)
{
	const char *id = from->run.cells[cell].id;
	size_t regions = s->calls.regions;
	struct cell_outcome m = measured(&from->run, b, id);
	const struct profile_index *index = &from->indices[b - from->run.boots];

	if (!index->cells) {
		strv_pushf(&s->notes, "boot %03d left no profile", b->n);
		return 0;
	}
	if (calls_read(&s->calls, &from->run, b, index, cell, err) < 0)
		return -1;
	s->boots++;
	s->ops += m.ops;
	if (!s->calls.whole)
		strv_pushf(&s->notes, "boot %03d ended before its profile did", b->n);
	if (s->calls.regions - regions != m.measured)
		strv_pushf(&s->notes, "boot %03d counted %zu regions and finished %zu iterations",
			   b->n, s->calls.regions - regions, m.measured);
	compare_clock(s, from, b, id);
	return 0;
}

static void add_notes(struct profile_side *s)
{
	if (s->calls.open)
		strv_push(&s->notes, "a region was never closed: the profile goes beyond it");
	if (s->calls.misnamed)
		strv_push(&s->notes,
			  "the symbols are not those of the kernel that ran (KASLR on, or "
			  "another kernel): the names mean nothing");
	if (s->calls.doubtful > 0)
		strv_pushf(&s->notes,
			   "up to %.0f instructions in the middle of faults that the kernel "
			   "fixed up may be counted too many",
			   s->calls.doubtful);
}

int profile_side_load(struct profile_side *s, const struct profiles *from, size_t cell, size_t arm,
		      int pair, struct err *err)
{
	*s = (struct profile_side){.arm = &from->run.arms[arm]};
	for (size_t i = 0; i < from->run.n_boots; i++) {
		if (from->run.boots[i].arm != arm ||
		    (pair != PROFILE_ALL_PAIRS && from->run.boots[i].pair != pair))
			continue;
		if (add_boot(s, from, &from->run.boots[i], cell, err) < 0) {
			profile_side_release(s);
			return -1;
		}
	}
	if (!s->calls.root.function)
		s->calls.root.function = xstrdup("");
	calls_sum(&s->calls.root);
	add_notes(s);
	return 0;
}

void profile_side_release(struct profile_side *s)
{
	calls_release(&s->calls);
	strv_release(&s->notes);
	*s = (struct profile_side){0};
}
