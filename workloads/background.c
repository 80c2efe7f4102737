#include "workloads/background.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/spawn.h"
#include "workloads/bench.h"
#include "workloads/outside.h"

#define SCHEME "fio:"
#define START_SECONDS 60

static const char *job_file(struct bench *b)
{
	const char *value = bench_text(b, "background");

	return strncmp(value, SCHEME, strlen(SCHEME)) == 0 ? value + strlen(SCHEME) : NULL;
}

const char *background_missing(struct bench *b)
{
	const char *file = job_file(b);

	if (bench_is(b, "background", "none"))
		return NULL;
	if (!file || !*file)
		return "background: none or fio:FILE";
	if (access(file, R_OK) < 0)
		return "cannot read the job file of background";
	return outside_missing("fio");
}

/* fio's line of progress, which it begins when jobs run. */
static bool is_running(const struct bench *b)
{
	struct str text = STR_INIT;
	bool found;

	outside_said(b->background_said, &text);
	found = strstr(str_text(&text), "Jobs: ");
	str_release(&text);
	return found;
}

static bool has_ended(struct bench *b)
{
	if (b->background > 0 && waitpid(b->background, NULL, WNOHANG) != 0)
		b->background = 0;
	return !b->background;
}

static enum outcome await(struct bench *b)
{
	for (int i = 0; i < START_SECONDS * 10; i++) {
		if (is_running(b))
			return OUTCOME_OK;
		if (has_ended(b))
			return bench_broken(
				b, "fio ended before its jobs ran: the console has its words");
		usleep(100000);
	}
	return bench_broken(b, "no job of fio's ran within %d s", START_SECONDS);
}

enum outcome background_start(struct bench *b)
{
	const char *file = job_file(b);
	char *argv[] = {"fio", "--eta=always", "--eta-newline=1", (char *)file, NULL};
	struct child c = CHILD_INIT;
	enum outcome outcome;
	struct err err;

	if (!file)
		return OUTCOME_OK;
	outcome = outside_version(b, "fio");
	if (outcome != OUTCOME_OK)
		return outcome;
	c.argv = argv;
	c.death_signal = SIGKILL;
	b->background_said = c.out = c.errfd = outside_listen();
	if (c.out < 0)
		return bench_broken(b, "a file in memory: %s", strerror(errno));
	if (child_start(&c, &err) < 0)
		return bench_broken(b, "%s", err.text);
	b->background = c.pid;
	return await(b);
}

enum outcome background_check(struct bench *b)
{
	if (!job_file(b) || !has_ended(b))
		return OUTCOME_OK;
	return bench_broken(
		b, "the stream ended while it was measured beside: give its jobs time_based "
		   "and a long runtime");
}

void background_stop(struct bench *b)
{
	if (!job_file(b))
		return;
	if (!has_ended(b)) {
		/* It ends its jobs then, and sums up. */
		kill(b->background, SIGINT);
		waitpid(b->background, NULL, 0);
		b->background = 0;
	}
	outside_show("fio", b->background_said);
}
