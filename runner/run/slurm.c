#include "runner/run/slurm.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/text.h"
#include "runner/run/progress.h"
#include "runner/run/slurm-carry.h"
#include "runner/run/slurm-jobs.h"

/* Slurm's own default for MaxArraySize is 1001: indices up to 1000. */
#define ARRAY_MOST 1000
/* How often a boot is made at most. */
#define ROUNDS 3
/* A task is at most so many boots, and at most such a part of what is left to a slot. */
#define TASK_MOST 10
#define SHARES 2

struct array {
	struct run *r;
	struct run_tally *tally;
	struct progress progress;
	struct slurm_jobs jobs;
	bool *seen;  /* boots that are over, by their place in the plan */
	bool silent; /* Slurm did not answer */
};

/* --- tasks --- */

/* Boots that need not be beside each other. */
static void tasks_apart(const struct run *r, size_t slots, struct strv *lines)
{
	size_t left = 0, room = 0;

	for (size_t i = 0; i < r->plan.n; i++)
		left += run_is_to_do(r, &r->plan.boots[i]);
	for (size_t i = 0; i < r->plan.n; i++) {
		const struct planned_boot *b = &r->plan.boots[i];
		char *longer;

		if (!run_is_to_do(r, b))
			continue;
		if (room) {
			longer = xasprintf("%s,%d", lines->v[lines->n - 1], b->n);
			free(lines->v[lines->n - 1]);
			lines->v[lines->n - 1] = longer;
			room--;
		} else {
			strv_pushf(lines, "%d", b->n);
			room = slots ? left / (SHARES * slots) : 0;
			room = room > TASK_MOST ? TASK_MOST - 1 : room ? room - 1 : 0;
		}
		left--;
	}
}

/* Both boots of a pair in one task. */
static void tasks_of_pairs(const struct run *r, struct strv *lines)
{
	int *line_of = xcalloc(r->plan.n + 1, sizeof(*line_of)); /* of a pair, from 1 */

	for (size_t i = 0; i < r->plan.n; i++) {
		const struct planned_boot *b = &r->plan.boots[i];
		char *longer;
		int *line;

		if (!run_is_to_do(r, b))
			continue;
		line = b->kind == BOOT_TIMED && b->pair >= 0 && (size_t)b->pair < r->plan.n
			       ? &line_of[b->pair]
			       : NULL;
		if (!line || !*line) {
			strv_pushf(lines, "%d", b->n);
			if (line)
				*line = (int)lines->n;
			continue;
		}
		longer = xasprintf("%s,%d", lines->v[*line - 1], b->n);
		free(lines->v[*line - 1]);
		lines->v[*line - 1] = longer;
	}
	free(line_of);
}

void slurm_tasks(const struct run *r, size_t slots, struct strv *lines)
{
	if (r->target->kind == TARGET_ICOUNT)
		tasks_apart(r, slots, lines);
	else
		tasks_of_pairs(r, lines);
}

/* The script of a job: each task makes the boots of its line in the list. A new string, its path,
 * or NULL. */
static char *write_script(const struct array *a, const struct strv *lines, size_t from, size_t n,
			  struct err *err)
{
	char *run = realpath(a->r->store->dir, NULL);
	int job = slurm_jobs_count(&a->jobs) + 1;
	char *script = xasprintf("%s/job-%d.sh", a->jobs.dir, job);
	char *list = xasprintf("%s/job-%d.tasks", a->jobs.dir, job);
	struct strv words = STRV_INIT, quoted = STRV_INIT;
	struct str more = STR_INIT, tasks = STR_INIT;
	int ret;

	for (size_t i = from; i < from + n; i++)
		str_addf(&tasks, "%s\n", lines->v[i]);
	strv_push(&words, "--workers=1");
	strv_push(&words, "--resume");
	strv_push(&words, run ? run : a->r->store->dir);
	if (a->r->target->qemu.n == 1) {
		strv_push(&words, "--qemu");
		strv_push(&words, a->r->target->qemu.v[0]);
	}
	strv_push(&quoted, list);
	str_add(&more, " --boots \"$(sed -n \"${SLURM_ARRAY_TASK_ID}p\" ");
	strv_quote(&quoted, &more);
	str_add(&more, ")\"");
	ret = fs_write_atomic(list, tasks.buf, tasks.len, err);
	if (ret == 0)
		ret = slurm_jobs_script(script, "run", &words, more.buf, err);
	strv_release(&words);
	strv_release(&quoted);
	str_release(&more);
	str_release(&tasks);
	free(run);
	free(list);
	if (ret == 0)
		return script;
	free(script);
	return NULL;
}

/* Tasks for all boots that are to do, in arrays of at most ARRAY_MOST. */
static int submit(struct array *a, const char *options, struct err *err)
{
	const struct run *r = a->r;
	struct strv lines = STRV_INIT;
	int ret = 0;

	slurm_tasks(r, slurm_slots(), &lines);
	for (size_t from = 0; from < lines.n && ret == 0; from += ARRAY_MOST) {
		struct slurm_job job = {.name = r->e->name,
					.tasks = lines.n - from < ARRAY_MOST ? lines.n - from
									     : ARRAY_MOST,
					.memory_mib = slurm_memory(r->target),
					.exclusive = r->target->kind != TARGET_ICOUNT,
					.options = options};
		char *script = write_script(a, &lines, from, job.tasks, err);

		job.script = script;
		ret = script ? slurm_jobs_submit(&a->jobs, &job, NULL, err) : -1;
		free(script);
	}
	strv_release(&lines);
	return ret;
}

/* --- what came of them --- */

static void ask_queue(struct array *a)
{
	struct err err;

	if (slurm_jobs_ask(&a->jobs, &err) == 0) {
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
	const char *outcome = json_get_str(o, "outcome", "unreadable"),
		   *detail = json_get_str(o, "detail", "");
	const char *node = json_get_str(json_object_get(o, "node"), "name", "");
	bool failed = strcmp(outcome, "ok") != 0;
	char *clean;

	str_addf(&text, "boot %d %s %s, %lld samples%s%s%s%s", b->n, a->r->e->arms[b->arm].name,
		 outcome, json_get_int(o, "samples", 0), *node ? " on " : "", node,
		 *detail ? ": " : "", detail);
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
	char *text = xasprintf("%zu tasks in Slurm, %zu boots missing", a->jobs.queued, missing);

	progress_draw(&a->progress, text);
	free(text);
}

/* Until nothing is missing, nothing is under way, or we are asked to stop. Returns what is missing.
 */
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
		if (progress_now() - a->jobs.asked >= SLURM_ASK_SECONDS) {
			ask_queue(a);
			empty = !a->jobs.queued && !a->silent;
			if (empty)
				poll(NULL, 0,
				     2000); /* a network file system shows it a little later */
		}
	}
	return missing;
}

/* --- on nodes that see nothing of ours --- */

static void look_on(void *arg)
{
	struct array *a = arg;
	size_t missing = look(a);
	char *text = xasprintf("%zu boots missing", missing);

	progress_draw(&a->progress, text);
	free(text);
}

/* Makes what is missing once; returns what is missing then, or -1. */
static long carry(struct array *a, const char *options, struct err *err)
{
	struct strv lines = STRV_INIT;
	size_t slots = slurm_slots();
	int ret;

	slurm_tasks(a->r, slots, &lines);
	ret = slurm_carry(a->r, options, &lines, slots, look_on, a, err);
	strv_release(&lines);
	return ret < 0 ? -1 : (long)look(a);
}

/* --- beginning and end --- */

static void begin(struct array *a, struct run *r, struct run_tally *tally)
{
	*a = (struct array){.r = r, .tally = tally};
	slurm_jobs_open(&a->jobs, r->store->dir);
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
	slurm_jobs_release(&a->jobs);
	free(a->seen);
}

/* Says of boots that are missing what became of their tasks, as far as Slurm told. */
static void tell_missing(struct array *a, size_t missing, const char *what)
{
	char *troubles = slurm_jobs_troubles(&a->jobs);
	char *text = xasprintf("%zu boot%s %s: tasks ended without them%s%s", missing,
			       missing == 1 ? "" : "s", what, *troubles ? ", " : "", troubles);

	progress_note(&a->progress, text);
	free(text);
	free(troubles);
}

/* One round of all that is missing; 0 is missing where it could not be begun. */
static int make(struct array *a, const char *options, size_t *missing, struct err *err)
{
	long left = a->r->carried ? carry(a, options, err) : submit(a, options, err);

	*missing = left < 0 ? 0 : a->r->carried ? (size_t)left : watch(a);
	return left < 0 ? -1 : 0;
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
	/* what an earlier runner left in the queue is waited for */
	missing = a.jobs.queued ? watch(&a) : look(&a);
	/* nobody writes below now, and what was half written is nobody's */
	if (!a.jobs.queued && !a.silent)
		store_sweep(r->store);
	if (ret == 0 && missing && !run_stop_asked)
		ret = slurm_check(r, options, err) < 0 ? -1 : 0;
	for (int made = 0; ret == 0 && missing && !run_stop_asked && made < ROUNDS; made++) {
		if (made)
			tell_missing(&a, missing, "to be made again");
		ret = make(&a, options, &missing, err);
	}
	if (run_stop_asked && !r->carried)
		slurm_jobs_stop(&a.jobs, r->store->dir);
	else if (ret == 0 && missing)
		tell_missing(&a, missing, "given up");
	/* no guest is under way any more, and tasks that were killed left what they had begun */
	if (ret == 0 && !missing)
		store_sweep(r->store);
	end(&a);
	return ret;
}

int slurm_submit(struct run *r, const char *options, struct run_tally *tally, struct err *err)
{
	struct array a;
	int ret;

	begin(&a, r, tally);
	ret = fs_mkdirs(a.jobs.dir, err);
	ask_queue(&a);
	/* in a job nobody need ask whether nodes see what we see */
	if (ret == 0 && !getenv("SLURM_JOB_ID") && slurm_check(r, options, err) != 0)
		ret = r->carried ? err_set(err, "nodes that see no results cannot be left to make "
						"some: go on with --resume RUN --on slurm")
				 : -1;
	if (ret == 0 && !a.jobs.queued)
		ret = submit(&a, options, err);
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

long slurm_left(const char *dir, char **ids, struct err *err)
{
	struct slurm_jobs j;
	long left;

	slurm_jobs_open(&j, dir);
	left = slurm_jobs_ask(&j, err) < 0 ? -1 : (long)j.queued;
	*ids = xstrdup(str_text(&j.ids));
	slurm_jobs_release(&j);
	return left;
}
