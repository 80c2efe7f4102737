#include "runner/guest/perf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"

#define EVENTS "/sys/kernel/tracing/events/lock/"

int perf_start(struct perf *p, struct err *err)
{
	char dir[] = "/tmp/mlocklab-perf-XXXXXX";

	*p = (struct perf){.lockdep = access(EVENTS "lock_acquire", F_OK) == 0};
	if (!p->lockdep && access(EVENTS "contention_begin", F_OK) < 0)
		return err_set(err, "this kernel has no tracepoints of locks: neither those of "
				    "contention, which came with 5.19, nor lockdep's");
	if (!mkdtemp(dir))
		return err_sys(err, "cannot make '%s'", dir);
	p->dir = xstrdup(dir);
	p->data = xasprintf("%s/data", dir);
	return 0;
}

void perf_record_argv(struct strv *argv, const struct perf *p, char *const cell[])
{
	/* every lock taken is an event of lockdep's: small buffers would lose most */
	strv_split(argv, "perf lock record -a -m 8192 -o", " ");
	strv_push(argv, p->data);
	strv_push(argv, "--");
	for (; *cell; cell++)
		strv_push(argv, *cell);
}

void perf_report_argv(struct strv *argv, const struct perf *p)
{
	strv_split(argv, "perf lock -i", " ");
	strv_push(argv, p->data);
	/* of locks in one class a line, of contention a line a caller */
	strv_split(argv,
		   p->lockdep ? "report -c -k wait_total"
			      : "contention --stack-skip 1 -k wait_total",
		   " ");
}

int perf_tell(const struct perf *p, struct str *out, struct err *err)
{
	struct strv argv = STRV_INIT, lines = STRV_INIT;
	struct str said = STR_INIT;
	char *path = xasprintf("%s/said", p->dir);
	struct child c = CHILD_INIT;
	int ret;

	perf_report_argv(&argv, p);
	/* perf prints tables to its standard error */
	c.argv = argv.v;
	c.out = c.errfd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ret = c.out < 0 ? err_sys(err, "cannot write '%s'", path) : child_start(&c, err);
	if (ret == 0)
		ret = child_end(&c, err);
	if (ret == 0)
		ret = fs_read(path, &said, err);
	if (said.buf)
		str_mend(said.buf); /* the names of programs are in it; a message is UTF-8 */
	strv_split(&lines, str_text(&said), "\n");
	for (size_t i = 0; ret == 0 && i < lines.n && i < PERF_MAX_LINES; i++)
		str_addf(out, "%s\n", lines.v[i]);
	if (c.out >= 0)
		close(c.out);
	strv_release(&lines);
	strv_release(&argv);
	str_release(&said);
	free(path);
	return ret;
}

void perf_release(struct perf *p)
{
	struct err ignored;

	if (p->dir)
		fs_remove_tree(p->dir, &ignored);
	free(p->dir);
	free(p->data);
	*p = (struct perf){0};
}
