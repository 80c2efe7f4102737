#include "runner/run/slurm-kernels.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/run/progress.h"
#include "runner/run/slurm-jobs.h"

/* So long a network file system may take to show what another node wrote. */
#define SHOWN_SECONDS 30

/* --- submitting --- */

/* RUN/slurm/kernels: "12 git:..." a line, the job and what it makes; the last begins the run. */
#define BEGIN "run.json"
static char *list_path(const struct slurm_jobs *j)
{
	return xasprintf("%s/kernels", j->dir);
}

/* The job of one kernel, after the one before it; *after becomes its id. */
static int submit_kernel(struct slurm_jobs *j, const struct run_options *o, const char *spec,
			 char **after, struct str *list, struct err *err)
{
	char *script = xasprintf("%s/kernel-%d.sh", j->dir, slurm_jobs_count(j) + 1), *id = NULL;
	bool built = strncmp(spec, "git:", 4) == 0;
	struct strv words = STRV_INIT;
	struct slurm_job job = {.name = built ? "build" : "fetch",
				.script = script,
				.memory_mib = built ? 0 : 1024,
				.exclusive = built,
				.after = *after,
				.held = !*after,
				.options = o->slurm};
	int ret;

	strv_push(&words, "fetch");
	if (o->mirror)
		strv_pushf(&words, "--mirror=%s", o->mirror);
	strv_push(&words, spec);
	ret = slurm_jobs_script(script, "kernels", &words, " --jobs \"${SLURM_CPUS_ON_NODE:-1}\"",
				err);
	if (ret == 0)
		ret = slurm_jobs_submit(j, &job, &id, err);
	if (ret == 0) {
		str_addf(list, "%s %s\n", id, spec);
		fprintf(stderr, "kernel %s: made in job %s\n", spec, id);
		free(*after);
		*after = id;
	}
	strv_release(&words);
	free(script);
	return ret;
}

/* The run's beginning, once all kernels are there. */
static int submit_begin(struct slurm_jobs *j, const struct run *r, const struct run_options *o,
			const char *after, struct str *list, struct err *err)
{
	char *script = xasprintf("%s/begin.sh", j->dir), *run = realpath(r->store->dir, NULL),
	     *id = NULL;
	const struct {
		const char *name, *value;
	} given[] = {{"slurm", o->slurm}, {"qemu", o->qemu}, {"mirror", o->mirror}};
	struct slurm_job job = {.name = "begin",
				.script = script,
				.memory_mib = 1024,
				.after = after,
				.options = o->slurm};
	struct strv words = STRV_INIT;
	int ret;

	strv_pushf(&words, "--resume=%s", run ? run : r->store->dir);
	strv_push(&words, "--on=slurm");
	strv_push(&words, "--submit");
	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i].value)
			strv_pushf(&words, "--%s=%s", given[i].name, given[i].value);
	for (size_t i = 0; i < o->reuse.n; i++)
		strv_pushf(&words, "--reuse=%s", o->reuse.v[i]);
	ret = slurm_jobs_script(script, "run", &words, "", err);
	if (ret == 0)
		ret = slurm_jobs_submit(j, &job, &id, err);
	if (ret == 0) {
		str_addf(list, "%s %s\n", id, BEGIN);
		fprintf(stderr, "its boots follow in job %s\n", id);
	}
	strv_release(&words);
	free(id);
	free(run);
	free(script);
	return ret;
}

/* One job a kernel, however many arms have it, and then the beginning. Returns how many kernels. */
static int submit_kernels(struct slurm_jobs *j, const struct run *r, const struct run_options *o,
			  const bool *missing, char **first, struct err *err)
{
	struct strv specs = STRV_INIT;
	struct str list = STR_INIT;
	char *path = list_path(j), *last = NULL;
	int n = 0, ret = fs_mkdirs(j->dir, err);

	for (size_t i = 0; ret == 0 && i < r->e->narms; i++) {
		const char *spec = r->e->arms[i].spec;

		if (!missing[i] || strv_has(&specs, spec))
			continue;
		strv_push(&specs, spec);
		ret = submit_kernel(j, o, spec, &last, &list, err);
		if (ret == 0 && !n++)
			*first = xstrdup(last);
	}
	if (ret == 0 && n)
		ret = submit_begin(j, r, o, last, &list, err);
	if (ret == 0 && n)
		ret = fs_write_atomic(path, list.buf, list.len, err);
	strv_release(&specs);
	str_release(&list);
	free(last);
	free(path);
	return ret < 0 ? -1 : n;
}

int slurm_kernels_submit(struct run *r, const struct run_options *o, const bool *missing,
			 struct err *err)
{
	struct slurm_jobs j;
	struct err ignored;
	char *first = NULL;
	int n;

	slurm_jobs_open(&j, r->store->dir);
	n = submit_kernels(&j, r, o, missing, &first, err);
	/* nothing of it begins before the list of jobs is written and the run's lock is free */
	if (n > 0) {
		store_leave(r->store);
		n = slurm_jobs_let_go(first, err) < 0 ? -1 : n;
	}
	if (n < 0)
		slurm_jobs_cancel(&j, &ignored);
	slurm_jobs_release(&j);
	free(first);
	return n;
}

/* --- waiting --- */

static bool has_begun(const char *dir)
{
	char *run = xasprintf("%s/run.json", dir);
	bool has = fs_exists(run);

	free(run);
	return has;
}

/* Whether a job of this beginning ended badly; the first that did is in err. */
static bool has_failed(const struct slurm_jobs *j, const char *dir, struct err *err)
{
	char *path = list_path(j);
	struct strv lines = STRV_INIT;
	struct str list = STR_INIT;
	struct err ignored;
	bool failed = false;

	if (fs_exists(path) && fs_read(path, &list, &ignored) == 0)
		strv_split(&lines, str_text(&list), "\n");
	for (size_t i = 0; i < lines.n && !failed; i++) {
		char *id = xstrndup(lines.v[i], strcspn(lines.v[i], " "));
		const char *state = slurm_jobs_trouble(j, id);

		failed = state != NULL;
		if (failed) {
			char *last = slurm_jobs_last_words(j, id);

			if (strcmp(lines.v[i] + strlen(id) + 1, BEGIN) == 0)
				err_set(err, "the run in '%s' was not begun: job %s %s, '%s'", dir,
					id, state, last);
			else
				err_set(err,
					"kernel '%s' was not made: job %s %s, '%s'; its boots are "
					"cancelled",
					lines.v[i] + strlen(id) + 1, id, state, last);
			free(last);
		}
		free(id);
	}
	strv_release(&lines);
	str_release(&list);
	free(path);
	return failed;
}

int slurm_kernels_wait(const char *dir, bool looks_on, struct err *err)
{
	bool over = false, silent = false;
	struct slurm_jobs j;
	int ret = 0;

	run_heed_stops();
	slurm_jobs_open(&j, dir);
	for (int shown = 0; !over && !run_stop_asked;) {
		poll(NULL, 0, 1000);
		if (progress_now() - j.asked >= SLURM_ASK_SECONDS) {
			bool was = silent;

			silent = slurm_jobs_ask(&j, err) < 0;
			if (silent && !was)
				fprintf(stderr, "%s\n", err->text);
		}
		/* until it has handed its boots over, the run is the last job's */
		if (!silent && !j.queued)
			over = has_begun(dir) || has_failed(&j, dir, err) ||
			       ++shown > SHOWN_SECONDS;
	}
	if (!over) {
		if (!looks_on)
			slurm_jobs_stop(&j, dir);
		ret = err_set(err, "interrupted: go on with mlocklab run --resume %s --on slurm",
			      dir);
	} else if (!has_begun(dir)) {
		ret = -1;
		if (!has_failed(&j, dir, err))
			err_set(err, "the run in '%s' was not begun: see %s/", dir, j.dir);
	}
	slurm_jobs_release(&j);
	return ret;
}
