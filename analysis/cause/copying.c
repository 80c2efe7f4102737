#include "analysis/cause/copying.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/cause/profile.h"
#include "analysis/stats/stats.h"

/* Of an operation: less is not worth a word. */
#define LEAST 1

static double own_of(const struct call *call, const struct families *f)
{
	const char *name = families_renamed(f, call->function);
	double own = strcmp(f->v[families_of(f, name)].name, COPYING_FAMILY) ? 0 : call->self;

	for (const struct call *c = call->child; c; c = c->next)
		own += own_of(c, f);
	return own;
}

/* What one arm's profile says of a cell: the family's instructions an operation, or NAN. */
static int family_of(const struct profiles *from, size_t cell, size_t arm, double *each,
		     double *whole, struct err *err)
{
	struct profile_side s;

	if (profile_side_load(&s, from, cell, arm, PROFILE_ALL_PAIRS, err) < 0)
		return -1;
	*whole = s.ops > 0 ? s.calls.insns / s.ops : NAN;
	*each = s.ops > 0 ? own_of(&s.calls.root, &from->families) / s.ops : NAN;
	profile_side_release(&s);
	return 0;
}

static double median_of(const struct run *run, const struct series *s, size_t arm)
{
	double *v = xcalloc(run->n_boots + 1, sizeof(*v)), median;
	size_t n = 0;

	for (size_t i = 0; i < run->n_boots; i++)
		if (run->boots[i].arm == arm && !isnan(s->boot[i].median))
			v[n++] = s->boot[i].median;
	median = stats_median(v, n);
	free(v);
	return median;
}

/* Whether the figure is the region by its operations: within a tenth of what the profile counted.
 */
static bool is_whole(double figure, double whole)
{
	return figure > 0 && fabs(figure - whole) <= 0.1 * whole;
}

static void keep(struct copied *taken, const char *cell, const double *each, size_t arms)
{
	size_t at = taken->cells.n * arms;

	strv_push(&taken->cells, cell);
	taken->arms = arms;
	taken->each = xrealloc(taken->each, (at + arms) * sizeof(*taken->each));
	memcpy(taken->each + at, each, arms * sizeof(*each));
}

static int take_out(struct run *run, const struct profiles *from, size_t cell, struct copied *taken,
		    struct str *note, struct err *err)
{
	struct run_cell *c = &run->cells[cell];
	struct series *s = c->n_series ? &c->series[0] : NULL;
	double *each = xcalloc(run->n_arms + 1, sizeof(*each)), whole, most = 0;
	bool all = s && s->metric.time;
	int ret = 0;

	for (size_t i = 0; i < run->n_arms && all && ret == 0; i++) {
		ret = family_of(from, cell, i, &each[i], &whole, err);
		all = ret == 0 && !isnan(each[i]) && is_whole(median_of(run, s, i), whole);
		most = fmax(most, each[i]);
	}
	if (ret == 0 && all && most >= LEAST) {
		for (size_t i = 0; i < run->n_boots; i++)
			if (!isnan(s->boot[i].median))
				s->boot[i].median -= each[run->boots[i].arm];
		keep(taken, c->id, each, run->n_arms);
		str_addf(note, "; %s", c->id);
		for (size_t i = 0; i < run->n_arms; i++)
			str_addf(note, "%s%.0f", i ? ", " : " ", each[i]);
	}
	free(each);
	return ret;
}

int copying_take_out(struct run *run, struct copied *taken, const char *families, struct err *err)
{
	struct str note = STR_INIT;
	struct profiles from;
	int ret;

	if (run->target.ns_per_insn <= 0)
		return 0;
	if (profiles_load(&from, run->path, families, err) < 0)
		return -1;
	ret = 0;
	for (size_t i = 0; i < run->n_cells && from.run.n_boots && ret == 0; i++)
		ret = take_out(run, &from, i, taken, &note, err);
	if (ret == 0 && note.len)
		strv_pushf(
			&run->notes,
			"instructions of copying are not in these figures, for a `rep movs` counts "
			"otherwise than a loop does; an operation, by arm%s",
			note.buf);
	else if (ret == 0)
		strv_push(&run->notes,
			  "copying is in these figures: a page copied counts 516 where the "
			  "kernel does it with `rep movs` and 1554 where by a loop (from 6.12 on); "
			  "a run with "
			  "profile=1 has it taken out");
	str_release(&note);
	profiles_release(&from);
	return ret;
}

/* The arm of run with that image, or run->n_arms. */
static size_t same_image(const struct run *run, const struct run_arm *arm)
{
	size_t i = 0;

	while (i < run->n_arms && (!*arm->sha256 || strcmp(run->arms[i].sha256, arm->sha256)))
		i++;
	return i;
}

void copying_take_same(struct run *other, const struct run *run, const struct copied *taken)
{
	for (size_t i = 0; i < taken->cells.n; i++) {
		const struct run_cell *c = load_cell(other, taken->cells.v[i]);

		for (size_t b = 0; c && c->n_series && b < other->n_boots; b++) {
			size_t arm = same_image(run, &other->arms[other->boots[b].arm]);
			struct boot_value *v = &c->series[0].boot[b];

			if (arm < run->n_arms && !isnan(v->median))
				v->median -= taken->each[i * taken->arms + arm];
		}
	}
}

void copied_release(struct copied *c)
{
	strv_release(&c->cells);
	free(c->each);
	*c = (struct copied){0};
}
