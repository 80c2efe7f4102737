#include "runner/run/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "runner/kernels/git.h"
#include "runner/kernels/resolve.h"

#define AT(field) offsetof(struct run_options, field)

/* An option that sets the key of its name in [global]. */
static int set_key(void *to, const struct opt *opt, const char *value, struct err *err)
{
	char *key = xstrdup(opt->name);

	(void)err;
	for (char *c = key; *c; c++)
		if (*c == '-')
			*c = '_';
	strv_push(to, key);
	free(key);
	strv_push(to, value);
	return 0;
}

static int set_stop_early(void *to, const struct opt *opt, const char *value, struct err *err)
{
	(void)opt, (void)value, (void)err;
	strv_push(to, "stop_early");
	strv_push(to, "1");
	return 0;
}

#define KEY(NAME, VALUE, OFFER, HELP)                                                              \
	{                                                                                          \
		.name = (NAME), .value = (VALUE), .offer = (OFFER), .help = (HELP),                \
		.set = set_key, .at = AT(settings)                                                 \
	}

const struct opt run_opts[] = {
	OPT_LIST("kernel", "[ARM=]SPEC", OFFER_KERNEL, AT(kernels),
		 "measure this kernel; repeat for several arms. SPEC is debian:VERSION[/FLAVOUR], "
		 "deb:FILE, running, image:FILE[,config=FILE][,modules=DIR][,map=FILE], or a "
		 "commit of your "
		 "own tree, git:REV or git:DIR@REV, which is built; git:HEAD+ is what is not "
		 "committed "
		 "too. Where no kernel is named: the bzImage in that tree"),
	OPT_TEXT("tree", "DIR", OFFER_DIR, AT(tree),
		 "that tree, which is only read (default: $MLOCKLAB_TREE, else the current "
		 "directory)"),
	OPT_TEXT("config", "FILE", OFFER_FILE, AT(config),
		 "its configuration (default: tinyconfig with configs/kernel/base.config)"),
	OPT_LIST("fragment", "FILE", OFFER_FILE, AT(fragments),
		 "more CONFIG_ lines for it; may be repeated"),
	KEY("target", "NAME", "auto|icount|tcg|kvm|host", "auto, icount, tcg, kvm or host"),
	KEY("pairs", "N", NULL, "boots of each arm"),
	KEY("iterations", "N", NULL, "repetitions of a cell in a boot, where a job names none"),
	KEY("seed", "N", NULL, "of the order of boots and their layouts"),
	KEY("cpus", "N", NULL, NULL),
	KEY("nodes", "N", NULL, NULL),
	KEY("memory", "MIB", NULL, "the guest's size"),
	KEY("host-cpus", "LIST", NULL, NULL),
	KEY("host-nodes", "LIST", NULL,
	    "the CPUs and NUMA nodes of this machine on which a guest of kvm or tcg stands, as in "
	    "2-5,8"),
	KEY("hugepages", "SIZE", "2M|1G",
	    "a KVM guest's memory is made of such pages of this machine"),
	KEY("layouts", "HOW", "paired|independent",
	    "paired: both boots of a pair have one layout; independent: each its own"),
	{.name = "stop-early",
	 .set = set_stop_early,
	 .at = AT(settings),
	 .help = "up to 30 pairs, looked at after every six: no more are made once every figure "
		 "has "
		 "its verdict (O'Brien-Fleming)"},
	OPT_LIST("inject", "ARM=PERCENT", NULL, AT(injects),
		 "that arm does so much of its work again: a slowdown of a known size, to see it "
		 "found"),
	KEY("locks", "HOW", "auto|none|slowpath|bpf|perf-lock|lockstat|perf",
	    "boots that record who waited for which lock, and how: auto, none, slowpath, bpf, "
	    "perf-lock, "
	    "lockstat or perf; 'mlocklab locks' shows it"),
	KEY("cmdline", "TEXT", NULL, "more kernel parameters, such as mitigations=off"),
	KEY("name", "NAME", NULL, "of the run, in its directory's name"),
	OPT_TEXT("out", "DIR", OFFER_DIR, AT(out), "the run's directory itself"),
	OPT_INT("workers", "N", 1, 1024, AT(workers),
		"boots at a time (default: a core each under icount, else 1)"),
	OPT_TEXT("qemu", "PATH", "cached|" OFFER_FILE, AT(qemu),
		 "another QEMU; 'cached': that of 'mlocklab qemu fetch'"),
	OPT_TEXT("mirror", "URI", NULL, AT(mirror), "Debian mirror instead of this machine's own"),
	OPT_FLAG("ktap", AT(ktap),
		 "print what the workloads verified as KTAP, for kernel CI: a test a boot, in it a "
		 "test "
		 "a cell; exit code 1 where the kernel's accounting was wrong"),
	OPT_FLAG("show-command", AT(show_command),
		 "print QEMU's command line for each arm and stop"),
	OPT_LIST("reuse", "ARM=RUN", OFFER_RUN, AT(reuse),
		 "take boots of a stored run's only arm for that arm, where image, layout and all "
		 "else is "
		 "equal (icount: they would measure the same); repeat for several"),
	OPT_TEXT("resume", "RUN", OFFER_RUN, AT(resume), "go on with a run that was interrupted"),
	OPT_CHOICE("on", "WHERE", "here|slurm", AT(on),
		   "slurm: boots become tasks of a job array (default: what the experiment says, "
		   "else here)"),
	OPT_TEXT("slurm", "OPTIONS", NULL, AT(slurm),
		 "more options for sbatch, such as '--partition=long --account=mm'"),
	OPT_FLAG(
		"submit", AT(submit),
		"with --on slurm: hand kernels and boots over to Slurm and end; --attach looks on, "
		"--resume RUN --on slurm sees to what is missing then"),
	OPT_TEXT("attach", "RUN", OFFER_RUN, AT(attach), "look on at a run that Slurm makes"),
	OPT_TEXT("boots", "LIST", NULL, AT(boots),
		 "with --resume, only these boots, while others make the rest: what a task runs"),
	OPT_TEXT("inputs", "DIR", OFFER_DIR, AT(inputs),
		 "with --boots, the run's kernels as they lie there: what a task runs on a node "
		 "that "
		 "does not see the cache"),
	OPT_END,
};

static const struct command command = {
	.name = "run",
	.usage = "EXPERIMENT [option...]\n--resume RUN\n--attach RUN",
	.about = "Boots every kernel of the experiment, runs its workloads and stores what they\n"
		 "measure in results/. The last line printed is the run's directory. EXPERIMENT is "
		 "a\n"
		 "file, or the name of one in configs/, such as core.\n",
	.opts = run_opts,
	.max_words = 1,
	.words = OFFER_SUITE,
	.want = "name one experiment file, such as configs/core.ini, or a run to --resume",
};

int run_options_parse(struct run_options *o, int argc, char **argv)
{
	o->experiment = command_parse(&command, o, argc, argv)[0];
	if (o->attach && !o->experiment && !o->resume)
		return 0;
	if (!o->experiment == !o->resume || o->attach) {
		command_note("%s; 'mlocklab run --help' tells more", command.want);
		return -1;
	}
	if (o->resume && (o->kernels.n || o->injects.n || o->settings.n || o->out || o->tree ||
			  o->config || o->fragments.n)) {
		command_note(
			"--resume goes on with what the run was begun with: of the other options "
			"only --workers, --on, --slurm, --submit, --boots, --qemu, --ktap and "
			"--show-command "
			"may stand beside it");
		return -1;
	}
	if (o->boots && !o->resume) {
		command_note("--boots names boots of a stored run: it stands beside --resume RUN");
		return -1;
	}
	if (o->inputs && !o->boots) {
		command_note(
			"--inputs goes along with a task's boots: it stands beside --boots LIST");
		return -1;
	}
	return 0;
}

bool run_option_is_where(const char *option)
{
	static const char *const where[] = {"--workers=", "--on=", "--slurm=", "--qemu="};

	for (size_t i = 0; i < sizeof(where) / sizeof(*where); i++)
		if (strncmp(option, where[i], strlen(where[i])) == 0)
			return true;
	return false;
}

const char *run_option_value(const struct strv *rest, const char *name)
{
	const char *value = NULL;
	size_t n = strlen(name);

	for (size_t i = 0; i < rest->n; i++)
		if (!strncmp(rest->v[i], "--", 2) && !strncmp(rest->v[i] + 2, name, n) &&
		    rest->v[i][2 + n] == '=')
			value = rest->v[i] + 3 + n;
	return value;
}

static int add_arm(struct experiment *e, const char *name, const char *spec, struct err *err)
{
	for (size_t i = 0; i < e->narms; i++)
		if (strcmp(e->arms[i].name, name) == 0)
			return err_set(
				err,
				"--kernel %s=%s: the arm '%s' is %s already: one kernel an arm",
				name, spec, name, e->arms[i].spec);
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
		char *arm =
			equals ? xstrndup(injects->v[i], (size_t)(equals - injects->v[i])) : NULL;
		int ret = arm ? experiment_set_inject(e, arm, equals + 1, err)
			      : err_set(err, "--inject %s: not ARM=PERCENT", injects->v[i]);

		free(arm);
		if (ret < 0)
			return -1;
	}
	return 0;
}

char *run_made_kernel(const struct strv *rest)
{
	static const char option[] = "--tree=";
	const char *tree = git_default_tree();
	char *made;

	for (size_t i = 0; i < rest->n; i++)
		if (strncmp(rest->v[i], option, sizeof(option) - 1) == 0)
			tree = rest->v[i] + sizeof(option) - 1;
	made = kernel_made_in(tree);
	if (made)
		command_note("no new kernel is named: %s", made);
	return made;
}

int run_options_apply(const struct run_options *o, struct experiment *e, struct err *err)
{
	char *made;

	for (size_t i = 0; i + 1 < o->settings.n; i += 2)
		if (experiment_set(e, o->settings.v[i], o->settings.v[i + 1], err) < 0)
			return -1;
	if (set_kernels(e, &o->kernels, err) < 0)
		return -1;
	if (!e->narms && strcmp(e->target, "host") == 0)
		experiment_set_arm(e, "kernel", "running");
	if (!e->narms && (made = kernel_made_in(o->tree ? o->tree : git_default_tree())) != NULL) {
		command_note("no kernel is named: %s", made);
		experiment_set_arm(e, "kernel", made);
		free(made);
	}
	if (!e->narms)
		return err_set(err, "'%s' has no [arm:NAME] section: name a kernel with --kernel",
			       o->experiment);
	return set_injects(e, &o->injects, err);
}
