#include "runner/run/slurm-jobs.h"

#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "lib/spawn.h"

/* Slurm's own default for MaxArraySize is 1001: indices up to 1000. */
#define ARRAY_MOST 1000

void slurm_jobs_open(struct slurm_jobs *j, const struct run *r)
{
	struct str jobs = STR_INIT;
	struct err err;
	char *path;

	*j = (struct slurm_jobs){.r = r, .dir = xasprintf("%s/slurm", r->store->dir)};
	path = xasprintf("%s/jobs", j->dir);
	if (fs_exists(path) && fs_read(path, &jobs, &err) == 0 &&
	    jobs.len && !jobs.buf[strspn(jobs.buf, "0123456789_,")])
		str_add(&j->ids, jobs.buf);
	free(path);
	str_release(&jobs);
}

void slurm_jobs_release(struct slurm_jobs *j)
{
	free(j->dir);
	str_release(&j->ids);
}

/* Asks Slurm something; its answer, without the newline at its end. */
static int ask(const struct strv *argv, struct str *answer, struct err *err)
{
	int ret = spawn_capture(argv->v, answer, err);

	while (answer->len && answer->buf[answer->len - 1] == '\n')
		answer->buf[--answer->len] = '\0';
	return ret;
}

/* --- what is handed to Slurm --- */

/* A line for each task, "3" or "1,2", of the boots that are to do. */
static void add_tasks(const struct run *r, struct strv *lines)
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

/* The number of the next job of this run, whoever submitted the others. */
static int job_number(const struct slurm_jobs *j)
{
	int n = 1;

	for (const char *c = str_text(&j->ids); *c; c++)
		n += *c == ',';
	return j->ids.len ? n + 1 : 1;
}

/* The script of a job: each task makes the boots of its line in the list. */
static char *write_script(const struct slurm_jobs *j, const struct strv *lines, size_t from,
			  size_t n, struct err *err)
{
	char *program = paths_libexec(), *cache = paths_cache(), *run = realpath(j->r->store->dir, NULL);
	int job = job_number(j);
	char *script = xasprintf("%s/job-%d.sh", j->dir, job), *list = xasprintf("%s/job-%d.tasks", j->dir, job);
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
	strv_push(&words, run ? run : j->r->store->dir);
	if (j->r->target->qemu.n == 1) {
		strv_push(&words, "--qemu");
		strv_push(&words, j->r->target->qemu.v[0]);
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

static void add_job(struct slurm_jobs *j, const char *id)
{
	struct err ignored;
	char *path = xasprintf("%s/jobs", j->dir);

	str_addf(&j->ids, "%s%s", j->ids.len ? "," : "", id);
	fs_write_atomic(path, j->ids.buf, j->ids.len, &ignored);
	free(path);
}

/* One job array of at most ARRAY_MOST tasks. */
static int submit_job(struct slurm_jobs *j, const char *options, const struct strv *lines, size_t from,
		      size_t n, struct err *err)
{
	const struct run *r = j->r;
	char *script = write_script(j, lines, from, n, err);
	struct strv argv = STRV_INIT;
	struct str id = STR_INIT;
	int ret;

	if (!script)
		return -1;
	strv_split(&argv, "sbatch --parsable --ntasks=1 --no-requeue", " ");
	strv_pushf(&argv, "--job-name=mlocklab-%s", r->e->name);
	strv_pushf(&argv, "--array=1-%zu", n);
	strv_pushf(&argv, "--output=%s/%%A_%%a.log", j->dir);
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
		add_job(j, id.buf);
	}
	strv_release(&argv);
	str_release(&id);
	free(script);
	return ret;
}

long slurm_submit(struct slurm_jobs *j, const char *options, struct err *err)
{
	struct strv lines = STRV_INIT;
	long ret = 0;

	add_tasks(j->r, &lines);
	for (size_t from = 0; from < lines.n && ret == 0; from += ARRAY_MOST) {
		size_t n = lines.n - from < ARRAY_MOST ? lines.n - from : ARRAY_MOST;

		ret = submit_job(j, options, &lines, from, n, err);
	}
	if (ret == 0)
		ret = (long)lines.n;
	strv_release(&lines);
	return ret;
}

/* --- what it is asked --- */

int slurm_queue(const struct slurm_jobs *j, size_t *tasks, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	struct err own;
	int ret = 0;

	*tasks = 0;
	if (!j->ids.len)
		return 0;
	strv_split(&argv, "squeue --noheader --array --format=%T", " ");
	strv_pushf(&argv, "--jobs=%s", j->ids.buf);
	if (ask(&argv, &answer, &own) == 0 || strstr(own.text, "Invalid job id")) {
		*tasks = answer.len ? 1 : 0;
		for (const char *c = str_text(&answer); *c; c++)
			*tasks += *c == '\n';
	} else {
		ret = err_set(err, "%s", own.text);
	}
	str_release(&answer);
	strv_release(&argv);
	return ret;
}

int slurm_cancel(const struct slurm_jobs *j, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	int ret;

	if (!j->ids.len)
		return 0;
	strv_push(&argv, "scancel");
	strv_push(&argv, "--");
	strv_split(&argv, j->ids.buf, ",");
	ret = ask(&argv, &answer, err);
	strv_release(&argv);
	str_release(&answer);
	return ret;
}

int slurm_probe(const struct slurm_jobs *j, const char *options, struct err *err)
{
	char *libexec = paths_libexec(), *program = xasprintf("%s/mlocklab-run", libexec);
	char *dir = realpath(j->r->store->dir, NULL), *cache = paths_cache();
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
	strv_push(&argv, dir ? dir : j->r->store->dir);
	strv_push(&argv, program);
	strv_push(&argv, cache);
	strv_push(&argv, j->r->bench);
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
