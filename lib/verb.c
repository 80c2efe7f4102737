#include "lib/verb.h"

#include <errno.h>
#include <signal.h>
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

#define RESUME "MLOCKLAB_RESUME"

void verb_resume_with(const char *words)
{
	setenv(RESUME, words, 0);
}

const char *verb_resume_words(void)
{
	const char *words = getenv(RESUME);

	return words && *words ? words : "run";
}

#define FILES_OF "MLOCKLAB_FILES_OF"

void verb_files_from(const char *run)
{
	setenv(FILES_OF, run, 1);
}

const char *verb_files_of(void)
{
	const char *run = getenv(FILES_OF);

	return run && *run ? run : NULL;
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

/* What a verb that runs others is asked to end by. */
static const int end_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define END_SIGNALS (sizeof(end_signals) / sizeof(*end_signals))

static volatile sig_atomic_t end_signal;
static volatile pid_t running;

/* A terminal sends its signals to all in the group itself. */
static void pass_on(int sig, siginfo_t *info, void *context)
{
	(void)context;
	end_signal = sig;
	if (running > 0 && info->si_code <= 0)
		kill(running, sig);
}

/* Where nobody else takes them; the handlers that were there are left in before. */
static void take_signals(struct sigaction before[])
{
	struct sigaction sa = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO};

	for (size_t i = 0; i < END_SIGNALS; i++)
		if (sigaction(end_signals[i], NULL, &before[i]) == 0 &&
		    before[i].sa_handler == SIG_DFL)
			sigaction(end_signals[i], &sa, NULL);
}

/* And ends by the one that came, now that what was running has ended in its own way. */
static void give_signals_back(const struct sigaction before[])
{
	for (size_t i = 0; i < END_SIGNALS; i++)
		sigaction(end_signals[i], &before[i], NULL);
	if (end_signal)
		raise(end_signal);
}

int verb_run(const struct strv *argv, struct str *said, struct err *err)
{
	struct sigaction before[END_SIGNALS];
	struct child c = CHILD_INIT;
	struct strv full = STRV_INIT;
	int status = 0, ret = -1;

	for (size_t i = 0; i < argv->n; i++)
		strv_push(&full, argv->v[i]);
	if (!strchr(full.v[0], '/')) {
		free(full.v[0]);
		full.v[0] = verb_path(argv->v[0]);
	}
	c.argv = full.v;
	c.out = said ? CHILD_PIPE : CHILD_DEFAULT;
	take_signals(before);
	if (child_start(&c, err) == 0) {
		running = c.pid;
		if (end_signal)
			kill(c.pid, end_signal);
		if (said) {
			read_all(c.out, said);
			close(c.out);
		}
		/* its pid stays its own until it is reaped: until then it can be told to end */
		while (waitid(P_PID, (id_t)c.pid, &(siginfo_t){0}, WEXITED | WNOWAIT) < 0 &&
		       errno == EINTR)
			;
		running = 0;
		ret = child_wait(&c, &status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status)
								       : EXIT_USAGE;
	}
	give_signals_back(before);
	strv_release(&full);
	return ret;
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
