/* mlocklab run: boots the kernels of an experiment and stores what its workloads measure. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/boot.h"
#include "runner/paths.h"
#include "runner/provenance.h"
#include "runner/qemu.h"
#include "runner/run.h"

static const char usage_text[] =
	"usage: mlocklab run EXPERIMENT [option...]\n"
	"       mlocklab run --resume RUN\n"
	"\n"
	"Boots every kernel of the experiment, runs its workloads and stores what they\n"
	"measure in results/. The last line printed is the run's directory.\n"
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
	"  --cmdline TEXT        more kernel parameters, such as mitigations=off\n"
	"  --name NAME           of the run, in its directory's name\n"
	"  --out DIR             the run's directory itself\n"
	"  --workers N           boots at a time (default: a core each under icount, else 1)\n"
	"  --qemu PATH           another QEMU; 'cached': that of 'mlocklab qemu fetch'\n"
	"  --mirror URI          Debian mirror instead of this machine's own\n"
	"  --show-command        print QEMU's command line for each arm and stop\n"
	"  --resume RUN          go on with a run that was interrupted\n"
	"  --help                this text\n";

struct options {
	const char *experiment, *resume, *out, *qemu, *mirror;
	struct strv kernels;  /* [ARM=]SPEC */
	struct strv settings; /* key, value, key, value */
	int workers;
	bool show_command;
};

/* Options that set a key of [global]. */
static const char *const setting_names[] = {"target", "pairs", "iterations", "seed",	"cpus",
					    "nodes",  "memory", "cmdline",   "name"};
#define SETTINGS (int)(sizeof(setting_names) / sizeof(*setting_names))

enum { OPT_SETTING = 256, OPT_KERNEL = 512, OPT_OUT, OPT_WORKERS, OPT_QEMU, OPT_MIRROR, OPT_SHOW,
       OPT_RESUME, OPT_HELP };

static int parse_options(struct options *o, int argc, char **argv)
{
	struct option longs[SETTINGS + 9] = {0};
	int c, n = 0;

	for (; n < SETTINGS; n++)
		longs[n] = (struct option){setting_names[n], required_argument, NULL, OPT_SETTING + n};
	longs[n++] = (struct option){"kernel", required_argument, NULL, OPT_KERNEL};
	longs[n++] = (struct option){"out", required_argument, NULL, OPT_OUT};
	longs[n++] = (struct option){"workers", required_argument, NULL, OPT_WORKERS};
	longs[n++] = (struct option){"qemu", required_argument, NULL, OPT_QEMU};
	longs[n++] = (struct option){"mirror", required_argument, NULL, OPT_MIRROR};
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
	return 0;
}

/* --kernel old=debian:5.10, or without a name: arm "kernel", "kernel2", ... */
static void set_kernels(struct experiment *e, const struct strv *kernels)
{
	int unnamed = 0;

	if (kernels->n) { /* named here, they are all there is */
		struct arm *arms = e->arms;

		for (size_t i = 0; i < e->narms; i++) {
			free(arms[i].name);
			free(arms[i].spec);
			free(arms[i].cmdline);
		}
		e->narms = 0;
	}
	for (size_t i = 0; i < kernels->n; i++) {
		const char *text = kernels->v[i];
		size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

		if (text[name] == '=') {
			char *arm = xstrndup(text, name);

			experiment_set_arm(e, arm, text + name + 1);
			free(arm);
		} else {
			char arm[32];

			snprintf(arm, sizeof(arm), unnamed ? "kernel%d" : "kernel", unnamed + 1);
			unnamed++;
			experiment_set_arm(e, arm, text);
		}
	}
}

static int resolve_kernels(struct run *r, const struct options *o, struct err *err)
{
	char *cache = paths_cache(), *config = paths_config("kernels.ini");
	struct kernel_opts opts = {.cache = cache, .config = config, .mirror = o->mirror};
	int ret = 0;

	r->kernels = xcalloc(r->e->narms, sizeof(*r->kernels));
	for (size_t i = 0; ret == 0 && i < r->e->narms; i++) {
		ret = kernel_resolve(&r->kernels[i], r->e->arms[i].spec, &opts, err);
		if (ret == 0 && r->kernels[i].running && r->target->kind != TARGET_HOST &&
		    strcmp(r->e->target, "auto") != 0)
			ret = err_set(err, "kernel 'running' is for --target host; for QEMU name an image: "
					   "image:/boot/vmlinuz-RELEASE");
	}
	free(cache);
	free(config);
	return ret;
}

/* The target's kind and size: what the experiment says, else what suits the kind and the QEMU. */
static int choose_target(struct run *r, struct err *err)
{
	struct target *t = r->target;
	struct experiment *e = r->e;
	bool automatic = strcmp(e->target, "auto") == 0;
	struct err why;

	if (automatic)
		t->kind = qemu_can_kvm(t, &r->kernels[0], &why) ? TARGET_KVM : TARGET_ICOUNT;
	t->nodes = e->nodes ? e->nodes : 2;
	t->memory_mib = e->memory_mib ? e->memory_mib : 2048;
	t->cpus = e->cpus ? e->cpus : t->kind == TARGET_ICOUNT ? 1 : 4;
	if (t->kind == TARGET_ICOUNT && t->cpus > 1 && !qemu_can_icount_smp(t, &r->kernels[0], &why))
		return err_set(err, "QEMU %s cannot start %d CPUs under icount (%s): use cpus=1, or a "
				    "newer QEMU: 'mlocklab qemu fetch' and --qemu cached",
			       t->qemu_version, t->cpus, why.text);
	if (automatic)
		fprintf(stderr, "target %s%s%s\n", target_kind_name(t->kind),
			t->kind == TARGET_KVM ? "" : ": KVM boots no guest here: ",
			t->kind == TARGET_KVM ? "" : why.text);
	return 0;
}

static int prepare_target(struct run *r, const struct options *o, struct err *err)
{
	if (strcmp(r->e->target, "auto") != 0 &&
	    target_kind_parse(&r->target->kind, r->e->target, err) < 0)
		return -1;
	if (r->target->kind == TARGET_HOST && strcmp(r->e->target, "auto") != 0) {
		r->target->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
		return resolve_kernels(r, o, err);
	}
	if (qemu_find(r->target, o->qemu, err) < 0 || resolve_kernels(r, o, err) < 0)
		return -1;
	return choose_target(r, err);
}

/* QEMU's command line for an arm, with the files of its first boot in dir. */
static void arm_command(const struct run *r, int arm, const char *dir, struct str *out)
{
	struct planned_boot p = {.n = 1, .arm = arm, .seed = r->plan.boots[0].seed};
	char *cmdline = run_cmdline(r->e, arm);
	struct boot_job job = {r->e, r->target, &p, &r->kernels[arm], cmdline, r->bench, r->init, 0};
	struct strv argv = STRV_INIT;

	if (r->target->kind != TARGET_HOST)
		boot_command(&job, dir, &argv);
	strv_quote(&argv, out);
	strv_release(&argv);
	free(cmdline);
}

static json_t *words(int argc, char **argv)
{
	json_t *a = json_array();

	for (int i = 0; i < argc; i++)
		json_array_append_new(a, json_string(argv[i]));
	return a;
}

static json_t *make_run_json(const struct run *r, int argc, char **argv, struct err *err)
{
	char sums[2][65], created[32];
	struct str command = STR_INIT;
	time_t now = time(NULL);
	json_t *run, *arms = json_array();

	if (fs_sha256(r->bench, sums[0], err) < 0 || fs_sha256(r->init, sums[1], err) < 0)
		return NULL;
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	arm_command(r, 0, "BOOT", &command);
	for (size_t i = 0; i < r->e->narms; i++)
		json_array_append_new(arms, provenance_arm(r->e->arms[i].name, r->e->arms[i].cmdline,
							   &r->kernels[i]));
	run = json_pack("{s:i, s:s, s:o, s:s, s:s, s:s, s:I, s:i, s:f, s:o, s:o, s:o, s:o, s:{s:s, s:s}}",
			"format", 1, "tool", MLOCKLAB_VERSION, "command", words(argc, argv), "name",
			r->e->name, "created", created, "status", "running", "seed",
			(json_int_t)r->e->seed, "pairs", r->e->pairs, "margin", r->e->margin, "target",
			provenance_target(r->target, str_text(&command)), "host", provenance_host(),
			"arms", arms, "boots", run_boots_json(&r->plan, r->e), "programs", "mlockbench",
			sums[0], "guest-init", sums[1]);
	str_release(&command);
	if (run) {
		json_t *experiment = experiment_json(r->e);

		json_object_update(run, experiment);
		json_decref(experiment);
	} else {
		err_set(err, "a name or path is not UTF-8");
	}
	return run;
}

/* What a run was measured with must be what it goes on with. */
static int check_same(const struct run *r, struct err *err)
{
	static const char *const names[] = {"mlockbench", "guest-init"};
	const json_t *was = json_object_get(r->store->run, "programs");
	const json_t *target = json_object_get(r->store->run, "target");
	const char *paths[] = {r->bench, r->init};
	json_t *arm;
	size_t i;
	char sum[65];

	for (i = 0; i < 2; i++) {
		if (fs_sha256(paths[i], sum, err) < 0)
			return -1;
		if (strcmp(sum, json_get_str(was, names[i], "")) != 0)
			return err_set(err, "'%s' is not the %s that '%s' was begun with: start a new run",
				       paths[i], names[i], r->store->dir);
	}
	json_array_foreach(json_object_get(r->store->run, "arms"), i, arm)
		if (strcmp(json_get_str(arm, "sha256", ""), r->kernels[i].sha256) != 0)
			return err_set(err, "kernel '%s' is no longer the image that '%s' was begun with: "
					    "start a new run",
				       r->kernels[i].spec, r->store->dir);
	if (r->target->qemu.n && strcmp(json_get_str(json_object_get(target, "qemu"), "sha256", ""),
					r->target->qemu_sha256) != 0)
		return err_set(err, "QEMU is not the one that '%s' was begun with: name it with --qemu",
			       r->store->dir);
	return 0;
}

static int report_tally(const struct run *r, const struct run_tally *t, int ret, struct err *err)
{
	struct err e;
	bool complete = ret == 0 && t->done == t->boots;

	if (store_status(r->store, complete ? "complete" : "incomplete", &e) < 0)
		fprintf(stderr, "mlocklab run: %s\n", e.text);
	if (ret < 0)
		fprintf(stderr, "mlocklab run: %s\n", err->text);
	if (!complete)
		fprintf(stderr, "mlocklab run: %zu of %zu boots are in '%s'; go on with: mlocklab run "
				"--resume %s\n", t->done, t->boots, r->store->dir, r->store->dir);
	else if (t->failed)
		fprintf(stderr, "mlocklab run: %zu of %zu boots failed; their consoles are in "
				"'%s/boots'\n", t->failed, t->boots, r->store->dir);
	if (t->retried)
		fprintf(stderr, "mlocklab run: %zu boots died before they could measure and were made "
				"again\n", t->retried);
	printf("%s\n", r->store->dir);
	return complete && !t->failed ? EXIT_OK : EXIT_USAGE;
}

static int load(struct run *r, const struct options *o, struct err *err)
{
	if (o->resume) {
		if (store_open(r->store, o->resume, err) < 0 ||
		    experiment_from_json(r->e, r->store->run, err) < 0 ||
		    run_boots_parse(&r->plan, r->e, r->store->run, err) < 0)
			return -1;
		/* "auto" was decided when the run began */
		return experiment_set(r->e, "target",
				      json_get_str(json_object_get(r->store->run, "target"), "kind", ""),
				      err);
	}
	if (experiment_load(r->e, o->experiment, r->bench, err) < 0)
		return -1;
	for (size_t i = 0; i + 1 < o->settings.n; i += 2)
		if (experiment_set(r->e, o->settings.v[i], o->settings.v[i + 1], err) < 0)
			return -1;
	set_kernels(r->e, &o->kernels);
	if (!r->e->narms && strcmp(r->e->target, "host") == 0)
		experiment_set_arm(r->e, "kernel", "running");
	if (!r->e->narms)
		return err_set(err, "'%s' has no [arm:NAME] section: name a kernel with --kernel",
			       o->experiment);
	plan_make(&r->plan, r->e->narms, r->e->pairs, r->e->seed);
	return 0;
}

static int show_commands(const struct run *r)
{
	for (size_t i = 0; i < r->e->narms; i++) {
		struct str s = STR_INIT;

		arm_command(r, (int)i, "BOOT", &s);
		printf("# %s: %s\n%s\n", r->e->arms[i].name, r->kernels[i].spec,
		       s.len ? s.buf : "# no QEMU: the workloads run on this machine");
		str_release(&s);
	}
	return EXIT_OK;
}

static int run(const struct options *o, int argc, char **argv, struct err *err)
{
	struct experiment e = {0};
	struct target target = {0};
	struct store store = {.lock_fd = -1};
	struct run r = {.e = &e, .target = &target, .store = &store};
	struct run_tally tally;
	char *results = paths_results();
	json_t *json;
	int ret;

	r.bench = paths_program("mlockbench");
	r.init = paths_program("guest-init");
	if (load(&r, o, err) < 0 || prepare_target(&r, o, err) < 0)
		return -1;
	if (o->show_command)
		return show_commands(&r);
	r.workers = o->workers			 ? o->workers
		    : target.kind == TARGET_ICOUNT ? (int)sysconf(_SC_NPROCESSORS_ONLN)
						 : 1;
	if (o->resume) {
		if (check_same(&r, err) < 0 || store_status(&store, "running", err) < 0)
			return -1;
	} else {
		json = make_run_json(&r, argc, argv, err);
		if (!json || store_create(&store, results, e.name, o->out, json, err) < 0)
			return -1;
	}
	fprintf(stderr, "%zu boots of %zu cells on %s, into %s\n", r.plan.n, e.ncells,
		target_kind_name(target.kind), store.dir);
	ret = run_boots(&r, &tally, err);
	return report_tally(&r, &tally, ret, err);
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct err err = {""};
	int ret;

	if (parse_options(&o, argc, argv) < 0)
		return EXIT_USAGE;
	ret = run(&o, argc, argv, &err);
	if (ret >= 0)
		return ret;
	fprintf(stderr, "mlocklab run: %s\n", err.text);
	return EXIT_USAGE;
}
