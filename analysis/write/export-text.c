/* What `mlocklab compare` prints, and the same for a mail. */
#include <stdlib.h>
#include "analysis/write/brief.h"
#include "analysis/write/export.h"
#include "analysis/write/growth-text.h"
#include "analysis/write/table.h"
#include "lib/text.h"
#include "analysis/write/verdict.h"

static void add_summary(const struct comparison *c, struct str *out)
{
	char *text = verdict_summary(c);

	text_wrap(out, text, TABLE_WIDTH, 0);
	free(text);
}

static void add_sentence(struct str *out, const char *text)
{
	text_wrap(out, text, TABLE_WIDTH, 0);
}

/* The verdict first, then the rows that matter, how they came about, and how to see them again. */
int export_text(const struct comparison *c, const struct export_opts *o, struct str *out,
		struct err *err)
{
	(void)err;
	add_summary(c, out);
	table_findings(c, out);
	table_heading(c, out);
	str_add(out, "\n");
	brief_rows(c, out);
	if (o->all) {
		table_rows(c, true, out);
		str_add(out, "\n");
		table_sentences(c, out);
	}
	growth_text(c, TABLE_WIDTH, out);
	str_add(out, "\n");
	brief_command(c, false, out);
	if (!o->all)
		add_sentence(out, "every cell, metric and counter: mlocklab compare --all");
	table_remarks(c, out);
	return 0;
}

/* A mail is read by somebody who has neither the run nor this program. */
int export_lkml(const struct comparison *c, const struct export_opts *o, struct str *out,
		struct err *err)
{
	(void)err;
	add_summary(c, out);
	table_findings(c, out);
	table_heading(c, out);
	str_add(out, "\n");
	brief_rows(c, out);
	if (o->all)
		table_rows(c, true, out);
	str_add(out, "\n");
	brief_command(c, true, out);
	table_remarks(c, out);
	add_sentence(
		out,
		c->paired
			? "change: Hodges-Lehmann estimate over pairs of boots. p by sign flips, "
			  "max-T over all cells; the intervals invert that test and hold together. "
			  "control: the change of the same work unlocked."
			: "change: Hodges-Lehmann estimate over boots. p by permutation, max-T "
			  "over "
			  "all cells; the intervals invert that test and hold together. control: "
			  "the "
			  "change of the same work unlocked.");
	str_addf(out, "Measured with mlocklab %s.\n", c->run_new->tool);
	return 0;
}
