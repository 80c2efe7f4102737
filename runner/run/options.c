#include "runner/run/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage_text[] =
	"usage: mlocklab run EXPERIMENT [option...]\n"
	"       mlocklab run --resume RUN\n"
	"\n"
	"Boots every kernel of the experiment, runs its workloads and stores what they\n"
	"measure in results/. The last line printed is the run's directory. EXPERIMENT is a\n"
	"file, or the name of one in configs/, such as core.\n"
	"\n"
	"  --kernel [ARM=]SPEC   measure this kernel; repeat for several arms. SPEC is\n"
	"                        debian:VERSION[/FLAVOUR], deb:FILE, running, or\n"
	"                        image:FILE[,config=FILE][,modules=DIR][,map=FILE]\n"
	"  --target NAME         auto, icount, tcg, kvm or host\n"
	"  --pairs N             boots of each arm\n"
	"  --iterations N        repetitions of a cell in a boot, where a job names none\n"
	"  --seed N              of the order of boots and their layouts\n"
	"  --cpus N, --nodes N, --memory MIB\n"
	"                        the guest's size\n"
	"  --layouts HOW         paired: both boots of a pair have one layout; independent:\n"
	"                        each its own\n"
	"  --stop-early          up to 30 pairs, looked at after every six: no more are made\n"
	"                        once every figure has its verdict (O'Brien-Fleming)\n"
	"  --inject ARM=PERCENT  that arm does so much of its work again: a slowdown of a\n"
	"                        known size, to see it found\n"
	"  --cmdline TEXT        more kernel parameters, such as mitigations=off\n"
	"  --name NAME           of the run, in its directory's name\n"
	"  --out DIR             the run's directory itself\n"
	"  --workers N           boots at a time (default: a core each under icount, else 1)\n"
	"  --qemu PATH           another QEMU; 'cached': that of 'mlocklab qemu fetch'\n"
	"  --mirror URI          Debian mirror instead of this machine's own\n"
	"  --ktap                print what the workloads verified as KTAP, for kernel CI: a\n"
	"                        test a boot, in it a test a cell; exit code 1 where the\n"
	"                        kernel's accounting was wrong\n"
	"  --show-command        print QEMU's command line for each arm and stop\n"
	"  --resume RUN          go on with a run that was interrupted\n"
	"  --help                this text\n";

/* Options that set a key of [global]. */
static const char *const setting_names[] = {"target", "pairs", "iterations", "seed",	"cpus",
					    "nodes",  "memory", "cmdline",   "name", "layouts"};
#define SETTINGS (int)(sizeof(setting_names) / sizeof(*setting_names))

enum { OPT_SETTING = 256, OPT_KERNEL = 512, OPT_INJECT, OPT_STOP_EARLY, OPT_OUT, OPT_WORKERS, OPT_QEMU, OPT_MIRROR, OPT_KTAP,
       OPT_SHOW, OPT_RESUME, OPT_HELP };

int run_options_parse(struct run_options *o, int argc, char **argv)
{
	struct option longs[SETTINGS + 12] = {0};
	int c, n = 0;

	for (; n < SETTINGS; n++)
		longs[n] = (struct option){setting_names[n], required_argument, NULL, OPT_SETTING + n};
	longs[n++] = (struct option){"kernel", required_argument, NULL, OPT_KERNEL};
	longs[n++] = (struct option){"inject", required_argument, NULL, OPT_INJECT};
	longs[n++] = (struct option){"stop-early", no_argument, NULL, OPT_STOP_EARLY};
	longs[n++] = (struct option){"out", required_argument, NULL, OPT_OUT};
	longs[n++] = (struct option){"workers", required_argument, NULL, OPT_WORKERS};
	longs[n++] = (struct option){"qemu", required_argument, NULL, OPT_QEMU};
	longs[n++] = (struct option){"mirror", required_argument, NULL, OPT_MIRROR};
	longs[n++] = (struct option){"ktap", no_argument, NULL, OPT_KTAP};
	longs[n++] = (struct option){"show-command", no_argument, NULL, OPT_SHOW};
	longs[n++] = (struct option){"resume", required_argument, NULL, OPT_RESUME};
	longs[n++] = (struct option){"help", no_argument, NULL, OPT_HELP};
	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c >= OPT_SETTING && c < OPT_SETTING + SETTINGS) {
			strv_push(&o->settings, setting_names[c - OPT_SETTING]);
			strv_push(&o->settings, optarg);
			continue;
		}
		switch (c) {
		case OPT_KERNEL:
			strv_push(&o->kernels, optarg);
			break;
		case OPT_INJECT:
			strv_push(&o->injects, optarg);
			break;
		case OPT_STOP_EARLY:
			strv_push(&o->settings, "stop_early");
			strv_push(&o->settings, "1");
			break;
		case OPT_OUT:
			o->out = optarg;
			break;
		case OPT_WORKERS:
			o->workers = atoi(optarg);
			if (o->workers < 1 || o->workers > 1024) {
				fprintf(stderr, "mlocklab run: --workers=%s: out of range, 1..1024\n",
					optarg);
				return -1;
			}
			break;
		case OPT_QEMU:
			o->qemu = optarg;
			break;
		case OPT_MIRROR:
			o->mirror = optarg;
			break;
		case OPT_KTAP:
			o->ktap = true;
			break;
		case OPT_SHOW:
			o->show_command = true;
			break;
		case OPT_RESUME:
			o->resume = optarg;
			break;
		case 'h':
		case OPT_HELP:
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			return -1;
		}
	}
	if (optind < argc)
		o->experiment = argv[optind++];
	if (optind < argc || !o->experiment == !o->resume) {
		fputs("mlocklab run: name one experiment file, such as configs/core.ini, or a run to "
		      "--resume; 'mlocklab run --help' tells more\n", stderr);
		return -1;
	}
	if (o->resume && (o->kernels.n || o->injects.n || o->settings.n || o->out)) {
		fputs("mlocklab run: --resume goes on with what the run was begun with: of the other options "
		      "only --workers, --qemu, --ktap and --show-command may stand beside it\n", stderr);
		return -1;
	}
	return 0;
}

static int add_arm(struct experiment *e, const char *name, const char *spec, struct err *err)
{
	for (size_t i = 0; i < e->narms; i++)
		if (strcmp(e->arms[i].name, name) == 0)
			return err_set(err, "--kernel %s=%s: the arm '%s' is %s already: one kernel an arm", name,
				       spec, name, e->arms[i].spec);
	experiment_set_arm(e, name, spec);
	return 0;
}

static int set_kernels(struct experiment *e, const struct strv *kernels, struct err *err)
{
	int unnamed = 0, ret = 0;

	if (kernels->n) { /* named here, they are all there is */
		struct arm *arms = e->arms;

		for (size_t i = 0; i < e->narms; i++) {
			free(arms[i].name);
			free(arms[i].spec);
			free(arms[i].cmdline);
		}
		e->narms = 0;
	}
	for (size_t i = 0; ret == 0 && i < kernels->n; i++) {
		const char *text = kernels->v[i];
		size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

		if (text[name] == '=') {
			char *arm = xstrndup(text, name);

			ret = add_arm(e, arm, text + name + 1, err);
			free(arm);
		} else {
			char arm[32];

			snprintf(arm, sizeof(arm), unnamed ? "kernel%d" : "kernel", unnamed + 1);
			unnamed++;
			ret = add_arm(e, arm, text, err);
		}
	}
	return ret;
}

/* "ARM=PERCENT" of each --inject. */
static int set_injects(struct experiment *e, const struct strv *injects, struct err *err)
{
	for (size_t i = 0; i < injects->n; i++) {
		const char *equals = strrchr(injects->v[i], '=');
		char *arm = equals ? xstrndup(injects->v[i], (size_t)(equals - injects->v[i])) : NULL;
		int ret = arm ? experiment_set_inject(e, arm, equals + 1, err)
			      : err_set(err, "--inject %s: not ARM=PERCENT", injects->v[i]);

		free(arm);
		if (ret < 0)
			return -1;
	}
	return 0;
}

int run_options_apply(const struct run_options *o, struct experiment *e, struct err *err)
{
	for (size_t i = 0; i + 1 < o->settings.n; i += 2)
		if (experiment_set(e, o->settings.v[i], o->settings.v[i + 1], err) < 0)
			return -1;
	if (set_kernels(e, &o->kernels, err) < 0)
		return -1;
	if (!e->narms && strcmp(e->target, "host") == 0)
		experiment_set_arm(e, "kernel", "running");
	if (!e->narms)
		return err_set(err, "'%s' has no [arm:NAME] section: name a kernel with --kernel",
			       o->experiment);
	return set_injects(e, &o->injects, err);
}
