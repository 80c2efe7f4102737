/* mlocklab plan: how many boots and iterations it takes to see a change, from a run that is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include "analysis/write/pilot-text.h"
#include "lib/options.h"
#include "lib/text.h"

struct options {
	const char *pilot;
	double effect;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("pilot", "RUN", OFFER_RUN, AT(pilot),
		 "a run of one kernel or of two, of at least two pairs"),
	OPT_SHARE("effect", AT(effect), "the change to be seen: 1% or 0.01 (default: 1%)"),
	OPT_END,
};

static const struct command command = {
	.name = "plan",
	.usage = "--pilot RUN [--effect SHARE]",
	.about = "From how much a stored run varies: the pairs of boots that it takes to see a\n"
		 "change of a given size, and the iterations a boot that make the most of the "
		 "time.\n",
	.opts = opts,
	.want = "no argument is wanted: the run to plan by is named by --pilot",
};

int main(int argc, char **argv)
{
	struct options o = {.effect = 0.01};
	struct str out = STR_INIT;
	struct err err = {0};
	struct pilot p = {0};
	struct run r = {0};
	int ret;

	command_parse(&command, &o, argc, argv);
	ret = o.pilot ? load_run(&r, o.pilot, &err)
		      : err_set(&err, "a stored run to plan by is wanted: --pilot RUN");
	if (ret == 0)
		ret = pilot_make(&p, &r, o.effect, &err);
	if (ret == 0) {
		pilot_text(&p, &out);
		ret = text_deliver(&out, NULL, &err);
	}
	if (ret < 0)
		command_fail(&err);
	str_release(&out);
	pilot_release(&p);
	load_release(&r);
	return ret == 0 ? EXIT_OK : EXIT_USAGE;
}
