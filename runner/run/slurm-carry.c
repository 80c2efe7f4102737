#include "runner/run/slurm-carry.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/text.h"
#include "runner/run/slurm-jobs.h"
#include "runner/run/store-boots.h"

/* Tasks under way at a time, whatever the cluster has: each is an srun here. */
#define TASKS_MOST 64

/* What the task's file does on its node; the tree follows it as a tar archive. */
static const char head[] =
	"#!/bin/sh\n"
	"# Boots of a run of mlocklab: $1 names them. What they measured goes to standard output.\n"
	"dir=$(mktemp -d /tmp/mlocklab-XXXXXX) && chmod 711 \"$dir\" || exit 1\n"
	"trap 'rm -rf \"$dir\"' EXIT\n"
	"trap 'exit 1' HUP INT TERM\n"
	"sed '1,/^# --- the tree ---$/d' \"$0\" | tar -C \"$dir\" -xf - || exit 1\n"
	"rm -f \"$0\"\n"
	"boots=$1\n"
	"shift\n"
	"export MLOCKLAB_CACHE=\"$dir/cache\"\n"
	"\"$dir/build/libexec/mlocklab-run\" --workers=1 --resume \"$dir/run\" --boots \"$boots\" "
	"\\\n"
	"\t--inputs \"$dir/inputs\" \"$@\" >&2\n"
	"code=$?\n"
	"tar -C \"$dir/run/boots\" -cf - . || exit 1\n"
	"exit $code\n"
	"# --- the tree ---\n";

struct carry {
	struct run *r;
	char *dir, *bundle; /* RUN/slurm, and the task's file there */
	const char *options;
};

struct task {
	struct child child;
	struct strv argv;
	char *back, *log; /* what it sent, and said */
	bool busy;
};

/* --- what nodes see --- */

/* "SUM  FILE", for what must be on a node just as it is here. */
static int add_sum(struct str *sums, const char *path, struct err *err)
{
	char sum[65];

	if (fs_sha256(path, sum, err) < 0)
		return -1;
	str_addf(sums, "%s  %s\n", sum, path);
	return 0;
}

int slurm_check(struct run *r, const char *options, struct err *err)
{
	char *libexec = paths_libexec(), *cache = paths_cache(), *missed = NULL,
	     *dir = realpath(r->store->dir, NULL),
	     *json = xasprintf("%s/%s", dir ? dir : r->store->dir, store_file(r->store)),
	     *program = xasprintf("%s/mlocklab-run", libexec);
	struct strv files = STRV_INIT;
	struct str sums = STR_INIT;
	int ret;

	strv_push(&files, dir ? dir : r->store->dir);
	strv_push(&files, program);
	strv_push(&files, cache);
	strv_push(&files, r->bench);
	ret = add_sum(&sums, json, err);
	if (ret == 0)
		ret = add_sum(&sums, program, err);
	if (ret == 0)
		ret = slurm_probe(&files, str_text(&sums), options, &missed, err);
	r->carried = ret > 0;
	if (r->carried) {
		char *clean = text_clean(missed, 300);

		fprintf(stderr,
			"a node of Slurm does not see '%s': programs, kernels and results are "
			"copied\n",
			clean);
		free(clean);
	}
	str_release(&sums);
	strv_release(&files);
	free(missed);
	free(program);
	free(json);
	free(libexec);
	free(cache);
	free(dir);
	return ret;
}

/* --- what is sent --- */

/* Copies a program or a file to TO/NAME, with its mode. */
static int put(const char *from, const char *to, const char *name, struct err *err)
{
	char *path = xasprintf("%s/%s", to, name), *slash;
	int ret;

	slash = strrchr(path, '/');
	*slash = '\0';
	ret = fs_mkdirs(path, err);
	*slash = '/';
	if (ret == 0)
		ret = fs_copy(from, path, err);
	if (ret == 0 && access(from, X_OK) == 0 && chmod(path, 0755) < 0)
		ret = err_sys(err, "cannot make '%s' a program", path);
	free(path);
	return ret;
}

/* Earlier attempts have their places, so that those of the node are numbered after them. */
static int put_places(const struct run *r, const char *tree, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; i < r->plan.n && ret == 0; i++) {
		const struct planned_boot *b = &r->plan.boots[i];
		int n = 0;

		/* what a runner that was ended left here is one */
		if (run_is_to_do(r, b))
			ret = store_put_aside(r->store, b->n, &n, err);
		for (int k = 1; k <= n && ret == 0; k++) {
			char *place = xasprintf("%s/run/boots/%03d.failed-%d", tree, b->n, k);

			ret = fs_mkdirs(place, err);
			free(place);
		}
	}
	return ret;
}

/* The tree that a task unpacks: a source tree as lib/paths.h finds it, with the run in it. */
static int put_tree(const struct carry *c, const char *tree, struct err *err)
{
	const struct run *r = c->r;
	char *libexec = paths_libexec(), *program = xasprintf("%s/mlocklab-run", libexec);
	char *json = xasprintf("%s/run.json", r->store->dir),
	     *configs = xasprintf("%s/configs", tree), *boots = xasprintf("%s/run/boots", tree);
	const char *plugin = r->profiler.plugin ? strrchr(r->profiler.plugin, '/') + 1 : NULL;
	int ret = fs_mkdirs(configs, err);

	if (ret == 0)
		ret = fs_mkdirs(boots, err);
	if (ret == 0)
		ret = put_places(r, tree, err);
	if (ret == 0)
		ret = put(program, tree, "build/libexec/mlocklab-run", err);
	if (ret == 0)
		ret = put(r->bench, tree, "build/mlockbench", err);
	if (ret == 0)
		ret = put(r->init, tree, "build/guest-init", err);
	if (ret == 0 && plugin) {
		char *name = xasprintf("build/%s", plugin);

		ret = put(r->profiler.plugin, tree, name, err);
		free(name);
	}
	if (ret == 0)
		ret = put(json, tree, "run/run.json", err);
	free(boots);
	free(configs);
	free(json);
	free(program);
	free(libexec);
	return ret;
}

/* Runs tar with our end of a file as its standard input or output. */
static int tar(const char *dir, const char *what, const char *also, const char *also_what, int in,
	       int out, struct err *err)
{
	struct child child = CHILD_INIT;
	struct strv argv = STRV_INIT;
	int ret;

	strv_split(&argv, "tar -C", " ");
	strv_push(&argv, dir);
	strv_split(&argv, what, " ");
	if (also) {
		strv_push(&argv, "-C");
		strv_push(&argv, also);
		strv_push(&argv, also_what);
	}
	child.argv = argv.v;
	child.in = in >= 0 ? in : CHILD_DEFAULT;
	child.out = out >= 0 ? out : CHILD_DEFAULT;
	ret = child_start(&child, err);
	if (ret == 0)
		ret = child_end(&child, err);
	strv_release(&argv);
	return ret;
}

/* Writes the task's file. */
static int pack(const struct carry *c, struct err *err)
{
	char *tree = xasprintf("%s/tree", c->dir),
	     *inputs = xasprintf("%s/inputs", c->r->store->dir);
	struct err ignored;
	int fd, ret;

	fs_remove_tree(tree, &ignored);
	ret = put_tree(c, tree, err);
	fd = ret < 0 ? -1
		     : open(c->bundle, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0755);
	if (ret == 0 && fd < 0)
		ret = err_sys(err, "cannot create '%s'", c->bundle);
	if (ret == 0 && fs_write_all(fd, head, sizeof(head) - 1) < 0)
		ret = err_sys(err, "cannot write '%s'", c->bundle);
	/* the host target has no inputs: it boots nothing */
	if (ret == 0)
		ret = fs_exists(inputs)
			      ? tar(tree, "-cf - .", c->r->store->dir, "inputs", -1, fd, err)
			      : tar(tree, "-cf - .", NULL, NULL, -1, fd, err);
	if (fd >= 0)
		close(fd);
	fs_remove_tree(tree, &ignored);
	free(inputs);
	free(tree);
	return ret;
}

/* --- a task --- */

int slurm_memory(const struct target *t)
{
	return t->kind == TARGET_HOST ? 0 : t->memory_mib + 512;
}

static int begin(const struct carry *c, struct task *t, size_t n, const char *line, struct err *err)
{
	const struct target *target = c->r->target;
	int out, log, ret;

	*t = (struct task){.child = CHILD_INIT,
			   .back = xasprintf("%s/back-%zu.tar", c->dir, n),
			   .log = xasprintf("%s/back-%zu.log", c->dir, n)};
	out = open(t->back, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	log = open(t->log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	strv_split(&t->argv, "srun --quiet --ntasks=1 --chdir=/tmp --bcast=/tmp/", " ");
	strv_pushf(&t->argv, "--job-name=mlocklab-%s", c->r->e->name);
	strv_pushf(&t->argv, "--mem=%d", slurm_memory(target));
	strv_push(&t->argv, target->kind == TARGET_ICOUNT ? "--cpus-per-task=1" : "--exclusive");
	if (c->options)
		strv_split(&t->argv, c->options, " ");
	strv_push(&t->argv, c->bundle);
	strv_push(&t->argv, line);
	if (target->qemu.n == 1) {
		strv_push(&t->argv, "--qemu");
		strv_push(&t->argv, target->qemu.v[0]);
	}
	t->child.argv = t->argv.v;
	t->child.out = out;
	t->child.errfd = log;
	ret = out < 0 || log < 0 ? err_sys(err, "cannot write in '%s'", c->dir)
				 : child_start(&t->child, err);
	if (out >= 0)
		close(out);
	if (log >= 0)
		close(log);
	t->busy = ret == 0;
	return ret;
}

/* Takes what came back into the store: of a task that was cut short the boots that are whole. */
static int take(const struct carry *c, struct task *t, struct err *err)
{
	char *dir = xasprintf("%s.d", t->back);
	int in = open(t->back, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), ret;
	struct err ignored;

	fs_remove_tree(dir, &ignored);
	ret = fs_mkdirs(dir, err);
	if (ret == 0 && in >= 0)
		tar(dir, "--no-same-owner -xf -", NULL, NULL, in, -1, &ignored);
	for (size_t i = 0; i < c->r->plan.n && ret == 0; i++)
		if (run_is_to_do(c->r, &c->r->plan.boots[i]))
			ret = store_take_boot(c->r->store, dir, c->r->plan.boots[i].n, err);
	if (in >= 0)
		close(in);
	fs_remove_tree(dir, &ignored);
	unlink(t->back);
	free(dir);
	return ret;
}

static void task_release(struct task *t)
{
	strv_release(&t->argv);
	free(t->back);
	free(t->log);
	*t = (struct task){.child = CHILD_INIT};
}

/* Asks those that are under way to end, which cancels their jobs. */
static void end_all(struct task *tasks, size_t n)
{
	struct err ignored;

	for (size_t i = 0; i < n; i++)
		if (tasks[i].busy)
			kill(tasks[i].child.pid, SIGTERM);
	for (size_t i = 0; i < n; i++) {
		if (tasks[i].busy)
			child_end(&tasks[i].child, &ignored);
		task_release(&tasks[i]);
	}
}

int slurm_carry(struct run *r, const char *options, const struct strv *lines, size_t slots,
		void (*told)(void *arg), void *arg, struct err *err)
{
	size_t n = slots > TASKS_MOST ? TASKS_MOST : slots ? slots : 1, next = 0, busy = 0;
	struct carry c = {.r = r, .options = options};
	struct task *tasks = xcalloc(n, sizeof(*tasks));
	int ret, status;

	c.dir = xasprintf("%s/slurm", r->store->dir);
	c.bundle = xasprintf("%s/task", c.dir);
	ret = pack(&c, err);
	while (ret == 0 && (busy || next < lines->n) && !run_stop_asked) {
		for (size_t i = 0; i < n && ret == 0; i++) {
			if (tasks[i].busy && child_poll(&tasks[i].child, &status) != 0) {
				ret = take(&c, &tasks[i], err);
				task_release(&tasks[i]);
				busy--;
			}
			if (ret == 0 && !tasks[i].busy && next < lines->n) {
				ret = begin(&c, &tasks[i], next, lines->v[next], err);
				next++;
				busy += ret == 0;
			}
		}
		told(arg);
		poll(NULL, 0, 500);
	}
	end_all(tasks, n);
	unlink(c.bundle);
	free(tasks);
	free(c.bundle);
	free(c.dir);
	return ret;
}
