#include "runner/run/slurm.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/text.h"
#include "runner/run/progress.h"

/* Slurm's own default for MaxArraySize is 1001: indices up to 1000. */
#define ARRAY_MOST 1000
/* How often a boot is made at most, and how often Slurm is asked. */
#define ROUNDS 3
#define ASK_SECONDS 10

static volatile sig_atomic_t stop_asked;

static void on_stop(int sig)
{
	(void)sig;
	stop_asked = 1;
}

struct array {
	struct run *r;
	struct run_tally *tally;
	struct progress progress;
	char *dir;	/* RUN/slurm */
	struct str ids; /* of all jobs, apart by commas */
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

/* --- tasks --- */

void slurm_tasks(const struct run *r, struct strv *lines)
{
	bool together = r->target->kind != TARGET_ICOUNT;
	int *line_of = xcalloc(r->plan.n + 1, sizeof(*line_of)); /* of a pair, from 1 */

	for (size_t i = 0; i < r->plan.n; i++) {
		const struct planned_boot *b = &r->plan.boots[i];
		char *longer;
		int *line;

		if (!run_is_to_do(r, b))
			continue;
		line = together && b->kind == BOOT_TIMED && b->pair >= 0 && (size_t)b->pair < r->plan.n
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

/* Asks Slurm something; its answer, without the newline at its end. */
static int ask(const struct strv *argv, struct str *answer, struct err *err)
{
	int ret = spawn_capture(argv->v, answer, err);

	while (answer->len && answer->buf[answer->len - 1] == '\n')
		answer->buf[--answer->len] = '\0';
	return ret;
}

/* The script of a job: each task makes the boots of its line in the list. */
static char *write_script(const struct array *a, const struct strv *lines, size_t from, size_t n,
			  int job, struct err *err)
{
	char *program = paths_libexec(), *cache = paths_cache(), *run = realpath(a->r->store->dir, NULL);
	char *script = xasprintf("%s/job-%d.sh", a->dir, job), *list = xasprintf("%s/job-%d.tasks", a->dir, job);
	struct strv words = STRV_INIT;
	struct str text = STR_INIT, tasks = STR_INIT;
	int ret;

	for (size_t i = from; i < from + n; i++)
		str_addf(&tasks, "%s\n", lines->v[i]);
	str_add(&text, "#!/bin/sh\n# The tasks of a run of mlocklab, a line of the list each.\n");
	strv_pushf(&words, "MLOCKLAB_CACHE=%s", cache);
	strv_quote(&words, &text);
	str_add(&text, " exec ");
	strv_release(&words);
	strv_pushf(&words, "%s/mlocklab-run", program);
	strv_push(&words, "--workers=1");
	strv_push(&words, "--resume");
	strv_push(&words, run ? run : a->r->store->dir);
	if (a->r->target->qemu.n == 1) {
		strv_push(&words, "--qemu");
		strv_push(&words, a->r->target->qemu.v[0]);
	}
	strv_quote(&words, &text);
	str_addf(&text, " --boots \"$(sed -n \"${SLURM_ARRAY_TASK_ID}p\" ");
	strv_release(&words);
	strv_push(&words, list);
	strv_quote(&words, &text);
	str_add(&text, ")\"\n");
	ret = fs_write_atomic(list, tasks.buf, tasks.len, err);
	if (ret == 0)
		ret = fs_write_atomic(script, text.buf, text.len, err);
	strv_release(&words);
	str_release(&text);
	str_release(&tasks);
	free(program);
	free(cache);
	free(run);
	free(list);
	if (ret == 0)
		return script;
	free(script);
	return NULL;
}

static void add_job(struct array *a, const char *id)
{
	struct err ignored;
	char *path = xasprintf("%s/jobs", a->dir);

	str_addf(&a->ids, "%s%s", a->ids.len ? "," : "", id);
	fs_write_atomic(path, a->ids.buf, a->ids.len, &ignored);
	free(path);
}

/* The number of the next job of this run, whoever submitted the others. */
static int job_number(const struct array *a)
{
	int n = 1;

	for (const char *c = str_text(&a->ids); *c; c++)
		n += *c == ',';
	return a->ids.len ? n + 1 : 1;
}

/* One job array of at most ARRAY_MOST tasks. */
static int submit_job(struct array *a, const char *options, const struct strv *lines, size_t from,
		      size_t n, struct err *err)
{
	const struct run *r = a->r;
	char *script = write_script(a, lines, from, n, job_number(a), err);
	struct strv argv = STRV_INIT;
	struct str id = STR_INIT;
	int ret;

	if (!script)
		return -1;
	strv_split(&argv, "sbatch --parsable --ntasks=1 --no-requeue", " ");
	strv_pushf(&argv, "--job-name=mlocklab-%s", r->e->name);
	strv_pushf(&argv, "--array=1-%zu", n);
	strv_pushf(&argv, "--output=%s/%%A_%%a.log", a->dir);
	strv_pushf(&argv, "--mem=%d", r->target->memory_mib + 512);
	if (r->target->kind == TARGET_ICOUNT)
		strv_push(&argv, "--cpus-per-task=1");
	else
		strv_push(&argv, "--exclusive");
	if (options)
		strv_split(&argv, options, " ");
	strv_push(&argv, script);
	ret = ask(&argv, &id, err);
	if (ret == 0 && id.len) {
		id.buf[strcspn(id.buf, ";\n")] = '\0'; /* JOB;CLUSTER */
		add_job(a, id.buf);
	}
	strv_release(&argv);
	str_release(&id);
	free(script);
	return ret;
}

/* Tasks for all boots that are to do. Returns how many, or -1. */
static long submit(struct array *a, const char *options, struct err *err)
{
	struct strv lines = STRV_INIT;
	long ret = 0;

	slurm_tasks(a->r, &lines);
	for (size_t from = 0; from < lines.n && ret == 0; from += ARRAY_MOST) {
		size_t n = lines.n - from < ARRAY_MOST ? lines.n - from : ARRAY_MOST;

		ret = submit_job(a, options, &lines, from, n, err);
	}
	if (ret == 0)
		ret = (long)lines.n;
	a->asked = now(); /* Slurm takes a moment to show them */
	a->queued = lines.n;
	strv_release(&lines);
	return ret;
}

/* --- what came of them --- */

/* Counts the tasks that Slurm still has; those it no longer knows are over. */
static void ask_queue(struct array *a)
{
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	struct err err;

	if (!a->ids.len)
		return;
	strv_split(&argv, "squeue --noheader --array --format=%T", " ");
	strv_pushf(&argv, "--jobs=%s", a->ids.buf);
	a->asked = now();
	if (ask(&argv, &answer, &err) == 0 || strstr(err.text, "Invalid job id")) {
		a->queued = answer.len ? 1 : 0;
		for (const char *c = str_text(&answer); *c; c++)
			a->queued += *c == '\n';
		a->silent = false;
	} else if (!a->silent) {
		char *clean = text_clean(err.text, 200);

		progress_note(&a->progress, clean);
		progress_note(&a->progress, "Slurm does not answer; the boots go on");
		free(clean);
		a->silent = true;
	}
	str_release(&answer);
	strv_release(&argv);
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

	while ((missing = look(a)) && !stop_asked) {
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
	struct sigaction sa = {.sa_handler = on_stop};
	struct str jobs = STR_INIT;
	size_t already = 0;
	struct err err;
	char *path;

	*a = (struct array){.r = r, .tally = tally};
	*tally = (struct run_tally){0};
	a->dir = xasprintf("%s/slurm", r->store->dir);
	a->seen = xcalloc(r->plan.n, sizeof(*a->seen));
	for (size_t i = 0; i < r->plan.n; i++) {
		tally->boots += run_wants(r, &r->plan.boots[i]);
		a->seen[i] = run_wants(r, &r->plan.boots[i]) && !run_is_to_do(r, &r->plan.boots[i]);
		already += a->seen[i];
	}
	tally->done = already;
	path = xasprintf("%s/jobs", a->dir);
	if (fs_exists(path) && fs_read(path, &jobs, &err) == 0 &&
	    jobs.len && !jobs.buf[strspn(jobs.buf, "0123456789_,")])
		str_add(&a->ids, jobs.buf);
	free(path);
	str_release(&jobs);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	progress_start(&a->progress, tally->boots, already);
}

static void end(struct array *a)
{
	progress_end(&a->progress);
	a->tally->interrupted = stop_asked;
	free(a->dir);
	free(a->seen);
	str_release(&a->ids);
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
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	struct err err;

	if (may_go_on(a)) {
		fprintf(stderr, "look on with: mlocklab run --attach %s\n", a->r->store->dir);
		return;
	}
	strv_push(&argv, "scancel");
	strv_push(&argv, "--");
	strv_split(&argv, a->ids.buf, ",");
	if (a->ids.len && ask(&argv, &answer, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	strv_release(&argv);
	str_release(&answer);
}

/* A node that does not see our files fails every task: one small job asks first. */
static int probe(const struct array *a, const char *options, struct err *err)
{
	char *libexec = paths_libexec(), *program = xasprintf("%s/mlocklab-run", libexec);
	char *dir = realpath(a->r->store->dir, NULL), *cache = paths_cache();
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	struct err own;
	int ret;

	strv_split(&argv, "srun --ntasks=1 --quiet", " ");
	if (options)
		strv_split(&argv, options, " ");
	strv_split(&argv, "sh -c", " ");
	strv_push(&argv, "for f; do [ -e \"$f\" ] || { echo \"$f\"; exit 1; }; done; [ -w \"$1\" ]");
	strv_push(&argv, "sh");
	strv_push(&argv, dir ? dir : a->r->store->dir);
	strv_push(&argv, program);
	strv_push(&argv, cache);
	strv_push(&argv, a->r->bench);
	ret = ask(&argv, &answer, &own);
	if (ret < 0 && answer.len)
		err_set(err, "a node of Slurm does not see '%s': put the tree, the cache and --out where all "
			     "nodes see them", answer.buf);
	else if (ret < 0)
		err_set(err, "Slurm runs nothing for us: %s", own.text);
	strv_release(&argv);
	str_release(&answer);
	free(libexec);
	free(program);
	free(dir);
	free(cache);
	return ret;
}

int slurm_boots(struct run *r, const char *options, struct run_tally *tally, struct err *err)
{
	struct array a;
	size_t missing;
	int ret;

	begin(&a, r, tally);
	ret = fs_mkdirs(a.dir, err);
	if (ret == 0)
		ask_queue(&a);
	if (ret == 0 && !a.queued)
		ret = probe(&a, options, err);
	/* what an earlier runner left in the queue is waited for */
	missing = a.queued ? watch(&a) : look(&a);
	for (int made = 0; ret == 0 && missing && !stop_asked && made < ROUNDS; made++) {
		long tasks = submit(&a, options, err);

		if (tasks < 0)
			ret = -1;
		if (tasks > 0 && made)
			progress_note(&a.progress, "tasks ended without their boots, which are made again");
		missing = ret == 0 ? watch(&a) : 0;
	}
	if (stop_asked)
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
