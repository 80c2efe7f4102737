/* mlocklab fsck: whether a stored run is as it was measured, and what of it is not. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/load/attempts.h"
#include "analysis/load/load.h"
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/options.h"
#include "lib/stored.h"
#include "lib/text.h"

static const struct opt opts[] = {OPT_END};

static const struct command command = {
	.name = "fsck",
	.usage = "RUN...",
	.about =
		"Reads all of each stored run and says what does not fit: files that were "
		"changed,\n"
		"lost or added since they were stored, boots that are another's, records that are\n"
		"none. Changes nothing. 'mlocklab run --resume RUN' makes boots that do not fit\n"
		"again.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = -1,
	.want = "name a stored run, such as 'mlocklab fsck results/A'",
	.words = OFFER_RUN,
};

struct check {
	const char *run;
	const json_t *json;   /* run.json */
	struct index planned; /* numbers of boots to their places in its "boots" */
	struct attempts attempts;
	size_t found, boots, unfinished, unvouched;
	bool disowned; /* it was told that run.json lacks the sum that boots have */
};

/* A line about what does not fit. Names and texts come from the run. */
static void tell(void *arg, const char *text)
{
	struct check *c = arg;
	struct str line = STR_INIT;

	text_escape(&line, text);
	puts(str_text(&line));
	str_release(&line);
	c->found++;
}

/* An edited run.json may pass itself off as one of before there were sums; its boots know better.
 */
static void tell_disowned(struct check *c, const char *boot)
{
	char *text = xasprintf("'%s/run.json' says that it is of an older mlocklab, and '%s' was "
			       "stored with a sum "
			       "of its plan",
			       c->run, boot);

	tell(c, text);
	c->disowned = true;
	free(text);
}

/* Attempts before it were kept: what their kernels complained of counts. */
static void check_earlier(struct check *c, const json_t *boot, const char *dir, int n)
{
	long long attempts = json_get_int(boot, "attempts", 1);
	const struct attempt *at;
	size_t kept, next = 0;

	at = attempts_of(&c->attempts, n, STORED_MAX_ATTEMPTS, &kept);
	for (int k = 1; k < attempts && k < STORED_MAX_ATTEMPTS; k++) {
		char *text;

		if (next < kept && at[next].k == k) {
			next++;
			continue;
		}
		text = xasprintf("'%s/%s.failed-%d' is gone: '%s' took %lld attempts", c->run, dir,
				 k, dir, attempts);
		tell(c, text);
		free(text);
	}
}

/* One that was kept; where it was interrupted nothing vouches for what it left. */
static void check_attempt(struct check *c, const struct attempt *at)
{
	char *name = stored_name(at->boot, ""), *dir = xasprintf("%s.failed-%d", name, at->k);
	size_t i =
		index_find(&c->planned, name + strlen("boots/"), strlen(name) - strlen("boots/"));
	const json_t *planned = json_array_get(json_object_get(c->json, "boots"), i);
	json_t *boot = NULL;
	struct err err;

	if (planned && attempt_read(at, c->run, c->json, planned, &boot, &err) < 0)
		tell(c, err.text);
	if (boot)
		stored_check_files(c->run, dir, boot, true, tell, c, &err);
	json_decref(boot);
	free(dir);
	free(name);
}

static void check_series(struct check *c)
{
	char *path = xasprintf("%s/series.json", c->run);
	json_t *series = NULL;
	struct err err;

	if (fs_exists(path)) {
		series = json_read_in(c->run, "series.json", &err);
		if (!series || stored_check_series(c->json, series, path, &err) < 0)
			tell(c, err.text);
	}
	json_decref(series);
	free(path);
}

/* One boot's directory, of which run.json has the entry `planned`. */
static void check_boot(struct check *c, const json_t *planned, const char *dir)
{
	char *name = xasprintf("%s/boot.json", dir), *path = xasprintf("%s/%s", c->run, name);
	struct err err;
	json_t *boot;

	if (!fs_exists(path)) {
		c->unfinished++;
	} else if (!(boot = json_read_in(c->run, name, &err))) {
		tell(c, err.text);
	} else {
		c->boots++;
		c->unvouched += !json_object_get(boot, "files");
		if (!c->disowned && json_get_int(c->json, "format", 0) < STORED_FORMAT &&
		    json_object_get(boot, "plan_sha256"))
			tell_disowned(c, path);
		if (stored_check_boot(c->json, planned, boot, path, &err) < 0)
			tell(c, err.text);
		stored_check_files(c->run, dir, boot, true, tell, c, &err);
		check_earlier(c, boot, dir, (int)json_get_int(planned, "n", -1));
		json_decref(boot);
	}
	free(path);
	free(name);
}

static void index_boots(struct check *c)
{
	json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(c->json, "boots"), i, boot) {
		char *name = stored_name((int)json_get_int(boot, "n", -1), "");

		index_put(&c->planned, name + strlen("boots/"), i);
		free(name);
	}
}

static const json_t *planned_boot(const struct check *c, const char *name)
{
	size_t len = strcspn(name, ".");

	if (name[len] && strncmp(name + len, ".failed-", 8) != 0 &&
	    strncmp(name + len, ".unfit-", 7) != 0)
		return NULL;
	return json_array_get(json_object_get(c->json, "boots"),
			      index_find(&c->planned, name, len));
}

/* Earlier attempts failed (NNN.failed-K), or were put aside as they do not fit (NNN.unfit-K). */
static void check_boots(struct check *c)
{
	char *path = xasprintf("%s/boots", c->run);
	struct dirent **list = NULL;
	int n = scandir(path, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = list[i]->d_name;
		const json_t *planned = planned_boot(c, name);
		char *dir = xasprintf("boots/%s", name), *text;

		if (planned && !strchr(name, '.')) {
			check_boot(c, planned, dir);
		} else if (!planned && *name != '.') {
			text = xasprintf("'%s/%s' is no boot of the run's plan", c->run, dir);
			tell(c, text);
			free(text);
		}
		free(dir);
		free(list[i]);
	}
	for (size_t i = 0; i < c->attempts.n; i++)
		check_attempt(c, &c->attempts.v[i]);
	free(list);
	free(path);
}

/* What the sums do not show: whether it reads as docs/formats.md says. */
static void check_reads(struct check *c)
{
	static const char *const kinds[] = {"timed", "profile", "locks"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct err err;
		struct run r;

		if (load_run_kind(&r, c->run, kinds[i], &err) < 0)
			tell(c, err.text);
		else
			load_release(&r);
	}
}

static void print_summary(const struct check *c)
{
	size_t planned = json_array_size(json_object_get(c->json, "boots"));

	printf("%s: %zu of %zu boots", c->run, c->boots, planned);
	if (c->unfinished)
		printf(", %zu interrupted", c->unfinished);
	if (c->unvouched)
		printf(", %zu of them stored without sums by an older mlocklab", c->unvouched);
	printf("; %s\n", c->found ? "damaged" : "all that is there fits");
}

/* Whether the run is as it was measured; -1 where it cannot be told. */
static int check_run(const char *run, struct err *err)
{
	json_t *json = json_read_in(run, "run.json", err);
	struct check c = {.run = run, .json = json};

	if (!json)
		return -1;
	if (stored_check_run(json, run, err) < 0)
		tell(&c, err->text);
	index_boots(&c);
	attempts_find(&c.attempts, run);
	check_boots(&c);
	check_series(&c);
	if (!c.found)
		check_reads(&c);
	print_summary(&c);
	index_release(&c.planned);
	attempts_release(&c.attempts);
	json_decref(json);
	return c.found ? EXIT_REGRESSION : EXIT_OK;
}

int main(int argc, char **argv)
{
	char **runs = command_parse(&command, NULL, argc, argv);
	int ret = EXIT_OK;

	for (; *runs; runs++) {
		struct err err;
		int one = check_run(*runs, &err);

		if (one < 0)
			one = command_fail(&err);
		ret = one > ret ? one : ret;
	}
	if (fflush(stdout) == EOF || ferror(stdout)) {
		struct err err;

		err_sys(&err, "cannot write standard output");
		ret = command_fail(&err);
	}
	return ret;
}
