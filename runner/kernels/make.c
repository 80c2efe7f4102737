#include "runner/kernels/make.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "lib/text.h"

int kernel_make_ready(struct err *err)
{
	/* of Debian, each named as its package; what libraries it takes, a kernel's build says
	 * itself */
	static const char *const tools[] = {"make", "gcc", "flex", "bison", "bc"};
	struct str missing = STR_INIT;
	const char *cc = getenv("CC"), *llvm = getenv("LLVM");
	bool own = (cc && *cc) || (llvm && *llvm);
	int ret = 0;

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++) {
		char *path = spawn_which(tools[i]);

		if (!path && !(own && !strcmp(tools[i], "gcc")))
			str_addf(&missing, " %s", tools[i]);
		free(path);
	}
	if (missing.len)
		ret = err_set(err,
			      "building a kernel takes programs that are not here: as root, run "
			      "apt-get install%s libelf-dev libssl-dev",
			      missing.buf);
	str_release(&missing);
	return ret;
}

static const char *const overrides[] = {"CC", "HOSTCC", "LD", "LLVM", "CROSS_COMPILE"};
/* and these it adds to what it has */
static const char *const additions[] = {"KCFLAGS", "KCPPFLAGS", "KAFLAGS", "LLVM_IAS"};

static void add_variables(json_t *o, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			json_object_set_new(o, names[i], json_string(value));
	}
}

json_t *kernel_make_variables(void)
{
	json_t *o = json_object();

	add_variables(o, overrides, sizeof(overrides) / sizeof(*overrides));
	add_variables(o, additions, sizeof(additions) / sizeof(*additions));
	return o;
}

/* What make will start: CC's own words, or what LLVM= and CROSS_COMPILE= make of it. */
static void compiler_argv(struct strv *argv)
{
	const char *cc = getenv("CC"), *llvm = getenv("LLVM"), *cross = getenv("CROSS_COMPILE");

	if (cc && *cc)
		strv_split(argv, cc, " ");
	else if (llvm && *llvm == '-')
		strv_pushf(argv, "clang%s", llvm);
	else if (llvm && *llvm && strcmp(llvm, "0"))
		strv_pushf(argv, "%sclang", strchr(llvm, '/') ? llvm : "");
	else
		strv_pushf(argv, "%sgcc", cross ? cross : "");
}

char *kernel_make_compiler(struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	char *line = NULL;

	compiler_argv(&argv);
	strv_push(&argv, "--version");
	if (spawn_capture(argv.v, &said, err) == 0)
		line = xstrndup(str_text(&said), strcspn(str_text(&said), "\n"));
	else
		err_prefix(err, "no compiler");
	strv_release(&argv);
	str_release(&said);
	return line;
}

void kernel_make_argv(struct strv *argv, const struct kernel_make *m, const char *target, int jobs)
{
	strv_push(argv, "make");
	strv_push(argv, "-C");
	strv_push(argv, m->source);
	strv_pushf(argv, "O=%s", m->out);
	/* the same source, configuration and compiler give the same image, whatever was built
	 * before; LOCALVERSION, set to nothing, keeps a repository around it out of its name */
	strv_split(
		argv,
		"KBUILD_BUILD_TIMESTAMP=@0 KBUILD_BUILD_USER=mlocklab KBUILD_BUILD_HOST=mlocklab "
		"KBUILD_BUILD_VERSION=1 LOCALVERSION=",
		" ");
	/* the kernel's Makefile sets these itself: from the environment alone they would not count
	 */
	for (size_t i = 0; i < sizeof(overrides) / sizeof(*overrides); i++) {
		const char *value = getenv(overrides[i]);

		if (value && *value)
			strv_pushf(argv, "%s=%s", overrides[i], value);
	}
	strv_pushf(argv, "-j%d", jobs > 0 ? jobs : (int)sysconf(_SC_NPROCESSORS_ONLN));
	strv_split(argv, target, " ");
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

/* Seconds that the rest takes if it goes on as it went; -1 where nobody can tell. */
static long left(const struct kernel_make *m, size_t made, time_t since)
{
	time_t now = time(NULL);

	if (!m->expected || made >= m->expected || made < 20)
		return -1;
	return (long)((double)(now - since) * (double)(m->expected - made) / (double)made);
}

static void show(const struct kernel_make *m, const char *what, size_t made, time_t since)
{
	long rest = left(m, made, since);

	fprintf(stderr, "\r%s: %zu", what, made);
	if (m->expected && made <= m->expected)
		fprintf(stderr, " of about %zu", m->expected);
	fputs(" files", stderr);
	if (rest >= 0)
		fprintf(stderr, ", about %ld:%02ld left", rest / 60, rest % 60);
	fputs("   ", stderr);
}

/* Copies make's lines to the log; each "  CC  file" counts. */
static void follow(struct kernel_make *m, int fd, const char *what)
{
	FILE *f = fdopen(fd, "r");
	char *line = NULL;
	size_t cap = 0, made = 0;
	bool shown = !m->quiet && isatty(STDERR_FILENO);
	time_t since = time(NULL);
	ssize_t n;

	while ((n = getline(&line, &cap, f)) > 0) {
		fs_write_all(m->log, line, (size_t)n);
		made += strncmp(line, "  ", 2) == 0;
		if (shown && made % 10 == 0)
			show(m, what, made, since);
	}
	if (shown) {
		show(m, what, made, since);
		fputc('\n', stderr);
	}
	m->made = made;
	free(line);
	fclose(f);
}

/* Runs a command with its output in the log. */
static int run(struct kernel_make *m, const struct strv *argv, const char *env, const char *what,
	       struct err *err)
{
	/* a make that we were started from must not pass its own on */
	const char *const envs[] = {"MAKEFLAGS=", "MAKELEVEL=", env, NULL};
	struct child c = CHILD_INIT;

	c.argv = argv->v;
	c.env = envs;
	c.out = CHILD_PIPE;
	c.errfd = m->log;
	/* what runs it elsewhere has that to end first */
	c.death_signal = m->job && m->job->n ? SIGTERM : SIGKILL;
	if (child_start(&c, err) < 0)
		return -1;
	follow(m, c.out, m->label ? m->label : what);
	return child_end(&c, err) < 0 ? explain(m, what, err) : 0;
}

int kernel_make(struct kernel_make *m, const char *target, int jobs, struct err *err)
{
	struct strv argv = STRV_INIT;
	int ret;

	for (size_t i = 0; m->job && i < m->job->n; i++)
		strv_push(&argv, m->job->v[i]);
	kernel_make_argv(&argv, m, target, jobs);
	ret = run(m, &argv, NULL, target, err);
	strv_release(&argv);
	return ret;
}

int kernel_merge(struct kernel_make *m, const struct strv *fragments, struct err *err)
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
