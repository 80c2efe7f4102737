/* mlocklab explain: which kernel functions make up the difference that a run found in a cell. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/write/flame.h"
#include "analysis/write/markdown.h"
#include "analysis/write/profile-text.h"
#include "lib/options.h"
#include "lib/text.h"
#include "lib/paths.h"

#define FEW 12

struct options {
	const char *run, *cell, *format, *old, *new, *families;
	bool all;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_CHOICE("format", "FORMAT", "text|markdown|csv|folded|svg", AT(format),
		   "text, markdown, csv, folded (for flame graphs) or svg (a flame graph of the "
		   "difference); default: text"),
	OPT_FLAG("all", AT(all), "every function that changed, and the inclusive figures"),
	OPT_TEXT("old", "ARM", NULL, AT(old), NULL),
	OPT_TEXT("new", "ARM", NULL, AT(new),
		 "the kernels to compare (default: the run's first two arms, as compare takes "
		 "them)"),
	OPT_TEXT("families", "FILE", OFFER_FILE, AT(families),
		 "instead of configs/kernel/families.ini"),
	OPT_END,
};

static const struct command command = {
	.name = "explain",
	.usage = "[option...] RUN [CELL]",
	.about = "Prints what of the change from old to new lies in which functions and families "
		 "of\n"
		 "the kernel, in instructions per operation, the largest first. The run must have\n"
		 "profiled boots: profile=1 in [global] of its experiment, or 'mlocklab profile'.\n"
		 "Without a CELL, the one that moved most; 'all' is every cell of the run.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 2,
	.words = OFFER_RUN,
	.want = "a run and perhaps one of its cells are wanted",
};

static void write_markdown(const struct profile *p, size_t most, struct str *out)
{
	struct strv remarks = STRV_INIT;
	struct doc d;
	char *title = xasprintf("%s: %s against %s", p->cell->id, profile_kernel(p, 1),
				profile_kernel(p, 0));

	doc_init(&d, title);
	profile_tables(p, most, NULL, &d);
	profile_remarks(p, &remarks);
	for (size_t i = 0; i < remarks.n; i++)
		doc_para(&d, "%s", remarks.v[i]);
	markdown_write(&d, out);
	strv_release(&remarks);
	doc_release(&d);
	free(title);
}

static void write_profile(const struct profile *p, const struct options *o, struct str *out)
{
	size_t most = o->all ? p->n_functions : FEW;

	if (!strcmp(o->format, "markdown"))
		write_markdown(p, most, out);
	else if (!strcmp(o->format, "csv"))
		profile_csv(p, out);
	else if (!strcmp(o->format, "folded"))
		profile_folded(p, out);
	else if (!strcmp(o->format, "svg"))
		flame_svg(p, out);
	else
		profile_text(p, most, o->all, out);
}

static int load(struct profile *p, const struct profiles *from, size_t cell,
		const struct options *o, struct err *err)
{
	const struct run *r = &from->run;
	const struct run_arm *old = o->old ? load_arm_named(r, o->old, err) : &r->arms[0];
	const struct run_arm *new =
		o->new ? load_arm_named(r, o->new, err) : &r->arms[r->n_arms > 1];

	return old && new ? profile_load(p, from, cell, (size_t)(old - r->arms),
					 (size_t)(new - r->arms), err)
			  : -1;
}

static int explain_cell(const struct profiles *from, size_t cell, const struct options *o,
			struct str *out, struct err *err)
{
	struct profile p;

	if (load(&p, from, cell, o, err) < 0)
		return -1;
	if (out->len && (!strcmp(o->format, "text") || !strcmp(o->format, "markdown")))
		str_add(out, "\n\n");
	if (p.side[0].ops > 0 || p.side[1].ops > 0)
		write_profile(&p, o, out);
	else
		str_addf(out, "%s: nothing was measured\n", from->run.cells[cell].id);
	profile_release(&p);
	return 0;
}

/*
 * The cell whose instructions per operation changed by the largest factor; the harness itself is no
 * candidate where there is another. Says which it is where there is a choice.
 */
static int most_moved(const struct profiles *from, const struct options *o, size_t *cell,
		      struct err *err)
{
	const struct run *r = &from->run;
	double most = -1;

	*cell = 0;
	for (size_t i = 0; i < r->n_cells && r->n_cells > 1; i++) {
		struct profile p;
		double moved;

		if (!strcmp(r->cells[i].workload, "null"))
			continue;
		if (load(&p, from, i, o, err) < 0)
			return -1;
		moved = p.whole[0] > 0 && p.whole[1] > 0 ? fabs(log(p.whole[1] / p.whole[0])) : -1;
		profile_release(&p);
		if (moved > most) {
			most = moved;
			*cell = i;
		}
	}
	if (most >= 0)
		command_note(
			"of the %zu cells the one that moved most, '%s': name another, or 'all'",
			r->n_cells, r->cells[*cell].id);
	return 0;
}

/* The cells that are asked for, from first up to end. */
static int choose_cells(const struct profiles *from, const struct options *o, size_t *first,
			size_t *end, struct err *err)
{
	const struct run *r = &from->run;
	const struct run_cell *cell = NULL;
	int ret = 0;

	if (o->cell && !strcmp(o->cell, "all")) {
		*first = 0;
		*end = r->n_cells;
		if (r->n_cells > 1 && (!strcmp(o->format, "svg") || !strcmp(o->format, "folded")))
			return err_set(err, "--format %s is of one cell, and '%s' has %zu: name it",
				       o->format, o->run, r->n_cells);
		return 0;
	}
	if (o->cell)
		cell = load_cell_named(r, o->cell, err);
	if (o->cell && !cell)
		return -1;
	if (cell)
		*first = (size_t)(cell - r->cells);
	else
		ret = most_moved(from, o, first, err);
	*end = *first + 1;
	return ret;
}

static int explain(const struct options *o, struct str *out, struct err *err)
{
	char *families = o->families ? xstrdup(o->families) : paths_config("kernel/families.ini");
	struct profiles from;
	size_t first = 0, end = 0;
	int ret = profiles_load(&from, o->run, families, err);

	free(families);
	if (ret < 0)
		return -1;
	if (!from.run.n_boots)
		ret = err_set(err,
			      "'%s' has no profiled boots: its experiment would say profile=1 in "
			      "[global], under target=icount",
			      o->run);
	else
		ret = choose_cells(&from, o, &first, &end, err);
	if (ret == 0 && from.run.n_arms > 2 && !o->old && !o->new)
		command_note("of the %zu arms the first two, '%s' and '%s': --old and --new choose "
			     "others",
			     from.run.n_arms, from.run.arms[0].name, from.run.arms[1].name);
	for (size_t i = first; ret == 0 && i < end; i++)
		ret = explain_cell(&from, i, o, out, err);
	profiles_release(&from);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.format = "text"};
	struct str out = STR_INIT;
	struct err err;
	char **words = command_parse(&command, &o, argc, argv);
	int ret;

	o.run = words[0];
	o.cell = words[1];
	ret = explain(&o, &out, &err);
	if (ret == 0)
		ret = text_deliver(&out, NULL, &err);
	else /* the cells before the one that failed */
		fputs(str_text(&out), stdout);
	str_release(&out);
	return ret == 0 ? EXIT_OK : command_fail(&err);
}
