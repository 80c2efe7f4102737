#include "runner/kernels/make.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "lib/text.h"

int kernel_make_ready(struct err *err)
{
	/* of Debian, each named as its package; what libraries it takes, a kernel's build says itself */
	static const char *const tools[] = {"make", "gcc", "flex", "bison", "bc"};
	struct str missing = STR_INIT;
	int ret = 0;

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		char *path = spawn_which(tools[i]);

		if (!path)
			str_addf(&missing, " %s", tools[i]);
		free(path);
	}
	if (missing.len)
		ret = err_set(err, "building a kernel takes programs that are not here: as root, run "
				   "apt-get install%s libelf-dev libssl-dev", missing.buf);
	str_release(&missing);
	return ret;
}

void kernel_make_argv(struct strv *argv, const struct kernel_make *m, const char *target, int jobs)
{
	strv_push(argv, "make");
	strv_push(argv, "-C");
	strv_push(argv, m->source);
	strv_pushf(argv, "O=%s", m->out);
	/* the same source, configuration and compiler give the same image */
	strv_split(argv, "KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=mlocklab KBUILD_BUILD_HOST=mlocklab", " ");
	strv_pushf(argv, "-j%d", jobs);
	strv_push(argv, target);
}

void kernel_merge_argv(struct strv *argv, const struct kernel_make *m, const struct strv *fragments)
{
	strv_push(argv, "sh");
	strv_pushf(argv, "%s/scripts/kconfig/merge_config.sh", m->source);
	strv_push(argv, "-m");
	strv_push(argv, "-O");
	strv_push(argv, m->out);
	strv_pushf(argv, "%s/.config", m->out);
	for (size_t i = 0; i < fragments->n; i++)
		strv_push(argv, fragments->v[i]);
}

char *kernel_make_complaint(const char *log)
{
	static const char *const marks[] = {"error:", "not found", "Error ", "***"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *at = strstr(log, marks[i]), *end;
		char *line, *clean;

		if (!at)
			continue;
		while (at > log && at[-1] != '\n')
			at--;
		end = strchr(at, '\n');
		line = end ? xstrndup(at, (size_t)(end - at)) : xstrdup(at);
		clean = text_clean(line, 200);
		free(line);
		return clean;
	}
	return NULL;
}

static int explain(const struct kernel_make *m, const char *what, struct err *err)
{
	struct str log = STR_INIT;
	struct err ignored;
	char *complaint = NULL;

	if (fs_read(m->log_path, &log, &ignored) == 0)
		complaint = kernel_make_complaint(str_text(&log));
	err_set(err, "%s failed%s%s; the whole of it is in '%s'", what, complaint ? ": " : "",
		complaint ? complaint : "", m->log_path);
	free(complaint);
	str_release(&log);
	return -1;
}

/* Copies make's lines to the log; each "  CC  file" counts. */
static void follow(const struct kernel_make *m, int fd, const char *target)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0, made = 0;
	bool show = isatty(STDERR_FILENO);
	ssize_t n;

	while ((n = getline(&line, &cap, f)) > 0) {
		fs_write_all(m->log, line, (size_t)n);
		made += strncmp(line, "  ", 2) == 0;
		if (show && made % 20 == 0)
			fprintf(stderr, "\r%s: %zu files ", target, made);
	}
	if (show)
		fprintf(stderr, "\r%s: %zu files\n", target, made);
	free(line);
	fclose(f);
}

/* Runs a command with its output in the log. */
static int run(const struct kernel_make *m, const struct strv *argv, const char *env,
	       const char *what, struct err *err)
{
	const char *const envs[] = {env, NULL};
	struct spawn_opts o = {.in = -1, .errfd = m->log, .env = env ? envs : NULL,
			       .die_with_parent = 1};
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	o.out = fds[1];
	pid = spawn_start(argv->v, &o, err);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return -1;
	}
	follow(m, fds[0], what);
	return spawn_wait(pid, argv->v[0], err) < 0 ? explain(m, what, err) : 0;
}

int kernel_make(const struct kernel_make *m, const char *target, int jobs, struct err *err)
{
	struct strv argv = STRV_INIT;
	int ret;

	kernel_make_argv(&argv, m, target, jobs);
	ret = run(m, &argv, NULL, target, err);
	strv_release(&argv);
	return ret;
}

int kernel_merge(const struct kernel_make *m, const struct strv *fragments, struct err *err)
{
	char *config = xasprintf("KCONFIG_CONFIG=%s/.config", m->out);
	struct strv argv = STRV_INIT;
	int ret;

	kernel_merge_argv(&argv, m, fragments);
	ret = run(m, &argv, config, "merging the configuration", err);
	strv_release(&argv);
	free(config);
	return ret;
}
