/* mlocklab run: boots the kernels of an experiment and stores what its workloads measure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/paths.h"
#include "lib/verb.h"
#include "runner/run/host.h"
#include "runner/run/inputs.h"
#include "runner/run/ktap.h"
#include "runner/run/early-stop.h"
#include "runner/boot/recorder.h"
#include "runner/run/options.h"
#include "runner/run/check.h"
#include "runner/run/prepare.h"
#include "runner/run/reuse.h"
#include "runner/run/summary.h"
#include "runner/run/slurm.h"
#include "runner/run/slurm-carry.h"
#include "runner/run/slurm-kernels.h"
#include "runner/run/store-boots.h"
#include "runner/run/workers.h"

/* The run's directory is the last word on standard output, in KTAP as well. */
static int print_result(const struct run *r, bool ktap)
{
	struct str out = STR_INIT;
	int ret = EXIT_OK;

	if (ktap)
		ret = ktap_run(r, &out) ? EXIT_REGRESSION : EXIT_OK;
	else
		str_addf(&out, "%s\n", r->store->dir);
	fputs(str_text(&out), stdout);
	str_release(&out);
	return ret;
}

static int report_tally(const struct run *r, const struct run_tally *t, bool stopped, bool ktap,
			double seconds, int ret, struct err *err)
{
	int verdict;
	struct err e;
	size_t failed = 0;
	int measured = EXIT_OK;
	bool complete = ret == 0 && t->done == t->boots;

	/* with those of an earlier day, where the run was gone on with */
	for (size_t i = 0; i < r->plan.n; i++)
		failed += run_wants(r, &r->plan.boots[i]) &&
			  store_boot_failed(r->store, r->plan.boots[i].n);
	if (store_status(r->store,
			 !complete ? "incomplete"
			 : stopped ? "stopped"
				   : "complete",
			 &e) < 0) {
		measured = command_fail(&e);
		complete = false;
	}
	if (ret < 0)
		command_fail(err);
	if (!complete)
		command_note("%zu of %zu boots are in '%s'; go on with: mlocklab %s --resume %s",
			     t->done, t->boots, r->store->dir, verb_resume_words(), r->store->dir);
	else if (failed)
		command_note("%zu of %zu boots failed, and what they had not measured is missing; "
			     "their consoles are in '%s/boots'",
			     failed, t->boots, r->store->dir);
	if (summary_tell(r, seconds, &e) < 0 && complete && !ktap)
		measured = command_fail(&e);
	verdict = print_result(r, ktap);
	return !complete || failed || measured != EXIT_OK ? EXIT_USAGE : verdict;
}

static int load(struct run *r, const struct run_options *o, struct err *err)
{
	if (o->resume || o->attach) {
		/* who looks on, or makes a few boots, leaves the run to the one that makes it */
		if ((o->attach	? store_join(r->store, o->attach, err)
		     : o->boots ? store_join(r->store, o->resume, err)
				: store_open(r->store, o->resume, err)) < 0)
			return -1;
		return run_plan_stored(r, err);
	}
	return run_plan(r, o, err);
}

static int show_commands(const struct run *r)
{
	for (size_t i = 0; i < r->e->narms; i++) {
		struct str s = STR_INIT;

		run_arm_command(r, (int)i, "BOOT", &s);
		printf("# %s: %s\n%s\n", r->e->arms[i].name, r->kernels[i].spec,
		       s.len ? s.buf : "# no QEMU: the workloads run on this machine");
		str_release(&s);
	}
	if (r->target->kind == TARGET_HOST)
		host_print_changes(r->e, stdout);
	return EXIT_OK;
}

/* The numbers of --boots, "3,4". */
static int parse_boots(struct run *r, const char *text, struct err *err)
{
	struct strv words = STRV_INIT;
	int *only;

	strv_split(&words, text, ",");
	only = xcalloc(words.n + 1, sizeof(*only));
	for (size_t i = 0; i < words.n; i++) {
		char *rest;
		long n = strtol(words.v[i], &rest, 10);
		bool known = false;

		for (size_t k = 0; k < r->plan.n; k++)
			known |= !*rest && r->plan.boots[k].n == n;
		if (!known) {
			err_set(err, "--boots=%s: '%s' has no boot '%s'", text, r->store->dir,
				words.v[i]);
			strv_release(&words);
			free(only);
			return -1;
		}
		only[r->n_only++] = (int)n;
	}
	strv_release(&words);
	r->only = only;
	return r->n_only ? 0 : err_set(err, "--boots names no boot");
}

/* A cluster's run can be finished here, so only an option sends what is left there again. */
static bool is_on_slurm(const struct run *r, const struct run_options *o)
{
	return strcmp(o->on ? o->on : o->resume ? "here" : r->e->on, "slurm") == 0;
}

/* What tasks of Slurm are writing is not ours to clean up, nor to make beside them. */
static int settle(const struct run *r, const struct run_options *o, struct err *err)
{
	struct err why;
	char *jobs;
	long left = slurm_left(r->store->dir, &jobs, &why);
	int ret = 0;

	if (left > 0 && !is_on_slurm(r, o))
		ret = err_set(err,
			      "'%s' has %ld tasks in Slurm: --on slurm waits for them, 'scancel "
			      "%s' ends them",
			      r->store->dir, left, jobs);
	else if (left < 0)
		command_note("whether tasks of Slurm still make boots of it cannot be asked: %s",
			     why.text);
	else if (left == 0)
		store_sweep(r->store);
	free(jobs);
	return ret;
}

static int make_boots(struct run *r, const struct run_options *o, struct run_tally *tally,
		      bool *stopped, struct err *err)
{
	if (!is_on_slurm(r, o))
		return r->e->stop_early ? looks_run(r, tally, stopped, err)
					: run_boots(r, tally, err);
	if (r->e->stop_early)
		return err_set(err,
			       "stop_early looks at pairs one after the other: not with Slurm");
	return slurm_boots(r, o->slurm, tally, err);
}

/* What a task, and one who looks on, says of its boots: nothing of the run's status. */
static int tell_part(const struct run_tally *t, int ret, struct err *err)
{
	if (ret < 0)
		return command_fail(err);
	command_note("%zu of %zu boots are done, %zu of them failed", t->done, t->boots, t->failed);
	return t->done == t->boots && !t->failed ? EXIT_OK : EXIT_USAGE;
}

/* Paths stand in messages, in QEMU's options and in pages: one that a terminal obeys is refused
 * before anything is measured. */
static int check_paths(const struct run *r, const struct run_options *o, struct err *err)
{
	char *results = paths_results(), *here = getcwd(NULL, 0);
	const char *const paths[] = {r->bench, results, here, o->out, o->resume};
	int ret = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths) && ret == 0; i++)
		for (const char *p = paths[i]; p && *p && ret == 0; p++)
			if ((unsigned char)*p < ' ' || *p == 127)
				ret = err_set(err,
					      "the path '%s' holds a control character: rename "
					      "that directory",
					      paths[i]);
	free(results);
	free(here);
	return ret;
}

/* How long it will take, where a stored run of the same cells says so. */
static void tell_estimate(const struct run *r, const char *results)
{
	size_t left = 0;
	char *used;
	double seconds = summary_expect(r, results, &used);

	for (size_t i = 0; i < r->plan.n; i++)
		left += run_is_to_do(r, &r->plan.boots[i]);
	if (used && left)
		fprintf(stderr, "some %d min: a boot of the same cells took %.0f s in %s\n",
			1 + (int)(seconds * (double)left / r->workers / 60), seconds, used);
	free(used);
}

/* A task's boots, which the run's own runner tells of. */
static int make_some(struct run *r, struct err *err)
{
	struct run_tally tally = {0};
	int ret;

	if (run_check_same(r, err) < 0 || inputs_hold(r, err) < 0)
		return -1;
	ret = run_boots(r, &tally, err);
	host_end(r);
	inputs_drop(r);
	return tell_part(&tally, ret, err);
}

/* run.json of a new run, or of one that was planned until now; else the stored run is made fit to
 * be gone on with. */
static int begin(struct run *r, const struct run_options *o, int argc, char **argv,
		 const char *results, struct err *err)
{
	struct store *s = r->store;
	size_t unfit;
	json_t *json;

	if (o->resume && !s->planned)
		return run_check_same(r, err) < 0 || store_put_aside_unfit(s, &unfit, err) < 0 ||
				       store_put_aside_lost(s, RUN_RETRIES, err) < 0 ||
				       store_status(s, "running", err) < 0
			       ? -1
			       : 0;
	json = run_make_json(r, argc, argv, err);
	if (!json)
		return -1;
	if ((s->planned ? store_begin(s, json, err)
			: store_create(s, results, r->e->name, o->out, json, err)) < 0)
		return -1;
	return reuse_boots(r, &o->reuse, err);
}

/* Leaves the boots to Slurm; whose they are then says nothing of how the run ended. */
static int submit(struct run *r, const struct run_options *o, struct err *err)
{
	struct run_tally tally;
	struct err ignored;

	if (slurm_submit(r, o->slurm, &tally, err) < 0) {
		store_status(r->store, "incomplete", &ignored);
		return -1;
	}
	command_note("%zu of %zu boots are in Slurm; look on with: mlocklab run --attach %s",
		     tally.boots - tally.done, tally.boots, r->store->dir);
	return print_result(r, false);
}

/*
 * Kernels that the cache lacks are made in jobs of the cluster, and the run is planned until they
 * are. Returns how many they are; where there are any, the run is no longer ours.
 */
static int plan_ahead(struct run *r, const struct run_options *o, int argc, char **argv,
		      const char *results, struct err *err)
{
	bool *missing = xcalloc(r->e->narms, sizeof(*missing));
	int ret = run_pin(r, o, missing, err);
	bool any = false;

	for (size_t i = 0; i < r->e->narms; i++)
		any |= missing[i];
	if (ret == 0 && any && !r->store->planned) {
		json_t *plan = run_planned_json(r, argc, argv, err);

		ret = plan ? store_plan(r->store, results, r->e->name, o->out, plan, err) : -1;
	}
	if (ret == 0 && any)
		ret = slurm_check(r, o->slurm, err);
	/* where a node sees nothing of ours it can make us no kernel either */
	if (ret == 0 && any)
		ret = slurm_kernels_submit(r, o, missing, err);
	else if (r->carried)
		ret = 0;
	if (ret < 0 && !o->resume)
		store_forget(r->store);
	free(missing);
	return ret;
}

static int run(const struct run_options *o, int argc, char **argv, struct err *err);

/* Waits for a planned run to begin, and goes on with it. */
static int go_on(struct store *s, const struct run_options *o, int argc, char **argv,
		 struct err *err)
{
	struct run_options rest = *o;

	store_leave(s);
	if (slurm_kernels_wait(s->dir, o->attach != NULL, err) < 0)
		return -1;
	rest.resume = o->attach ? NULL : s->dir;
	return run(&rest, argc, argv, err);
}

/* Whether a run on a cluster waits for kernels that jobs make: then it is more than 0. */
static int wait_for_kernels(struct run *r, const struct run_options *o, int argc, char **argv,
			    const char *results, struct err *err)
{
	if (!is_on_slurm(r, o))
		return o->submit
			       ? err_set(err, "--submit hands boots over to Slurm: say --on slurm")
			       : 0;
	if (o->boots || o->show_command || (o->resume && !r->store->planned) ||
	    strcmp(r->e->target, "host") == 0 || (o->submit && getenv("SLURM_JOB_ID")))
		return 0;
	/* of who planned it jobs may be under way */
	if (r->store->planned) {
		char *ids;
		long left = slurm_left(r->store->dir, &ids, err);

		free(ids);
		if (left)
			return left < 0 ? -1 : 1;
	}
	return plan_ahead(r, o, argc, argv, results, err);
}

static int run(const struct run_options *o, int argc, char **argv, struct err *err)
{
	struct experiment e = {0};
	struct target target = {0};
	struct store store = {.lock_fd = -1};
	struct run r = {.e = &e, .target = &target, .store = &store};
	struct run_tally tally = {0};
	char *results = paths_results();
	bool stopped = false;
	time_t begun;
	int ret;

	r.bench = paths_program("mlockbench");
	r.init = paths_program("guest-init");
	if (check_paths(&r, o, err) < 0 || load(&r, o, err) < 0)
		return -1;
	if (o->attach)
		return store.planned ? go_on(&store, o, argc, argv, err)
				     : tell_part(&tally, slurm_attach(&r, &tally, err), err);
	r.elsewhere = is_on_slurm(&r, o) && !o->boots;
	if (o->resume && !o->boots && !o->show_command && settle(&r, o, err) < 0)
		return -1;
	ret = wait_for_kernels(&r, o, argc, argv, results, err);
	if (ret > 0)
		return o->submit ? print_result(&r, false) : go_on(&store, o, argc, argv, err);
	if (ret < 0 || (o->boots && parse_boots(&r, o->boots, err) < 0) ||
	    run_prepare(&r, o, err) < 0 ||
	    ((!o->resume || store.planned) && locks_plan(&e, &target, &r.plan, err) < 0))
		return -1;
	if (o->show_command)
		return show_commands(&r);
	r.workers = o->workers			   ? o->workers
		    : target.kind == TARGET_ICOUNT ? workers_default(&target)
						   : 1;
	/* a node is looked at, and held, by the task that measures it */
	if (!r.elsewhere && (run_check_booted(&r, err) < 0 ||
			     (target.kind == TARGET_HOST && host_begin(&r, err) < 0)))
		return -1;
	if (o->boots)
		return make_some(&r, err);
	if (begin(&r, o, argc, argv, results, err) < 0)
		return -1;
	if (o->submit)
		return submit(&r, o, err);
	if (inputs_hold(&r, err) < 0)
		return -1;
	fprintf(stderr, "%zu boots of %zu cells on %s, into %s\n", r.plan.n, e.ncells,
		target_kind_name(target.kind), store.dir);
	tell_estimate(&r, results);
	begun = time(NULL);
	ret = make_boots(&r, o, &tally, &stopped, err);
	host_end(&r);
	inputs_drop(&r);
	return report_tally(&r, &tally, stopped, o->ktap, difftime(time(NULL), begun), ret, err);
}

int main(int argc, char **argv)
{
	struct run_options o = {0};
	struct err err = {""};
	int ret;

	if (run_options_parse(&o, argc, argv) < 0)
		return EXIT_USAGE;
	ret = run(&o, argc, argv, &err);
	if (ret >= 0)
		return ret;
	return command_fail(&err);
}
