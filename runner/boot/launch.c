#include "runner/boot/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
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

int boot_launch(struct boot *b, struct err *err)
{
	struct spawn_opts o = {.in = -1, .new_group = 1, .die_with_parent = 1};
	struct strv argv = STRV_INIT;
	int fds[2] = {-1, -1}, ret = 0;

	o.errfd = boot_open_file(b->dir, "qemu.log", err);
	if (o.errfd < 0)
		return -1;
	if (b->job.target->kind == TARGET_HOST) {
		ret = host_command(&b->job, b->dir, &argv, err);
		o.dir = b->dir;
	} else {
		char *initrd = boot_file(b->dir, "initramfs.cpio");

		ret = boot_initramfs(&b->job, initrd, err);
		free(initrd);
		boot_command(&b->job, b->dir, &argv);
	}
	if (ret == 0 && pipe2(fds, O_CLOEXEC) < 0)
		ret = err_sys(err, "cannot make a pipe");
	if (ret == 0) {
		o.out = fds[1];
		b->pid = spawn_start(argv.v, &o, err);
		ret = b->pid < 0 ? -1 : 0;
		close(fds[1]);
	}
	close(o.errfd);
	strv_release(&argv);
	if (ret < 0) {
		if (fds[0] >= 0)
			close(fds[0]);
		return -1;
	}
	b->fd = fds[0];
	fcntl(b->fd, F_SETFL, O_NONBLOCK);
	return 0;
}
