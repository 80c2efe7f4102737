/* mlocklab doctor: what this machine can do, and the command that fixes each gap. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/text.h"
#include "runner/doctor/doctor.h"

struct options {
	const char *mirror, *format;
};

static const struct opt opts[] = {
	OPT_CHOICE("format", "FORMAT", "text|json", offsetof(struct options, format),
		   "text or json (default: text)"),
	OPT_TEXT("mirror", "URI", NULL, offsetof(struct options, mirror),
		 "look for this Debian mirror instead of this machine's own"),
	OPT_END,
};

static const struct command command = {
	.name = "doctor",
	.usage = "[--format FORMAT] [--mirror URI]",
	.about = "Tries what this machine can do for the lab: one line a thing, and under each\n"
		 "gap the command that fixes it. A probe guest that worked is remembered.\n"
		 "Exit code 2 where there is no QEMU at all, else 0.\n",
	.opts = opts,
	.want = "no argument is wanted",
};

static int finish(const struct doctor *d, struct err *err)
{
	struct str out = STR_INIT;
	char *json = d->rows ? json_dumps(d->rows, JSON_INDENT(2)) : NULL;
	int ret;

	if (json)
		str_addf(&out, "%s\n", json);
	else if (d->gaps)
		str_addf(&out, "\n%d gap%s; a line with -> says what fixes it\n", d->gaps,
			 d->gaps == 1 ? "" : "s");
	ret = text_deliver(&out, NULL, err);
	free(json);
	str_release(&out);
	return ret;
}

int main(int argc, char **argv)
{
	struct options given = {.format = "text"};
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_opts o = {.cache = cache, .config = config};
	struct doctor d = {.out = stdout};
	struct err err;
	int ret;

	command_parse(&command, &given, argc, argv);
	o.mirror = given.mirror;
	if (strcmp(given.format, "json") == 0)
		d.rows = json_array();
	ret = doctor_qemu(&d, &o);
	doctor_programs(&d);
	doctor_mirror(&d, &o);
	doctor_machine(&d);
	if (finish(&d, &err) < 0)
		ret = command_fail(&err);
	json_decref(d.rows);
	free(cache);
	free(config);
	return ret ? EXIT_USAGE : EXIT_OK;
}
