#include "workloads/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"

/* Our standard error is the console in a guest, and a terminal elsewhere. */
static void show(const char *title, const struct str *text)
{
	fprintf(stderr, "--- %s\n%s", title, str_text(text));
	if (text->len && text->buf[text->len - 1] != '\n')
		fputc('\n', stderr);
}

int outside_listen(void)
{
	return memfd_create("said", MFD_CLOEXEC);
}

void outside_said(int fd, struct str *text)
{
	char path[40];
	struct err ignored;

	/* opened anew, for the program writes at the place where fd is */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fs_read(path, text, &ignored);
}

void outside_show(const char *title, int fd)
{
	struct str text = STR_INIT;

	outside_said(fd, &text);
	show(title, &text);
	str_release(&text);
	close(fd);
}

char *outside_file(const char *name)
{
	const char *dir = getenv("TMPDIR");

	return xasprintf("%s/%s", dir && *dir ? dir : "/tmp", name);
}

const char *outside_missing(const char *program)
{
	static char missing[80];
	bool there = fs_exists(program);
	char *path = NULL;

	/* PID 1 of a guest has none; this is where execvp(3) looks without. */
	setenv("PATH", "/bin:/usr/bin", 0);
	if (!strchr(program, '/'))
		there = (path = spawn_which(program));
	free(path);
	snprintf(missing, sizeof(missing), "needs the program %.40s", program);
	return there ? NULL : missing;
}

enum outcome outside_version(struct bench *b, const char *program)
{
	char *argv[] = {(char *)program, "--version", NULL};
	struct str text = STR_INIT;
	struct err err;
	int ret = spawn_capture(argv, &text, &err);

	show(program, &text);
	str_release(&text);
	return ret < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

/* A descriptor to read that text from, and then the end. */
static int input_of(const char *text)
{
	int ends[2];

	if (!text)
		return CHILD_DEFAULT;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	if (write(ends[1], text, strlen(text)) < 0) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

/* The timed region: the program from its start to its end. */
static enum outcome run(struct bench *b, const struct strv *argv, const char *input)
{
	int said = outside_listen(), ret;
	struct child c = CHILD_INIT;
	struct err err;

	if (said < 0)
		return bench_broken(b, "a file in memory: %s", strerror(errno));
	c.argv = argv->v;
	c.in = input_of(input);
	c.out = c.errfd = said;
	c.death_signal = SIGKILL;
	bench_start(b);
	ret = child_start(&c, &err) < 0 ? -1 : child_end(&c, &err);
	bench_stop(b);
	bench_ops(b, 1);
	if (c.in >= 0)
		close(c.in);
	outside_show(argv->v[0], said);
	return ret < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}

enum outcome outside_run(struct bench *b, const struct outside *o)
{
	struct strv argv = STRV_INIT;
	enum outcome outcome;

	strv_push(&argv, bench_text(b, "program"));
	o->arguments(b, &argv);
	outcome = run(b, &argv, o->input);
	strv_release(&argv);
	return outcome == OUTCOME_OK ? o->judge(b) : outcome;
}

enum outcome outside_setup(struct bench *b)
{
	return outside_version(b, bench_text(b, "program"));
}

const char *outside_feature(struct bench *b)
{
	return outside_missing(bench_text(b, "program"));
}
