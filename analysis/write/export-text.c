/* What `mlocklab compare` prints, and the same for a mail. */
#include <stdlib.h>
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

int export_text(const struct comparison *c, const struct export_opts *o, struct str *out,
		struct err *err)
{
	struct str remarks = STR_INIT;

	(void)err;
	table_heading(c, out);
	table_rows(c, o->all, out);
	str_add(out, "\n");
	table_sentences(c, out);
	growth_text(c, TABLE_WIDTH, out);
	table_remarks(c, &remarks);
	if (remarks.len)
		str_addf(out, "\n%s", remarks.buf);
	str_add(out, "\n");
	add_summary(c, out);
	str_release(&remarks);
	return 0;
}

/* A mail says first what was found, then the figures, then how they came about. */
int export_lkml(const struct comparison *c, const struct export_opts *o, struct str *out,
		struct err *err)
{
	(void)err;
	add_summary(c, out);
	str_add(out, "\n");
	table_sentences(c, out);
	table_rows(c, o->all, out);
	str_add(out, "\n");
	table_heading(c, out);
	table_remarks(c, out);
	text_wrap(
		out,
		c->paired
			? "ratio is new/old, the Hodges-Lehmann estimate over pairs of boots; "
			  "exact signed-rank interval; p by sign flips, adjusted over all cells by "
			  "max-T."
			: "ratio is new/old, the Hodges-Lehmann estimate over boots; exact "
			  "rank-sum "
			  "interval; p by permutation, adjusted over all cells by max-T.",
		TABLE_WIDTH, 0);
	str_addf(out, "Measured with mlocklab %s.\n", c->run_new->tool);
	return 0;
}
