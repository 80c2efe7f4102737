/*
 * PID 1 of a guest: mounts what the workloads need, lets the machine go idle, runs the plan and
 * powers off. Its duties end there: it never measures, never parses a record, holds no policy.
 *
 * Started as anything but PID 1 it does the same on the machine it finds itself on, without mounts
 * and power-off, and sends to its standard output: that is the host target. What a cell changed
 * there is put back after it, however it ended; SIGTERM, and the end of whoever started us, end the
 * session.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "lib/frame.h"
#include "lib/journal.h"
#include "lib/json.h"
#include "lib/str.h"
#include "runner/guest/facts.h"
#include "runner/guest/idle.h"
#include "runner/guest/kallsyms.h"
#include "runner/guest/recorder.h"

/* The second serial port: every Debian kernel has its driver built in, where virtio is a module. */
#define CHANNEL "/dev/ttyS1"
#define BENCH "/bin/mlockbench"
#define PLAN "/plan"

struct session {
	struct frame_writer out;
	const char *bench;
	bool guest; /* we are PID 1 of a guest */
	pid_t pid;
	int settle_max, settle_min; /* seconds of guest time */
	int timeout;		    /* seconds of guest time a cell may take */
	char locks[16];		    /* the lock recorder to run beside each cell, or "" */
	int journal;		    /* of what the cells change on a machine not ours; 0: none */
};

/* For the handler of SIGTERM */
static volatile sig_atomic_t stop_asked;
static volatile pid_t running;

static void send(struct session *s, json_t *o)
{
	char *line = json_line(o);

	if (frame_write(&s->out, line, strlen(line)) < 0)
		fprintf(stderr, "init: cannot send: %s\n", strerror(errno));
	free(line);
	json_decref(o);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT); /* a machine without ACPI: QEMU's -no-reboot ends it */
	_exit(1);
}

static void fatal(struct session *s, const char *what)
{
	char *text = xasprintf("%s: %s", what, strerror(errno));

	fprintf(stderr, "init: %s\n", text);
	if (s->out.fd >= 0)
		send(s, json_pack("{s:s, s:s}", "t", "fatal", "reason", text));
	if (s->guest)
		power_off();
	exit(EXIT_USAGE);
}

static void mount_all(struct session *s)
{
	static const struct {
		const char *type, *dir, *options;
		bool optional;
	} mounts[] = {
		{"proc", "/proc", NULL, false},
		{"sysfs", "/sys", NULL, false},
		{"devtmpfs", "/dev", NULL, false},
		{"tmpfs", "/tmp", "mode=1777", false},
		{"tmpfs", "/dev/shm", "mode=1777", false},
		{"cgroup2", "/sys/fs/cgroup", NULL, true},
		{"debugfs", "/sys/kernel/debug", NULL, true},
		{"tracefs", "/sys/kernel/tracing", NULL, true},
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		mkdir(mounts[i].dir, 0755);
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type, 0, mounts[i].options) <
			    0 &&
		    !mounts[i].optional)
			fatal(s, mounts[i].dir);
	}
}

/* Raw, or the line discipline turns every newline into two bytes. */
static int open_channel(void)
{
	struct termios t;
	int fd = open(CHANNEL, O_WRONLY | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &t) < 0)
		return -1;
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL;
	cfsetspeed(&t, B115200);
	return tcsetattr(fd, TCSANOW, &t) < 0 ? -1 : fd;
}

/* Orphans of a workload become ours; only the cell's own process is waited for by name. */
static int wait_cell(pid_t pid, int timeout, int *signal_no)
{
	/* again every second: one that comes before we wait would go unheard */
	const struct itimerval limit = {{1, 0}, {timeout, 0}}, none = {{0, 0}, {0, 0}};
	int status = -1;

	setitimer(ITIMER_REAL, &limit, NULL);
	for (;;) {
		int ended;
		pid_t got = waitpid(-1, &ended, 0);

		if (got == pid) {
			status = ended;
			break;
		}
		if (got < 0 && errno == EINTR) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
		} else if (got < 0) {
			break;
		}
	}
	setitimer(ITIMER_REAL, &none, NULL);
	kill(-pid, SIGKILL);
	if (status == -1) {
		*signal_no = 0;
		return -1;
	}
	*signal_no = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Sends what a recorder wrote, line by line: in one stream with what says which cell it is about.
 */
static void forward(struct session *s, int fd)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	rewind(f);
	while ((n = getline(&line, &cap, f)) > 0)
		if (frame_write(&s->out, line, (size_t)n - 1) < 0)
			fprintf(stderr, "init: cannot send: %s\n", strerror(errno));
	free(line);
	fclose(f);
}

static _Noreturn void become_cell(const struct session *s, const struct strv *f,
				  const struct strv *argv, int evidence)
{
	setpgid(0, 0);
	if (!s->guest) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != s->pid)
			_exit(127);
	}
	dup2(s->out.fd, 1);
	if (*s->locks)
		_exit(recorder_run(f->v[0], s->locks, argv->v, evidence, s->journal));
	execv(argv->v[0], argv->v);
	fprintf(stderr, "init: cannot run %s: %s\n", argv->v[0], strerror(errno));
	_exit(127);
}

/* Its own messages are for the runner, which mends once more when all is over. */
static void put_back(const struct session *s)
{
	struct strv told = STRV_INIT;
	struct err err;

	if (s->journal && journal_mend(s->journal, &told, &err) < 0)
		fprintf(stderr, "init: %s\n", err.text);
	strv_release(&told);
}

/* One cell: a tab-separated argument list after the cell's id. */
static void run_cell(struct session *s, int i, char *line)
{
	struct strv f = STRV_INIT, argv = STRV_INIT;
	int signal_no = 0, code, evidence = -1;
	pid_t pid;

	strv_split(&f, line, "\t");
	if (f.n < 2) {
		strv_release(&f);
		return;
	}
	send(s, json_pack("{s:s, s:i, s:s}", "t", "cell", "i", i, "cell", f.v[0]));
	strv_push(&argv, s->bench);
	for (size_t k = 1; k < f.n; k++)
		strv_push(&argv, f.v[k]);
	strv_pushf(&argv, "--frames");
	strv_pushf(&argv, "%d", i + 1);
	if (s->journal) {
		strv_pushf(&argv, "--journal");
		strv_pushf(&argv, "%d", s->journal);
	}
	if (*s->locks)
		evidence = memfd_create("evidence", MFD_CLOEXEC);
	pid = fork();
	if (pid == 0)
		become_cell(s, &f, &argv, evidence);
	running = pid > 0 ? pid : 0;
	code = pid < 0 ? -1 : wait_cell(pid, s->timeout, &signal_no);
	put_back(s);
	running = 0;
	if (evidence >= 0)
		forward(s, evidence);
	send(s, json_pack("{s:s, s:i, s:i, s:i}", "t", "cell-end", "i", i, "exit", code, "signal",
			  signal_no));
	strv_release(&argv);
	strv_release(&f);
}

/* The clock that regions are timed with: the runner holds it against its own. */
static json_int_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (json_int_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void settle(struct session *s)
{
	bool idle = false;
	int seconds = idle_wait(s->settle_min, s->settle_max, &idle);

	send(s, json_pack("{s:s, s:i, s:b, s:I, s:I}", "t", "settled", "seconds", seconds, "idle",
			  idle, "stolen_ms", (json_int_t)idle_stolen_ms(), "clock_ns", clock_ns()));
}

static void tell_symbols(struct session *s)
{
	struct err err;

	if (kallsyms_send(&s->out, &err) < 0)
		fprintf(stderr, "init: %s\n", err.text);
}

static void run_plan(struct session *s, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	int cells = 0;

	if (!f)
		fatal(s, path);
	while (!stop_asked && getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "settle %d %d", &s->settle_min, &s->settle_max) == 2)
			settle(s);
		else if (sscanf(line, "timeout %d", &s->timeout) == 1)
			continue;
		else if (sscanf(line, "locks %15s", s->locks) == 1)
			continue;
		else if (strcmp(line, "symbols") == 0)
			tell_symbols(s);
		else if (strncmp(line, "cell ", 5) == 0)
			run_cell(s, cells++, line + 5);
	}
	free(line);
	fclose(f);
	if (!stop_asked)
		send(s, json_pack("{s:s, s:i, s:I, s:I}", "t", "bye", "cells", cells, "clock_ns",
				  clock_ns(), "stolen_ms", (json_int_t)idle_stolen_ms()));
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void on_term(int sig)
{
	(void)sig;
	stop_asked = 1;
	if (!running)
		_exit(EXIT_USAGE);
	kill(-running, SIGKILL);
	kill(running, SIGKILL);
}

/* A machine that is not ours: what was changed on it is put back before we end. */
static void begin_on_host(struct session *s, int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_term};

	char *here = getcwd(NULL, 0);

	/* the boot's directory: nothing is written outside the run */
	if (here)
		setenv("TMPDIR", here, 1);
	free(here);
	sigaction(SIGTERM, &sa, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	s->out.fd = 1;
	s->bench = argv[1];
	s->journal = argc > 3 ? atoi(argv[3]) : 0;
}

int main(int argc, char **argv)
{
	struct session s = {.out = {.fd = -1},
			    .bench = BENCH,
			    .guest = getpid() == 1,
			    .pid = getpid(),
			    .timeout = 600};
	struct sigaction sa = {.sa_handler = on_alarm};

	if (!s.guest && argc != 3 && argc != 4) {
		fputs("usage: guest-init BENCH PLAN [JOURNAL-FD] (or as PID 1 of a guest)\n",
		      stderr);
		return EXIT_USAGE;
	}
	/* Else jansson reads /dev/urandom, for which 5.18 and later spend a second making entropy.
	 */
	json_object_seed(1);
	sigaction(SIGALRM, &sa, NULL);
	if (s.guest) {
		mount_all(&s);
		s.out.fd = open_channel();
		if (s.out.fd < 0)
			fatal(&s, CHANNEL);
	} else {
		begin_on_host(&s, argc, argv);
	}
	send(&s, facts_hello());
	run_plan(&s, s.guest ? PLAN : argv[2]);
	if (s.guest)
		power_off();
	return EXIT_OK;
}
