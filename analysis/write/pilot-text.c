#include "analysis/write/pilot-text.h"

#include "analysis/write/table.h"
#include "lib/text.h"

static void add_percent(struct str *out, double share)
{
	if (isnan(share))
		str_addf(out, " %8s", "-");
	else
		str_addf(out, " %6.2f %%", 100 * share);
}

static void add_count(struct str *out, unsigned n, unsigned most)
{
	char text[16];

	snprintf(text, sizeof(text), n >= most ? ">%u" : "%u", n >= most ? most - 1 : n);
	str_addf(out, " %6s", n ? text : "-");
}

#define ID_WIDTH 23

static void add_pilot_cell(const struct pilot_cell *c, struct str *out)
{
	struct str id = STR_INIT;

	text_escape(&id, c->cell->id);
	if (id.len > ID_WIDTH)
		str_addf(out, "  %.*s\n%*s", TABLE_WIDTH - 2, str_text(&id), ID_WIDTH + 2, "");
	else
		str_addf(out, "  %-*s", ID_WIDTH, str_text(&id));
	add_percent(out, c->within);
	add_percent(out, c->between);
	add_percent(out, c->pair);
	add_count(out, c->pairs, PILOT_MOST_PAIRS);
	add_count(out, c->best, PILOT_MOST_ITERATIONS + 1);
	add_count(out, c->best_pairs, PILOT_MOST_PAIRS);
	str_add(out, "\n");
	str_release(&id);
}

static void add_notes(const struct pilot *p, struct str *out)
{
	text_wrap(out,
		  "sd: of an iteration within its boot, of boots, and of a pair's ratio, all "
		  "relative. pairs: "
		  "for the change to be seen four times in five by compare, which allows for the "
		  "number of cells, at least six; best: iterations a boot that "
		  "make the most of the time, and the pairs it then takes.",
		  TABLE_WIDTH, 0);
	if (isnan(p->boot))
		text_wrap(
			out,
			"The run does not tell how long its boots took to settle, so that there is "
			"no best number of iterations.",
			TABLE_WIDTH, 0);
	if (p->run->n_arms == 1)
		text_wrap(out,
			  "The run has one arm: a pair is taken to vary as two of its boots do.",
			  TABLE_WIDTH, 0);
}

void pilot_text(const struct pilot *p, struct str *out)
{
	str_addf(out, "to see a change of %.3g %%, target %s", 100 * p->effect,
		 p->run->target.kind);
	if (!isnan(p->boot))
		str_addf(out, "; a boot takes %.1f s, then\n%.2f s for one iteration of all cells",
			 p->boot, p->iteration);
	str_addf(out, "\n\n%*s %8s %8s %8s %6s %6s %6s\n  %-*s %8s %8s %8s %6s %6s %6s\n",
		 ID_WIDTH + 2, "", "within", "between", "pair", "", "best", "best", ID_WIDTH,
		 "cell", "sd", "sd", "sd", "pairs", "iter.", "pairs");
	for (size_t i = 0; i < p->n; i++)
		add_pilot_cell(&p->cells[i], out);
	str_add(out, "\n");
	add_notes(p, out);
}
