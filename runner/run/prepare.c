#include "runner/run/prepare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "lib/verb.h"
#include "runner/boot/boot.h"
#include "runner/boot/confine.h"
#include "runner/kernels/resolve.h"
#include "runner/boot/disturb.h"
#include "runner/run/machine.h"
#include "runner/run/calibrated.h"
#include "runner/run/check.h"
#include "runner/run/early-stop.h"
#include "lib/paths.h"
#include "runner/kernels/configure.h"
#include "runner/run/provenance.h"
#include "runner/run/slurm-jobs.h"
#include "runner/probe/probe.h"
#include "runner/qemu/find.h"

/* How kernels are found, which the options say; what is in it is released with the recipe. */
static void kernel_opts_begin(struct kernel_opts *opts, struct kernel_recipe *recipe,
			      const struct run_options *o)
{
	*recipe = (struct kernel_recipe){0};
	*opts = (struct kernel_opts){.cache = paths_cache(),
				     .config = paths_config("kernel/debian.ini"),
				     .mirror = o->mirror,
				     .tree = o->tree,
				     .recipe = recipe};
	kernel_recipe_set(recipe, o->config, &o->fragments);
}

static void kernel_opts_end(struct kernel_opts *opts, struct kernel_recipe *recipe)
{
	kernel_recipe_release(recipe);
	free((char *)opts->cache);
	free((char *)opts->config);
}

int run_pin(struct run *r, const struct run_options *o, bool *missing, struct err *err)
{
	struct kernel_recipe recipe;
	struct kernel_opts opts;
	int ret = 0;

	kernel_opts_begin(&opts, &recipe, o);
	for (size_t i = 0; ret == 0 && i < r->e->narms; i++) {
		struct arm *a = &r->e->arms[i];
		char *full = kernel_pin(a->spec, &opts, &missing[i], err);

		ret = full ? 0 : -1;
		if (full) {
			free(a->spec);
			a->spec = full;
		}
	}
	kernel_opts_end(&opts, &recipe);
	return ret;
}

/* The spec of an arm's kernel among the inputs that came along, a new string. */
static char *carried_spec(const struct run_options *o, const struct arm *a)
{
	char *map = xasprintf("%s/%s/System.map", o->inputs, a->name);
	char *spec =
		xasprintf("image:%s/%s/vmlinuz,modules=%s/%s%s%s", o->inputs, a->name, o->inputs,
			  a->name, fs_exists(map) ? ",map=" : "", fs_exists(map) ? map : "");

	free(map);
	return spec;
}

static int resolve_kernels(struct run *r, const struct run_options *o, struct err *err)
{
	struct kernel_recipe recipe;
	struct kernel_opts opts;
	int ret = 0;

	kernel_opts_begin(&opts, &recipe, o);
	if (strcmp(o->on ? o->on : r->e->on, "slurm") == 0 && !r->carried)
		slurm_build_words(&recipe.job, o->slurm, 0);
	r->kernels = xcalloc(r->e->narms, sizeof(*r->kernels));
	for (size_t i = 0; ret == 0 && i < r->e->narms; i++) {
		if (o->inputs && strcmp(r->e->target, "host") != 0) {
			char *spec = carried_spec(o, &r->e->arms[i]);

			ret = kernel_resolve(&r->kernels[i], spec, &opts, err);
			free(spec);
		} else if (strcmp(r->e->arms[i].spec, "running") == 0 &&
			   strcmp(r->e->target, "host") != 0)
			ret = err_set(
				err,
				"kernel 'running' is for --target host; for QEMU name an image: "
				"image:/boot/vmlinuz-RELEASE");
		else
			ret = kernel_resolve(&r->kernels[i], r->e->arms[i].spec, &opts, err);
	}
	kernel_opts_end(&opts, &recipe);
	return ret;
}

/*
 * CPUs that take turns on one clock: at 1 ns an instruction the ticks of all of them come so often
 * that little else is done; at 4 ns, which is some 250 million instructions a second, they do not.
 */
#define ICOUNT_SMP_SHIFT 2

/* The first QEMU that starts a second CPU under icount: older ones hang, which takes long to see.
 */
#define ICOUNT_SMP_QEMU 8

/*
 * Several, so that locks are contended, but for profiles, which are of one CPU, and where a QEMU
 * cannot start them under icount.
 */
static int default_cpus(const struct target *t, const struct experiment *e, const struct kernel *k)
{
	struct err ignored;

	if (t->kind == TARGET_ICOUNT && (e->profile || atoi(t->qemu_version) < ICOUNT_SMP_QEMU ||
					 !probe_icount_smp(t, k, &ignored)))
		return 1;
	return 4;
}

/* What the workloads' default sizes take, and as much again for each further CPU. */
static int default_memory(const struct target *t)
{
	return t->cpus > 4 ? t->cpus * 512 : 2048;
}

/* Cores and nodes of this machine for a guest that is timed. */
static int find_place(struct target *t, const struct experiment *e, struct err *err)
{
	struct place_wish wish = {e->host_cpus, e->host_nodes};
	bool timed = t->kind == TARGET_KVM || t->kind == TARGET_TCG;

	if (!timed && (*e->host_cpus || *e->host_nodes))
		return err_set(err,
			       "host_cpus and host_nodes are for the targets kvm and tcg, not %s",
			       target_kind_name(t->kind));
	if (t->kind != TARGET_KVM && *e->hugepages)
		return err_set(err, "hugepages is for the target kvm, not %s",
			       target_kind_name(t->kind));
	if (!timed)
		return 0;
	t->hugepages = *e->hugepages ? xstrdup(e->hugepages) : NULL;
	if (place_find(&t->place, t->cpus, t->nodes, &wish, err) < 0)
		return -1;
	if (t->place.note && t->kind == TARGET_KVM)
		fprintf(stderr, "%s\n", t->place.note);
	return 0;
}

/* The target's kind and size: what the experiment says, else what suits the kind and the QEMU. KVM
 * is tried first, unless the command is only shown. */
static int choose_target(struct run *r, bool show, struct err *err)
{
	struct target *t = r->target;
	struct experiment *e = r->e;
	bool automatic = strcmp(e->target, "auto") == 0;
	struct err why;

	if (automatic)
		t->kind = probe_kvm(t, &r->kernels[0], false, &why) ? TARGET_KVM : TARGET_ICOUNT;
	else if (t->kind == TARGET_KVM && !show && !probe_kvm(t, &r->kernels[0], true, &why))
		return err_set(err,
			       "KVM boots no guest here: %s; --target tcg and icount do without",
			       why.text);
	t->nodes = e->nodes ? e->nodes : 2;
	t->icount_shift = ICOUNT_SMP_SHIFT; /* for asking whether it can, too */
	t->cpus = e->cpus ? e->cpus : default_cpus(t, e, &r->kernels[0]);
	if (t->kind == TARGET_ICOUNT && t->cpus > 1 && !probe_icount_smp(t, &r->kernels[0], &why))
		return err_set(err,
			       "QEMU %s cannot start %d CPUs under icount (%s): use cpus=1, or a "
			       "newer QEMU: 'mlocklab qemu fetch' and --qemu cached",
			       t->qemu_version, t->cpus, why.text);
	if (t->cpus == 1)
		t->icount_shift = 0;
	t->memory_mib = e->memory_mib ? e->memory_mib : default_memory(t);
	if (automatic)
		fprintf(stderr, "target %s%s%s\n", target_kind_name(t->kind),
			t->kind == TARGET_KVM ? "" : ": KVM boots no guest here: ",
			t->kind == TARGET_KVM ? "" : why.text);
	return find_place(t, e, err);
}

static int prepare_host(struct run *r, const struct run_options *o, struct err *err)
{
	if (run_check_host(r->e, err) < 0)
		return -1;
	r->target->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	r->target->nodes = machine_nodes();
	r->target->memory_mib = machine_memory_mib();
	return resolve_kernels(r, o, err);
}

int run_plan(struct run *r, const struct run_options *o, struct err *err)
{
	char *path = verb_suite(o->experiment);
	int ret = experiment_load(r->e, path, r->bench, err);

	free(path);
	if (ret < 0 || run_options_apply(o, r->e, err) < 0)
		return -1;
	if (r->e->stop_early && r->e->narms != 2)
		return err_set(err, "a run that may stop early compares two arms, not %zu",
			       r->e->narms);
	if (r->e->stop_early)
		r->e->pairs = LOOKS_MOST;
	plan_make(&r->plan, r->e->narms, r->e->pairs, r->e->seed,
		  strcmp(r->e->layouts, "independent") == 0);
	plan_add(&r->plan, r->e->narms, BOOT_PROFILE, r->e->profile);
	return 0;
}

int run_plan_stored(struct run *r, struct err *err)
{
	const json_t *run = r->store->run;

	if (experiment_from_json(r->e, run, err) < 0 ||
	    plan_from_json(&r->plan, r->e, run, err) < 0)
		return -1;
	/* "auto" was decided when the run began */
	return experiment_set(r->e, "target",
			      json_get_str(json_object_get(run, "target"), "kind", ""), err);
}

int run_prepare(struct run *r, const struct run_options *o, struct err *err)
{
	if (strcmp(r->e->target, "auto") != 0 &&
	    target_kind_parse(&r->target->kind, r->e->target, err) < 0)
		return -1;
	if (strcmp(r->e->target, "host") == 0)
		return prepare_host(r, o, err);
	if (qemu_find(r->target, o->qemu, err) < 0 || resolve_kernels(r, o, err) < 0)
		return -1;
	if (choose_target(r, o->show_command, err) < 0)
		return -1;
	return r->e->profile
		       ? profiler_prepare(&r->profiler, r->target, r->kernels, r->e->narms, err)
		       : 0;
}

/* QEMU's command line for an arm, with the files of its first boot in dir. */
void run_arm_command(const struct run *r, int arm, const char *dir, struct str *out)
{
	struct planned_boot p = {.n = 1, .arm = arm, .seed = r->plan.boots[0].seed};
	char *cmdline = run_cmdline(r->e, arm);
	struct boot_job job = {.e = r->e,
			       .target = r->target,
			       .planned = &p,
			       .kernel = &r->kernels[arm],
			       .cmdline = cmdline,
			       .bench = r->bench,
			       .init = r->init};
	struct strv argv = STRV_INIT;

	if (r->target->kind != TARGET_HOST)
		boot_command(&job, dir, &argv);
	strv_quote(&argv, out);
	strv_release(&argv);
	free(cmdline);
}

static json_t *jail_of(const struct run *r)
{
	struct planned_boot p = r->plan.boots[0];
	struct boot_job job = {
		.e = r->e, .target = r->target, .planned = &p, .kernel = &r->kernels[p.arm]};

	p.kind = BOOT_TIMED;
	return confine_json(&job);
}

/* NULL where one is not UTF-8, which JSON must be. */
static json_t *words(int argc, char **argv)
{
	json_t *a = json_array();

	for (int i = 0; i < argc; i++) {
		if (json_array_append_new(a, json_string(argv[i])) < 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static json_t *calibration_of(const json_t *run)
{
	char *results = paths_results(), *dir = xasprintf("%s/calibration", results);
	json_t *c =
		calibrated_find(dir, json_object_get(run, "target"), json_object_get(run, "host"));

	free(dir);
	free(results);
	return c;
}

/* Takes over `run`, and adds what the experiment says; NULL where that cannot be written. */
static json_t *with_experiment(json_t *run, const struct experiment *e, struct err *err)
{
	json_t *experiment = experiment_json(e);

	if (!run || json_object_update(run, experiment) < 0) {
		err_set(err, "%s is not UTF-8: write it so", run ? e->path : "an option or a path");
		json_decref(run);
		run = NULL;
	}
	json_decref(experiment);
	return run;
}

json_t *run_planned_json(const struct run *r, int argc, char **argv, struct err *err)
{
	json_t *arms = json_array(), *arm, *run;

	for (size_t i = 0; i < r->e->narms; i++) {
		const struct arm *a = &r->e->arms[i];

		arm = json_pack("{s:s, s:s, s:s}", "name", a->name, "spec", a->spec, "cmdline",
				a->cmdline);
		if (a->inject > 0)
			json_object_set_new(arm, "inject", json_real(a->inject));
		json_array_append_new(arms, arm);
	}
	run = json_pack("{s:i, s:o, s:{s:s}, s:o, s:o}", "format", STORED_FORMAT, "command",
			words(argc, argv), "target", "kind", r->e->target, "arms", arms, "boots",
			plan_json(&r->plan, r->e));
	return with_experiment(run, r->e, err);
}

json_t *run_make_json(const struct run *r, int argc, char **argv, struct err *err)
{
	char sums[2][65], created[32];
	struct str command = STR_INIT;
	time_t now = time(NULL);
	json_t *run, *calibration, *arms = json_array();

	if (fs_sha256(r->bench, sums[0], err) < 0 || fs_sha256(r->init, sums[1], err) < 0)
		return NULL;
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	run_arm_command(r, 0, "BOOT", &command);
	for (size_t i = 0; i < r->e->narms; i++)
		json_array_append_new(arms, provenance_arm(&r->e->arms[i], &r->kernels[i]));
	run = json_pack(
		"{s:i, s:s, s:o, s:s, s:s, s:s, s:I, s:i, s:f, s:o, s:o, s:o, s:o, s:{s:s, s:s}}",
		"format", STORED_FORMAT, "tool", MLOCKLAB_VERSION, "command", words(argc, argv),
		"name", r->e->name, "created", created, "status", "running", "seed",
		(json_int_t)r->e->seed, "pairs", r->e->pairs, "margin", r->e->margin, "target",
		provenance_target(r->target, str_text(&command)), "host", provenance_host(), "arms",
		arms, "boots", plan_json(&r->plan, r->e), "programs", "mlockbench", sums[0],
		"guest-init", sums[1]);
	str_release(&command);
	if (r->target->kind != TARGET_HOST)
		json_object_set_new(json_object_get(run, "target"), "jail", jail_of(r));
	if (r->target->kind == TARGET_KVM || r->target->kind == TARGET_HOST)
		json_object_set_new(json_object_get(run, "host"), "disturbing", disturb_json());
	calibration = calibration_of(run);
	if (calibration)
		json_object_set_new(run, "calibration", calibration);
	/* as it was typed, not as the job that begins the run was */
	if (r->store->planned)
		json_object_set(run, "command", json_object_get(r->store->run, "command"));
	return with_experiment(run, r->e, err);
}
