#include <stdlib.h>

#include "analysis/judge/calibration.h"
#include "analysis/report/part.h"

/* How often a kernel was taken to differ from itself here, and what a known change showed as. */
static void report_calibration(struct report *r)
{
	char *words = calibration_words(r->cmp->calibration);

	doc_para(&r->doc, "%s", words);
	free(words);
}

void report_method(struct report *r)
{
	struct doc *d = &r->doc;

	doc_section(d, "method", "How the figures came about");
	doc_para(d, "The unit is the boot: a boot's value is the median of its iterations after "
		    "warm-up, and iterations of different boots are never thrown together.");
	if (!r->cmp)
		return;
	if (r->cmp->paired)
		doc_para(d,
			 "%s The ratio is the Hodges-Lehmann estimate over the pairs; p comes from "
			 "flipping the sign of whole pairs, and the interval inverts that test.",
			 r->cmp->run_old == r->cmp->run_new
				 ? "Old and new boots ran as pairs, in a random order that the "
				   "seed fixes."
				 : "Old and new boots are of two runs, and those of one layout "
				   "are a pair.");
	else
		doc_para(d, "The boots are not paired. The ratio is the two-sample Hodges-Lehmann "
			    "estimate; p comes from exchanging boots between the kernels, and the "
			    "interval "
			    "inverts that test.");
	doc_para(d,
		 "The p of the primary metrics allow for their number (max-T). Better and worse "
		 "need an adjusted p of at most %.3g and a change beyond the margin of %.3g %%; "
		 "equivalent needs the cell's own %.3g %% interval, by %s, inside the "
		 "margin, and then that one is shown; what is as certain as those and lies below "
		 "the margin is changed-small; all else is inconclusive, and the column "
		 "\"detectable\" says how large a change would "
		 "have been seen four times in five.",
		 r->cmp->alpha, 100 * r->cmp->margin, 100 * (1 - 2 * r->cmp->alpha),
		 r->cmp->paired ? "signed ranks" : "rank sums");
	report_calibration(r);
	doc_para(d,
		 "All of it is in compare.json. Each picture is an .svg file beside this one, with "
		 "its points in the .csv file of that name; plots.gp draws them.");
}
