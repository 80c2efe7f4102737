#include "runner/run/inputs.h"

#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/jail.h"
#include "lib/json.h"
#include "runner/kernels/module.h"

#define BRD "drivers/block/brd"

/* Each task of a cluster's run has its own, named by its first boot. */
static char *inputs_dir(const struct run *r)
{
	return r->n_only ? xasprintf("%s/inputs-%d", r->store->dir, r->only[0])
			 : xasprintf("%s/inputs", r->store->dir);
}

/* Copies the file *path names to DIR/NAME, which it names then. sha256: what it must be, or NULL.
 */
static int hold(char **path, const char *dir, const char *name, const char *sha256, struct err *err)
{
	char *copy = xasprintf("%s/%s", dir, name), sum[65];
	int ret = fs_copy(*path, copy, err);

	/* QEMU is nobody, and the umask or the original may be for us alone */
	if (ret == 0 && jail_show(copy) < 0)
		ret = err_sys(err, "cannot open '%s' to the guest's QEMU", copy);
	if (ret == 0 && sha256) {
		ret = fs_sha256(copy, sum, err);
		if (ret == 0 && strcmp(sum, sha256) != 0)
			ret = err_set(err, "'%s' was changed while the run began: start it again",
				      *path);
	}
	if (ret < 0) {
		free(copy);
		return -1;
	}
	free(*path);
	*path = copy;
	return 0;
}

/* The one module that guests are given, unpacked, where module_file() finds it. */
static int hold_module(struct kernel *k, const char *dir, struct err *err)
{
	char *to = xasprintf("%s/lib/modules/%s/kernel/drivers/block", dir, k->release), *found;
	bool made;
	int ret = fs_mkdirs(to, err);

	if (ret == 0) {
		found = module_file(k, BRD, to, &made);
		if (found && !made)
			ret = hold(&found, to, "brd.ko", NULL, err);
		free(found);
	}
	free(to);
	if (ret == 0) {
		free(k->modules);
		k->modules = xstrdup(dir);
	}
	return ret;
}

static int hold_kernel(struct run *r, size_t i, const char *top, struct err *err)
{
	char *dir = xasprintf("%s/%s", top, r->e->arms[i].name);
	struct kernel *k = &r->kernels[i];
	int ret = fs_mkdirs(dir, err);

	if (ret == 0)
		ret = hold(&k->image, dir, "vmlinuz", k->sha256, err);
	if (ret == 0)
		ret = hold_module(k, dir, err);
	if (ret == 0 && r->profiler.symbols && r->profiler.symbols[i])
		ret = hold(&r->profiler.symbols[i], dir, "System.map", NULL, err);
	free(dir);
	return ret;
}

/* Whether what is watched from now on is what was found; resolving kernels can have taken long. */
static int check_qemu(const struct target *t, struct err *err)
{
	char sum[65];

	if (t->qemu.n != 1)
		return 0;
	if (fs_sha256(t->qemu.v[0], sum, err) < 0)
		return -1;
	return strcmp(sum, t->qemu_sha256) == 0
		       ? 0
		       : err_set(err, "'%s' was changed while the run began: start it again",
				 t->qemu.v[0]);
}

int inputs_hold(struct run *r, struct err *err)
{
	const json_t *programs = json_object_get(r->store->run, "programs");
	char *top;
	int ret;

	watch_begin(&r->watch, r);
	if (r->target->kind == TARGET_HOST)
		return 0;
	if (check_qemu(r->target, err) < 0)
		return -1;
	top = inputs_dir(r);
	/* of a runner that was killed */
	ret = fs_remove_tree(top, err);
	if (ret == 0)
		ret = fs_mkdirs(top, err);
	for (size_t i = 0; ret == 0 && i < r->e->narms; i++)
		ret = hold_kernel(r, i, top, err);
	if (ret == 0)
		ret = hold(&r->bench, top, "mlockbench", json_get_str(programs, "mlockbench", NULL),
			   err);
	if (ret == 0)
		ret = hold(&r->init, top, "guest-init", json_get_str(programs, "guest-init", NULL),
			   err);
	free(top);
	if (ret < 0)
		inputs_drop(r);
	return ret;
}

void inputs_drop(struct run *r)
{
	char *top = inputs_dir(r);
	struct err ignored;

	fs_remove_tree(top, &ignored);
	watch_release(&r->watch);
	free(top);
}
