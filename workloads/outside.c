#include "workloads/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"

#define SAID "/tmp/mlockbench.said"

/* Our standard error is the console in a guest, and a terminal elsewhere. */
static void show(const char *title, const struct str *text)
{
	fprintf(stderr, "--- %s\n%s", title, str_text(text));
	if (text->len && text->buf[text->len - 1] != '\n')
		fputc('\n', stderr);
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

enum outcome outside_run(struct bench *b, const struct strv *argv)
{
	int said = open(SAID, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), ret;
	struct spawn_opts opts = {.in = -1, .out = said, .errfd = said, .die_with_parent = 1};
	struct str text = STR_INIT;
	struct err err, ignored;
	pid_t pid;

	if (said < 0)
		return bench_broken(b, SAID ": %s", strerror(errno));
	bench_start(b);
	pid = spawn_start(argv->v, &opts, &err);
	ret = pid < 0 ? -1 : spawn_wait(pid, argv->v[0], &err);
	bench_stop(b);
	bench_ops(b, 1);
	close(said);
	if (fs_read(SAID, &text, &ignored) == 0)
		show(argv->v[0], &text);
	unlink(SAID);
	str_release(&text);
	return ret < 0 ? bench_broken(b, "%s", err.text) : OUTCOME_OK;
}
