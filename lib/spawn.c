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
#include "lib/jail.h"

#define CHILD_FDS 3

/* Handlers are ours, and a signal between fork and exec is not to be taken by one. */
static void reset_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++) {
		struct sigaction sa;

		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL &&
		    (sa.sa_handler != SIG_IGN || i == SIGPIPE || i == SIGCHLD))
			signal(i, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs in the child, whose descriptors are to be fds; what goes wrong is sent to the parent as an
 * errno through tell. */
static _Noreturn void become(const struct child *c, const int fds[CHILD_FDS], int tell,
			     pid_t parent)
{
	int e;

	reset_signals();
	if (c->new_group)
		setpgid(0, 0);
	for (int i = 0; i < CHILD_FDS; i++)
		if (fds[i] >= 0 && dup2(fds[i], i) < 0)
			goto fail;
	if (c->dir && chdir(c->dir) < 0)
		goto fail;
	if (c->jail)
		jail_enter(c->jail);
	/* after what a jail changes, which would take it back; and the parent may be gone already
	 */
	prctl(PR_SET_PDEATHSIG, c->death_signal ? c->death_signal : SIGTERM);
	if (getppid() != parent)
		_exit(127);
	for (const char *const *v = c->env; v && *v; v++)
		putenv((char *)*v);
	execvp(c->argv[0], c->argv);
fail:
	e = errno;
	if (write(tell, &e, sizeof(e)) < 0)
		_exit(126);
	_exit(127);
}

/* The errno that the child could not begin with, 0 when it runs. */
static int hear(int fd)
{
	ssize_t n;
	int e = 0;

	do
		n = read(fd, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	return n == sizeof(e) ? e : n < 0 ? errno : 0;
}

/* Where a pipe is wanted it is made: theirs is the child's end, *ours becomes the other. */
static int open_pipe(int *ours, int *theirs, int child_reads)
{
	int fds[2];

	*theirs = *ours;
	if (*ours != CHILD_PIPE)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	*theirs = fds[!child_reads];
	*ours = fds[child_reads];
	return 0;
}

/* Starts it with these descriptors; what kept it from running, else 0. */
static int start(struct child *c, const int fds[CHILD_FDS])
{
	pid_t parent = getpid();
	sigset_t all, before;
	int tell[2], e;

	if (pipe2(tell, O_CLOEXEC) < 0)
		return errno;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	c->pid = fork();
	e = errno;
	if (c->pid == 0)
		become(c, fds, tell[1], parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(tell[1]);
	if (c->pid > 0)
		e = hear(tell[0]);
	close(tell[0]);
	if (e && c->pid > 0)
		child_wait(c, NULL);
	return e;
}

int child_start(struct child *c, struct err *err)
{
	int *ours[CHILD_FDS] = {&c->in, &c->out, &c->errfd};
	int wanted[CHILD_FDS] = {c->in, c->out, c->errfd};
	int fds[CHILD_FDS] = {-1, -1, -1}, null = -1, e = 0;
	struct sigaction sa;

	/* Whoever started us may have had it ignored, and then no child's end would be told. */
	if (sigaction(SIGCHLD, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
	for (int i = 0; i < CHILD_FDS && !e; i++)
		if (open_pipe(ours[i], &fds[i], i == 0) < 0)
			e = errno;
	if (!e && c->in == CHILD_DEFAULT) {
		fds[0] = null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		e = null < 0 ? errno : 0;
	}
	if (!e)
		e = start(c, fds);
	if (null >= 0)
		close(null);
	for (int i = 0; i < CHILD_FDS; i++) {
		if (wanted[i] != CHILD_PIPE || *ours[i] == CHILD_PIPE)
			continue;
		close(fds[i]);
		if (e) {
			close(*ours[i]);
			*ours[i] = CHILD_PIPE;
		}
	}
	if (!e)
		return 0;
	errno = e;
	return err_sys(err, "cannot start '%s'", c->argv[0]);
}

static int reap(struct child *c, int *status, int flags)
{
	int ignored;
	pid_t got;

	do
		got = waitpid(c->pid, status ? status : &ignored, flags);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return 0;
	c->pid = -1;
	return got < 0 ? -1 : 1;
}

int child_poll(struct child *c, int *status)
{
	return reap(c, status, WNOHANG);
}

int child_wait(struct child *c, int *status)
{
	return reap(c, status, 0);
}

int child_end(struct child *c, struct err *err)
{
	const char *name = c->argv[0];
	int status;

	if (child_wait(c, &status) < 0)
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
	struct child c = CHILD_INIT;
	struct str errors = STR_INIT;
	int ret;

	c.argv = argv;
	c.out = c.errfd = CHILD_PIPE;
	if (child_start(&c, err) < 0)
		return -1;
	drain(c.out, out, c.errfd, &errors);
	close(c.out);
	close(c.errfd);
	ret = child_end(&c, err);
	if (ret < 0 && errors.len) {
		struct err own = *err;

		while (errors.len && errors.buf[errors.len - 1] == '\n')
			errors.buf[--errors.len] = '\0';
		err_set(err, "%s: %s", own.text, errors.buf);
	}
	str_release(&errors);
	return ret;
}

int spawn_run(char *const argv[], struct err *err)
{
	struct child c = CHILD_INIT;

	c.argv = argv;
	return child_start(&c, err) < 0 ? -1 : child_end(&c, err);
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
