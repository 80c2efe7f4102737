#include "lib/jailed.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"

#define MOST (16u << 20) /* bytes that may come back */

static _Noreturn void do_work(const struct jail *j, jailed_work *work, void *arg, int to,
			      pid_t parent)
{
	struct str out = STR_INIT;
	struct err err = {""};
	int ret;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	jail_enter(j);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(2);
	ret = work(arg, &out, &err);
	if (ret < 0) {
		str_clear(&out);
		str_add(&out, err.text);
	}
	_exit(fs_write_all(to, str_text(&out), out.len) < 0 ? 2 : ret < 0);
}

static int wait_for(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int jailed(const struct jail *j, jailed_work *work, void *arg, struct str *out, struct err *err)
{
	struct str said = STR_INIT;
	pid_t pid, self = getpid();
	int fds[2], status, bad;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot start a process");
	pid = fork();
	if (pid == 0)
		do_work(j, work, arg, fds[1], self);
	close(fds[1]);
	if (pid < 0) {
		err_sys(err, "cannot start a process");
		close(fds[0]);
		return -1;
	}
	bad = fs_read_fd(fds[0], &said);
	close(fds[0]);
	status = wait_for(pid);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		bad = err_set(err, "a file of over %llu MiB comes out of it", j->file >> 20);
	else if (bad < 0 || said.len > MOST || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		bad = err_set(err, "the process that reads it, confined, ended with %s %d",
			      WIFSIGNALED(status) ? "signal" : "code",
			      WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	else if (WEXITSTATUS(status) == 1)
		bad = err_set(err, "%s", str_text(&said));
	else if (out)
		str_addn(out, str_text(&said), said.len);
	str_release(&said);
	return bad;
}
