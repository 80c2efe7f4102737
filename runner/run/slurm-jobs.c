#include "runner/run/slurm-jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/text.h"
#include "runner/run/progress.h"

/* Asks Slurm something; its answer, without the newline at its end. */
static int ask(const struct strv *argv, struct str *answer, struct err *err)
{
	int ret = spawn_capture(argv->v, answer, err);

	while (answer->len && answer->buf[answer->len - 1] == '\n')
		answer->buf[--answer->len] = '\0';
	return ret;
}

void slurm_jobs_open(struct slurm_jobs *j, const char *run)
{
	struct str ids = STR_INIT;
	struct err ignored;
	char *path;

	*j = (struct slurm_jobs){.dir = xasprintf("%s/slurm", run)};
	path = xasprintf("%s/jobs", j->dir);
	if (fs_exists(path) && fs_read(path, &ids, &ignored) == 0 && ids.len &&
	    !ids.buf[strspn(ids.buf, "0123456789_,")])
		str_add(&j->ids, ids.buf);
	str_release(&ids);
	free(path);
}

void slurm_jobs_release(struct slurm_jobs *j)
{
	free(j->dir);
	str_release(&j->ids);
	strv_release(&j->troubles);
}

int slurm_jobs_count(const struct slurm_jobs *j)
{
	int n = j->ids.len > 0;

	for (const char *c = str_text(&j->ids); *c; c++)
		n += *c == ',';
	return n;
}

/* --- what becomes of them --- */

/* A line of squeue, "12_3 TIMEOUT". */
static void take_line(struct slurm_jobs *j, const char *line)
{
	static const char *const waiting[] = {
		"PENDING",     "RUNNING",      "CONFIGURING",  "COMPLETING",   "SUSPENDED",
		"STOPPED",     "SIGNALING",    "STAGE_OUT",    "REQUEUED",     "RESIZING",
		"REQUEUE_FED", "REQUEUE_HOLD", "SPECIAL_EXIT", "RESV_DEL_HOLD"};
	const char *state = strchr(line, ' '), *own = getenv("SLURM_JOB_ID");

	/* the job that begins a run is one of its jobs, and asks what else there is */
	if (!state || (own && strncmp(line, own, strlen(own)) == 0 && line + strlen(own) == state))
		return;
	for (size_t i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
		if (strcmp(state + 1, waiting[i]) == 0) {
			j->queued++;
			return;
		}
	if (strcmp(state + 1, "COMPLETED") != 0 && !strv_has(&j->troubles, line))
		strv_push(&j->troubles, line);
}

int slurm_jobs_ask(struct slurm_jobs *j, struct err *err)
{
	struct strv argv = STRV_INIT, lines = STRV_INIT;
	struct str answer = STR_INIT;
	int ret = 0;

	if (!j->ids.len)
		return 0;
	/* with those that are over, as long as it knows them (MinJobAge): they say why */
	strv_split(&argv, "squeue --noheader --array --states=all", " ");
	strv_push(&argv, "--format=%i %T");
	strv_pushf(&argv, "--jobs=%s", j->ids.buf);
	j->asked = progress_now();
	/* jobs that are long over are no longer known, and that is an answer */
	if (ask(&argv, &answer, err) < 0 && !strstr(err->text, "Invalid job id"))
		ret = -1;
	if (ret == 0) {
		j->queued = 0;
		strv_split(&lines, str_text(&answer), "\n");
		for (size_t i = 0; i < lines.n; i++)
			take_line(j, lines.v[i]);
	}
	strv_release(&lines);
	str_release(&answer);
	strv_release(&argv);
	return ret;
}

char *slurm_jobs_last_words(const struct slurm_jobs *j, const char *id)
{
	char *path = xasprintf("%s/%s.log", j->dir, id), *clean;
	struct strv lines = STRV_INIT;
	struct str log = STR_INIT;
	struct err ignored;

	if (fs_exists(path) && fs_read(path, &log, &ignored) == 0)
		strv_split(&lines, str_text(&log), "\n");
	clean = text_clean(lines.n ? lines.v[lines.n - 1] : "it said nothing", 400);
	strv_release(&lines);
	str_release(&log);
	free(path);
	return clean;
}

/* Of those that Slurm did not end itself the last tells why. */
static void add_last_words(const struct slurm_jobs *j, struct str *out)
{
	for (size_t i = j->troubles.n; i-- > j->told;) {
		const char *line = j->troubles.v[i], *state = strchr(line, ' ');
		char *id, *last;

		if (strcmp(state + 1, "FAILED") != 0)
			continue;
		id = xstrndup(line, (size_t)(state - line));
		last = slurm_jobs_last_words(j, id);
		str_addf(out, "; %s said last: %s", id, last);
		free(last);
		free(id);
		return;
	}
}

char *slurm_jobs_troubles(struct slurm_jobs *j)
{
	struct strv kinds = STRV_INIT;
	struct str out = STR_INIT;

	for (size_t i = j->told; i < j->troubles.n; i++) {
		const char *state = strchr(j->troubles.v[i], ' ') + 1;
		size_t n = 0;

		if (strv_has(&kinds, state))
			continue;
		strv_push(&kinds, state);
		for (size_t k = i; k < j->troubles.n; k++)
			n += strcmp(strchr(j->troubles.v[k], ' ') + 1, state) == 0;
		str_addf(&out, "%s%zu %s", out.len ? ", " : "", n, state);
	}
	add_last_words(j, &out);
	j->told = j->troubles.n;
	strv_release(&kinds);
	return out.buf ? out.buf : xstrdup("");
}

const char *slurm_jobs_trouble(const struct slurm_jobs *j, const char *id)
{
	for (size_t i = 0; i < j->troubles.n; i++) {
		const char *line = j->troubles.v[i], *state = strchr(line, ' ');

		if (strncmp(line, id, strlen(id)) == 0 && line + strlen(id) == state)
			return state + 1;
	}
	return NULL;
}

int slurm_jobs_cancel(const struct slurm_jobs *j, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	int ret = 0;

	strv_push(&argv, "scancel");
	strv_push(&argv, "--");
	strv_split(&argv, str_text(&j->ids), ",");
	if (j->ids.len)
		ret = ask(&argv, &answer, err);
	strv_release(&argv);
	str_release(&answer);
	return ret;
}

/* Whether the tasks shall go on without us. */
static bool may_go_on(const struct slurm_jobs *j)
{
	char answer[16] = "";

	if (!isatty(0))
		return false;
	fprintf(stderr, "\n%zu tasks are in Slurm: [l]eave them to go on, or [c]ancel them? ",
		j->queued);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'l' || *answer == 'L');
}

void slurm_jobs_stop(const struct slurm_jobs *j, const char *dir)
{
	struct err err;

	if (may_go_on(j))
		fprintf(stderr, "look on with: mlocklab run --attach %s\n", dir);
	else if (slurm_jobs_cancel(j, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
}

/* --- new ones --- */

int slurm_jobs_script(const char *path, const char *program, const struct strv *words,
		      const char *more, struct err *err)
{
	char *libexec = paths_libexec(), *cache = paths_cache();
	struct strv line = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	str_add(&text, "#!/bin/sh\n# Of a run of mlocklab.\nexport ");
	strv_pushf(&line, "MLOCKLAB_CACHE=%s", cache);
	strv_quote(&line, &text);
	strv_release(&line);
	str_add(&text, "\nexec ");
	strv_pushf(&line, "%s/mlocklab-%s", libexec, program);
	for (size_t i = 0; i < words->n; i++)
		strv_push(&line, words->v[i]);
	strv_quote(&line, &text);
	str_addf(&text, "%s\n", more);
	ret = fs_write_atomic(path, text.buf, text.len, err);
	str_release(&text);
	strv_release(&line);
	free(cache);
	free(libexec);
	return ret;
}

static int keep_id(struct slurm_jobs *j, const char *id, struct err *err)
{
	char *path = xasprintf("%s/jobs", j->dir);
	int ret;

	str_addf(&j->ids, "%s%s", j->ids.len ? "," : "", id);
	ret = fs_write_atomic(path, j->ids.buf, j->ids.len, err);
	free(path);
	return ret;
}

size_t slurm_slots(void)
{
	unsigned long allocated, idle, other, total;
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	struct err ignored;
	size_t slots = 0;

	strv_split(&argv, "sinfo --noheader --responding --format=%C", " ");
	/* "2/1/0/3": allocated, idle, other, total */
	if (spawn_capture(argv.v, &answer, &ignored) == 0 &&
	    sscanf(str_text(&answer), "%lu/%lu/%lu/%lu", &allocated, &idle, &other, &total) == 4)
		slots = allocated + idle;
	strv_release(&argv);
	str_release(&answer);
	return slots;
}

static void submit_words(struct strv *argv, const struct slurm_jobs *j, const struct slurm_job *job)
{
	strv_split(argv, "sbatch --parsable --ntasks=1 --no-requeue", " ");
	strv_pushf(argv, "--job-name=mlocklab-%s", job->name);
	if (job->tasks)
		strv_pushf(argv, "--array=1-%zu", job->tasks);
	strv_pushf(argv, job->tasks ? "--output=%s/%%A_%%a.log" : "--output=%s/%%j.log", j->dir);
	strv_pushf(argv, "--mem=%d", job->memory_mib);
	strv_push(argv, job->exclusive ? "--exclusive" : "--cpus-per-task=1");
	if (job->after) {
		strv_pushf(argv, "--dependency=afterok:%s", job->after);
		strv_push(argv, "--kill-on-invalid-dep=yes");
	}
	if (job->held)
		strv_push(argv, "--hold");
	if (job->options)
		strv_split(argv, job->options, " ");
	strv_push(argv, job->script);
}

int slurm_jobs_submit(struct slurm_jobs *j, const struct slurm_job *job, char **id, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	int ret;

	submit_words(&argv, j, job);
	ret = ask(&argv, &answer, err);
	if (ret == 0 && !answer.len)
		ret = err_set(err, "sbatch names no job");
	if (ret == 0) {
		answer.buf[strcspn(answer.buf, ";\n")] = '\0'; /* JOB;CLUSTER */
		ret = keep_id(j, answer.buf, err);
		j->asked = progress_now(); /* Slurm takes a moment to show them */
		j->queued += job->tasks ? job->tasks : 1;
		if (id)
			*id = xstrdup(answer.buf);
	}
	strv_release(&argv);
	str_release(&answer);
	return ret;
}

int slurm_jobs_let_go(const char *id, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	int ret;

	strv_split(&argv, "scontrol release", " ");
	strv_push(&argv, id);
	ret = ask(&argv, &answer, err);
	strv_release(&argv);
	str_release(&answer);
	return ret;
}

void slurm_build_words(struct strv *words, const char *options, int jobs)
{
	strv_split(
		words,
		"srun --quiet --job-name=mlocklab-build --nodes=1 --ntasks=1 --exclusive --mem=0",
		" ");
	if (options)
		strv_split(words, options, " ");
	if (jobs)
		return;
	/* the last -j that make is given counts */
	strv_split(words, "sh -c", " ");
	strv_push(words, "exec \"$@\" -j\"${SLURM_CPUS_ON_NODE:-1}\"");
	strv_push(words, "sh");
}

int slurm_probe(const struct strv *files, const char *sums, const char *options, char **missed,
		struct err *err)
{
	static const char script[] =
		"sums=$1; shift\n"
		"for f; do [ -e \"$f\" ] || { echo \"$f\"; exit 1; }; done\n"
		"[ -w \"$1\" ] || { echo \"$1\"; exit 1; }\n"
		"bad=$(printf %s \"$sums\" | sha256sum --check --quiet 2>/dev/null) ||\n"
		"\t{ echo \"${bad%%: *}\"; exit 1; }\n";
	struct strv argv = STRV_INIT;
	struct str answer = STR_INIT;
	struct err own;
	int ret;

	/* the directory that it is typed in may not be there */
	strv_split(&argv, "srun --ntasks=1 --quiet --chdir=/", " ");
	if (options)
		strv_split(&argv, options, " ");
	strv_split(&argv, "sh -c", " ");
	strv_push(&argv, script);
	strv_push(&argv, "sh");
	strv_push(&argv, sums);
	for (size_t i = 0; i < files->n; i++)
		strv_push(&argv, files->v[i]);
	ret = ask(&argv, &answer, &own);
	if (ret < 0 && answer.len) {
		*missed = xstrdup(answer.buf);
		ret = 1;
	} else if (ret < 0) {
		err_set(err, "Slurm runs nothing for us: %s", own.text);
	}
	strv_release(&argv);
	str_release(&answer);
	return ret;
}
