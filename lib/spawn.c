#include "lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs in the child; what goes wrong is sent to the parent as an errno through fd. */
static void child(char *const argv[], const struct spawn_opts *o, int fd)
{
	int in = o->in >= 0 ? o->in : open("/dev/null", O_RDONLY);
	sigset_t none;
	int e;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (o->new_group)
		setpgid(0, 0);
	if (o->die_with_parent)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(in, 0) < 0 || (o->out >= 0 && dup2(o->out, 1) < 0) ||
	    (o->errfd >= 0 && dup2(o->errfd, 2) < 0) || (o->dir && chdir(o->dir) < 0))
		goto fail;
	for (const char *const *v = o->env; v && *v; v++)
		putenv((char *)*v);
	execvp(argv[0], argv);
fail:
	e = errno;
	if (write(fd, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

pid_t spawn_start(char *const argv[], const struct spawn_opts *opts, struct err *err)
{
	static const struct spawn_opts none = SPAWN_OPTS;
	int fds[2], e = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot start '%s'", argv[0]);
	pid = fork();
	if (pid == 0)
		child(argv, opts ? opts : &none, fds[1]);
	close(fds[1]);
	if (pid < 0)
		e = errno;
	else if (read(fds[0], &e, sizeof(e)) != sizeof(e))
		e = 0;
	close(fds[0]);
	if (!e)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	errno = e;
	return err_sys(err, "cannot start '%s'", argv[0]);
}

int spawn_wait(pid_t pid, const char *name, struct err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, "cannot wait for '%s'", name);
	if (WIFSIGNALED(status))
		return err_set(err, "'%s' was killed by signal %d", name, WTERMSIG(status));
	if (WEXITSTATUS(status))
		return err_set(err, "'%s' ended with code %d", name, WEXITSTATUS(status));
	return 0;
}

/* Reads two pipes to their ends, so that neither can fill up and stop the child. */
static void drain(int a, struct str *sa, int b, struct str *sb)
{
	struct pollfd p[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
	struct str *s[2] = {sa, sb};
	char buf[65536];

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0)
			continue;
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (p[i].fd < 0 || !p[i].revents)
				continue;
			n = read(p[i].fd, buf, sizeof(buf));
			if (n > 0)
				str_addn(s[i], buf, (size_t)n);
			else if (n == 0 || errno != EINTR)
				p[i].fd = -1;
		}
	}
}

int spawn_capture(char *const argv[], struct str *out, struct err *err)
{
	struct spawn_opts o = SPAWN_OPTS;
	struct str errors = STR_INIT;
	int po[2], pe[2];
	pid_t pid;
	int ret;

	if (pipe2(po, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe for '%s'", argv[0]);
	if (pipe2(pe, O_CLOEXEC) < 0) {
		close(po[0]);
		close(po[1]);
		return err_sys(err, "cannot make a pipe for '%s'", argv[0]);
	}
	o.out = po[1];
	o.errfd = pe[1];
	pid = spawn_start(argv, &o, err);
	close(po[1]);
	close(pe[1]);
	ret = pid < 0 ? -1 : 0;
	if (pid > 0) {
		drain(po[0], out, pe[0], &errors);
		ret = spawn_wait(pid, argv[0], err);
		if (ret < 0 && errors.len) {
			struct err own = *err;

			while (errors.len && errors.buf[errors.len - 1] == '\n')
				errors.buf[--errors.len] = '\0';
			err_set(err, "%s: %s", own.text, errors.buf);
		}
	}
	close(po[0]);
	close(pe[0]);
	str_release(&errors);
	return ret;
}

int spawn_run(char *const argv[], struct err *err)
{
	pid_t pid = spawn_start(argv, NULL, err);

	return pid < 0 ? -1 : spawn_wait(pid, argv[0], err);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *spawn_which(const char *name)
{
	struct strv dirs = STRV_INIT;
	const char *path = getenv("PATH");
	char *found = NULL;

	if (strchr(name, '/'))
		return is_program(name) ? xstrdup(name) : NULL;
	strv_split(&dirs, path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ":");
	for (size_t i = 0; i < dirs.n && !found; i++) {
		found = xasprintf("%s/%s", dirs.v[i], name);
		if (!is_program(found)) {
			free(found);
			found = NULL;
		}
	}
	strv_release(&dirs);
	return found;
}
