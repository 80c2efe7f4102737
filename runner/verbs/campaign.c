/* mlocklab campaign: an A/B of kernels that this machine itself boots, one after the other. */
#include <stdio.h>
#include <string.h>
#include "lib/options.h"
#include "runner/campaign/campaign.h"
#include "runner/campaign/watch.h"

struct options {
	bool no_watchdog;
	int limit, silent;
	const char *reset;
	struct strv rest; /* what run is given */
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_FLAG("no-watchdog", AT(no_watchdog),
		 "go on where no hardware watchdog resets a machine that hangs"),
	OPT_INT("limit", "MINUTES", 1, 10000, AT(limit),
		"the longest that a boot may last before the machine is reset (default: 120)"),
	OPT_TEXT("reset-command", "COMMAND", NULL, AT(reset),
		 "watch: the shell's command that resets HOST, as 'ipmitool -H BMC power reset'"),
	OPT_INT("silent", "SECONDS", 1, 86400, AT(silent),
		"watch: how long HOST may give no answer until it is reset (default: 900)"),
	OPT_END,
};

static const struct command command = {
	.name = "campaign",
	.usage = "start EXPERIMENT --kernel SPEC... [option...]\nstatus\nstop\n"
		 "watch HOST --reset-command COMMAND",
	.about =
		"Boots this machine itself with one kernel after the other, as often as the\n"
		"experiment wants, measures each boot and starts the next, unattended; at its end\n"
		"the machine runs what it ran before, and the run is one like any other. Kernels\n"
		"are those of /boot, boot:RELEASE; or deb:FILE, git:REV and built:NAME, which are\n"
		"installed by dpkg and removed at the end.\n"
		"watch, on another machine, resets one whose campaign has fallen silent.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 2,
	.words = "start|status|stop|watch " OFFER_SUITE,
	.want = "start EXPERIMENT, status, stop or watch HOST is wanted",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.keeps = "target cpus nodes memory host-cpus host-nodes hugepages stop-early workers qemu "
		 "mirror ktap "
		 "show-command resume on slurm submit attach boots",
};

static int start(const struct options *o, const char *experiment, int argc, char **argv,
		 struct err *err)
{
	struct campaign_wish w = {.no_watchdog = o->no_watchdog,
				  .limit = o->limit ? o->limit : 120,
				  .argc = argc,
				  .argv = argv};
	struct run_options run = {0};
	struct strv words = STRV_INIT;

	strv_push(&words, "run");
	strv_push(&words, experiment);
	for (size_t i = 0; i < o->rest.n; i++)
		strv_push(&words, o->rest.v[i]);
	if (run_options_parse(&run, (int)words.n, words.v) < 0)
		return err_set(err, "%s", command.want);
	w.run = &run;
	return campaign_start(&w, err);
}

static int look_after(const struct options *o, const char *host, struct err *err)
{
	struct watch w = {.host = host, .reset = o->reset, .silent = o->silent ? o->silent : 900};

	return w.reset ? watch(&w, err)
		       : err_set(err,
				 "watch resets '%s' where it falls silent: say how with "
				 "--reset-command",
				 host);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	char **words = command_parse(&command, &o, argc, argv);
	struct err err = {""};
	int ret;

	if (strcmp(words[0], "start") == 0 && words[1])
		ret = start(&o, words[1], argc, argv, &err);
	else if (strcmp(words[0], "watch") == 0 && words[1])
		ret = look_after(&o, words[1], &err);
	else if (words[1])
		ret = err_set(&err, "'%s %s': %s", words[0], words[1], command.want);
	else if (strcmp(words[0], "status") == 0)
		ret = campaign_status(&err);
	else if (strcmp(words[0], "stop") == 0)
		ret = campaign_stop(&err);
	else if (strcmp(words[0], "step") == 0)
		ret = campaign_step(&err);
	else
		ret = err_set(&err, "'%s': %s", words[0], command.want);
	return ret < 0 ? command_fail(&err) : EXIT_OK;
}
