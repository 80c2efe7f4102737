/* The files of a boot: in its directory, and in the guest's file system. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/json.h"
#include "runner/boot/parts.h"
#include "runner/boot/initramfs.h"
#include "runner/boot/recorder.h"
#include "runner/kernels/module.h"
#include "runner/boot/program.h"

/* Guest seconds to wait at least before measuring: free under icount, where sleeping costs nothing.
 */
#define SETTLE_ICOUNT 10
#define SETTLE_TIMED 3

char *boot_file(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

int boot_open_file(const char *dir, const char *name, struct err *err)
{
	char *path = boot_file(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		err_sys(err, "cannot create '%s'", path);
	free(path);
	return fd;
}

void boot_plan(const struct boot_job *job, struct str *out)
{
	if (job->planned->kind == BOOT_SYMBOLS) {
		str_add(out, "symbols\n");
		return;
	}
	if (job->planned->kind == BOOT_LOCKS)
		str_addf(out, "locks %s\n", job->e->locks);
	plan_text(job->e, job->planned->arm, job->planned->seed,
		  job->target->kind == TARGET_ICOUNT ? SETTLE_ICOUNT : SETTLE_TIMED, out);
}

struct files {
	struct initramfs_file *v;
	size_t n;
};

static void add(struct files *f, struct initramfs_file file)
{
	f->v = xrealloc(f->v, (f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = file;
}

void boot_programs(const struct experiment *e, struct strv *paths)
{
	struct err err;

	for (size_t i = 0; i < e->ncells; i++) {
		const json_t *params = json_object_get(e->cells[i].json, "params");
		const char *program = json_get_str(params, "program", "");

		if (*program)
			program_files(program, paths, &err);
	}
	if (json_object_size(e->files))
		program_files("fio", paths, &err);
}

static int write_all(const struct boot_job *job, const char *path, const char *plan,
		     const char *module, struct err *err)
{
	char *recorder = locks_program(job->e, job->planned->kind);
	struct strv programs = STRV_INIT;
	struct files f = {NULL, 0};
	const char *name;
	json_t *text;
	int ret;

	boot_programs(job->e, &programs);
	locks_programs(job->e, job->planned->kind, &programs);
	add(&f, (struct initramfs_file){"init", job->init, NULL, 0755});
	add(&f, (struct initramfs_file){"bin/mlockbench", job->bench, NULL, 0755});
	add(&f, (struct initramfs_file){"plan", NULL, plan, 0644});
	if (module)
		add(&f, (struct initramfs_file){"modules/brd.ko", module, NULL, 0644});
	if (recorder)
		add(&f, (struct initramfs_file){"bin/lock-bpf", recorder, NULL, 0755});
	for (size_t i = 0; i < programs.n; i++)
		add(&f, (struct initramfs_file){programs.v[i] + 1, programs.v[i], NULL, 0755});
	json_object_foreach(job->e->files, name, text)
		add(&f, (struct initramfs_file){name, NULL, json_string_value(text), 0644});
	ret = initramfs_write(path, f.v, f.n, err);
	free(f.v);
	free(recorder);
	strv_release(&programs);
	return ret;
}

int boot_initramfs(const struct boot_job *job, const char *path, struct err *err)
{
	char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path)), *brd;
	struct str plan = STR_INIT;
	bool made;
	int ret;

	boot_plan(job, &plan);
	/* The RAM disk that workloads swap on; no kernel of Debian has its driver built in. */
	brd = module_file(job->kernel, "drivers/block/brd", dir, &made);
	ret = write_all(job, path, str_text(&plan), brd, err);
	if (made)
		unlink(brd);
	free(brd);
	free(dir);
	str_release(&plan);
	return ret;
}
