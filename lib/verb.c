#include "lib/verb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "lib/spawn.h"

char *verb_path(const char *name)
{
	char *dir = paths_libexec(), *path = xasprintf("%s/mlocklab-%s", dir, name);

	free(dir);
	return path;
}

char *verb_suite(const char *suite)
{
	char *name, *path;

	if (strchr(suite, '/') || fs_exists(suite))
		return paths_named(suite);
	name = xasprintf("%s.ini", suite);
	path = paths_config(name);
	free(name);
	return path;
}

static void read_all(int fd, struct str *said)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			str_addn(said, buf, (size_t)n);
	while (said->len && said->buf[said->len - 1] == '\n')
		said->buf[--said->len] = '\0';
}

int verb_run(const struct strv *argv, struct str *said, struct err *err)
{
	struct spawn_opts opts = SPAWN_OPTS;
	int fds[2], status = 0;
	pid_t pid;

	if (said && pipe(fds) < 0)
		return err_sys(err, "cannot make a pipe");
	opts.out = said ? fds[1] : -1;
	pid = spawn_start(argv->v, &opts, err);
	if (said) {
		close(fds[1]);
		if (pid >= 0)
			read_all(fds[0], said);
		close(fds[0]);
	}
	if (pid < 0)
		return -1;
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EXIT_USAGE;
	return WEXITSTATUS(status);
}

char *verb_file(const char *name, const struct str *text, struct err *err)
{
	int fd = memfd_create(name, 0);

	if (fd < 0 || fs_write_all(fd, text->buf, text->len) < 0) {
		err_sys(err, "cannot keep '%s' in memory", name);
		return NULL;
	}
	return xasprintf("/proc/self/fd/%d", fd);
}
