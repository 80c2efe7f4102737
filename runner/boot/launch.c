#include "runner/boot/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "runner/boot/confine.h"
#include "runner/plan/background.h"

void boot_command(const struct boot_job *job, const char *dir, struct strv *argv)
{
	char *initrd = boot_file(dir, "initramfs.cpio"), *console = boot_file(dir, "console.log");
	struct boot_files files = {job->kernel->image, initrd, console, job->cmdline, NULL};
	struct str plugin = STR_INIT;

	if (job->planned->kind == BOOT_PROFILE) {
		target_plugin_option(job->plugin, job->symbols, dir, &plugin);
		files.plugin = plugin.buf;
	}
	target_argv(job->target, &files, job->planned->seed, argv);
	str_release(&plugin);
	free(initrd);
	free(console);
}

/* A word for the command line of a program that starts in another directory; as it is where there
 * is no such file, which that program will tell. */
static void push_absolute(struct strv *argv, const char *path)
{
	char *whole = realpath(path, NULL);

	strv_push(argv, whole ? whole : path);
	free(whole);
}

/* The host target: the same program that is PID 1 in a guest runs the same plan here, in the boot's
 * directory. */
static int host_command(const struct boot_job *job, const char *dir, struct strv *argv,
			struct err *err)
{
	char *path = boot_file(dir, "plan");
	struct str plan = STR_INIT;
	int ret;

	boot_plan(job, &plan);
	ret = fs_write_atomic(path, str_text(&plan), plan.len, err);
	if (ret == 0)
		ret = background_write(job->e->files, dir, err);
	push_absolute(argv, job->init);
	push_absolute(argv, job->bench);
	strv_push(argv, "plan");
	if (job->journal)
		strv_pushf(argv, "%d", job->journal);
	str_release(&plan);
	free(path);
	return ret;
}

/* QEMU goes into its jail on its way. */
static int start_qemu(struct boot *b, struct err *err)
{
	char *initrd = boot_file(b->dir, "initramfs.cpio");
	struct strv argv = STRV_INIT;
	struct confined c;
	int ret = boot_initramfs(&b->job, initrd, err);

	if (ret == 0)
		ret = confine_lend(&b->job, b->dir, true, err);
	if (ret == 0) {
		boot_command(&b->job, b->dir, &argv);
		confine_init(&c, &b->job, b->dir);
		b->child.argv = argv.v;
		b->child.jail = &c.jail;
		ret = child_start(&b->child, err);
		b->child.argv = NULL;
		b->child.jail = NULL;
		confine_release(&c);
	}
	strv_release(&argv);
	free(initrd);
	return ret;
}

static int start_session(struct boot *b, struct err *err)
{
	struct strv argv = STRV_INIT;
	int ret = host_command(&b->job, b->dir, &argv, err);

	if (ret == 0) {
		b->child.argv = argv.v;
		b->child.dir = b->dir;
		ret = child_start(&b->child, err);
		b->child.argv = NULL;
	}
	strv_release(&argv);
	return ret;
}

int boot_launch(struct boot *b, struct err *err)
{
	bool host = b->job.target->kind == TARGET_HOST;
	int log = boot_open_file(b->dir, "qemu.log", err), ret;

	if (log < 0)
		return -1;
	b->child = (struct child)CHILD_INIT;
	b->child.out = CHILD_PIPE;
	b->child.errfd = log;
	b->child.new_group = true;
	/* a session puts back what it changed; QEMU would wait for the guest */
	b->child.death_signal = host ? SIGTERM : SIGKILL;
	ret = host ? start_session(b, err) : start_qemu(b, err);
	close(log);
	if (ret < 0)
		return -1;
	b->fd = b->child.out;
	fcntl(b->fd, F_SETFL, O_NONBLOCK);
	return 0;
}
