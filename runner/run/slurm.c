#include "runner/run/slurm.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/text.h"
#include "runner/run/progress.h"
#include "runner/run/slurm-jobs.h"

/* How often a boot is made at most, and how often Slurm is asked. */
#define ROUNDS 3
#define ASK_SECONDS 10

struct array {
	struct run *r;
	struct run_tally *tally;
	struct progress progress;
	struct slurm_jobs jobs;
	bool *seen;	/* boots that are over, by their place in the plan */
	double asked;	/* when Slurm was asked last */
	size_t queued;	/* tasks that it had then, waiting or running */
	bool silent;	/* it did not answer */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- what came of them --- */

/* Counts the tasks that Slurm still has; those it no longer knows are over. */
static void ask_queue(struct array *a)
{
	struct err err;
	size_t queued;

	if (!a->jobs.ids.len)
		return;
	a->asked = now();
	if (slurm_queue(&a->jobs, &queued, &err) == 0) {
		a->queued = queued;
		a->silent = false;
	} else if (!a->silent) {
		char *clean = text_clean(err.text, 200);

		progress_note(&a->progress, clean);
		progress_note(&a->progress, "Slurm does not answer; the boots go on");
		free(clean);
		a->silent = true;
	}
}

static void tell_boot(struct array *a, const struct planned_boot *b)
{
	char *path = xasprintf("%s/boots/%03d/boot.json", a->r->store->dir, b->n);
	struct str text = STR_INIT;
	struct err err;
	json_t *o = json_read(path, &err);
	const char *outcome = json_get_str(o, "outcome", "unreadable"), *detail = json_get_str(o, "detail", "");
	const char *node = json_get_str(json_object_get(o, "node"), "name", "");
	bool failed = strcmp(outcome, "ok") != 0;
	char *clean;

	str_addf(&text, "boot %d %s %s, %lld samples%s%s%s%s", b->n, a->r->e->arms[b->arm].name, outcome,
		 json_get_int(o, "samples", 0), *node ? " on " : "", node, *detail ? ": " : "", detail);
	clean = text_clean(text.buf, 300);
	progress_boot(&a->progress, failed, clean);
	a->tally->done++;
	a->tally->failed += failed;
	free(clean);
	str_release(&text);
	json_decref(o);
	free(path);
}

/* Tells of the boots that are over since the last look. Returns how many are missing. */
static size_t look(struct array *a)
{
	size_t missing = 0;

	for (size_t i = 0; i < a->r->plan.n; i++) {
		const struct planned_boot *b = &a->r->plan.boots[i];

		if (a->seen[i] || !run_wants(a->r, b))
			continue;
		if (run_is_to_do(a->r, b)) {
			missing++;
			continue;
		}
		a->seen[i] = true;
		tell_boot(a, b);
	}
	return missing;
}

static void draw(struct array *a, size_t missing)
{
	char *text = xasprintf("%zu tasks in Slurm, %zu boots missing", a->queued, missing);

	progress_draw(&a->progress, text);
	free(text);
}

/* Until nothing is missing, nothing is under way, or we are asked to stop. Returns what is missing. */
static size_t watch(struct array *a)
{
	size_t missing;
	bool empty = false;

	while ((missing = look(a)) && !run_stop_asked) {
		/* a look after the queue was seen empty: what ended meanwhile is on the disk */
		if (empty)
			return missing;
		draw(a, missing);
		poll(NULL, 0, 1000);
		if (now() - a->asked >= ASK_SECONDS) {
			ask_queue(a);
			empty = !a->queued && !a->silent;
			if (empty)
				poll(NULL, 0, 2000); /* a network file system shows it a little later */
		}
	}
	return missing;
}

/* --- beginning and end --- */

static void begin(struct array *a, struct run *r, struct run_tally *tally)
{
	*a = (struct array){.r = r, .tally = tally};
	slurm_jobs_open(&a->jobs, r);
	a->seen = xcalloc(r->plan.n, sizeof(*a->seen));
	for (size_t i = 0; i < r->plan.n; i++)
		a->seen[i] = run_wants(r, &r->plan.boots[i]) && !run_is_to_do(r, &r->plan.boots[i]);
	run_begin(r, tally);
	progress_start(&a->progress, tally->boots, tally->done);
}

static void end(struct array *a)
{
	progress_end(&a->progress);
	a->tally->interrupted = run_stop_asked;
	free(a->seen);
	slurm_jobs_release(&a->jobs);
}

/* Whether the tasks shall go on without us. */
static bool may_go_on(const struct array *a)
{
	char answer[16] = "";

	if (!isatty(0))
		return false;
	fprintf(stderr, "\n%zu tasks are in Slurm: [l]eave them to go on, or [c]ancel them? ", a->queued);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'l' || *answer == 'L');
}

static void stop(struct array *a)
{
	struct err err;

	if (may_go_on(a))
		fprintf(stderr, "look on with: mlocklab run --attach %s\n", a->r->store->dir);
	else if (slurm_cancel(&a->jobs, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
}

int slurm_boots(struct run *r, const char *options, struct run_tally *tally, struct err *err)
{
	struct array a;
	size_t missing;
	int ret;

	begin(&a, r, tally);
	ret = fs_mkdirs(a.jobs.dir, err);
	if (ret == 0)
		ask_queue(&a);
	if (ret == 0 && !a.queued)
		ret = slurm_probe(&a.jobs, options, err);
	/* what an earlier runner left in the queue is waited for */
	missing = a.queued ? watch(&a) : look(&a);
	for (int made = 0; ret == 0 && missing && !run_stop_asked && made < ROUNDS; made++) {
		long tasks = slurm_submit(&a.jobs, options, err);

		a.asked = now(); /* Slurm takes a moment to show them */
		if (tasks < 0)
			ret = -1;
		else
			a.queued = (size_t)tasks;
		if (tasks > 0 && made)
			progress_note(&a.progress, "tasks ended without their boots, which are made again");
		missing = ret == 0 ? watch(&a) : 0;
	}
	if (run_stop_asked)
		stop(&a);
	end(&a);
	return ret;
}

int slurm_attach(struct run *r, struct run_tally *tally, struct err *err)
{
	struct array a;

	(void)err;
	begin(&a, r, tally);
	ask_queue(&a);
	watch(&a);
	end(&a);
	return 0;
}
