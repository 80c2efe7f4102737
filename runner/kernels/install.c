#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/kernels/build.h"
#include "runner/kernels/bzimage.h"
#include "runner/kernels/cache.h"

#define BRD "drivers/block/brd.ko"

static int copy_to(const char *from, const char *dir, const char *name, struct err *err)
{
	char *to = xasprintf("%s/%s", dir, name);
	int ret = fs_copy(from, to, err);

	free(to);
	return ret;
}

static int copy_parts(const char *out, const char *dir, struct err *err)
{
	static const struct {
		const char *from, *to;
	} parts[] = {{"arch/x86/boot/bzImage", "vmlinuz"},
		     {".config", "config"},
		     {"System.map", "System.map"}};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(parts) / sizeof(*parts); i++) {
		char *from = xasprintf("%s/%s", out, parts[i].from);

		ret = copy_to(from, dir, parts[i].to, err);
		free(from);
	}
	return ret;
}

/* A file of what was made, below lib/modules/RELEASE as `to`, where it is there. */
static int copy_below(const char *out, const char *from, const char *modules, const char *to,
		      struct err *err)
{
	char *source = xasprintf("%s/%s", out, from), *path = xasprintf("%s/%s", modules, to);
	char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	int ret = 0;

	if (fs_exists(source))
		ret = fs_mkdirs(parent, err);
	if (ret == 0 && fs_exists(source))
		ret = fs_copy(source, path, err);
	free(parent);
	free(path);
	free(source);
	return ret;
}

/* All of them, as `make modules_install` does it, but for its links to the source. */
static int install_modules(struct kernel_make *m, const char *dir, const char *modules,
			   struct err *err)
{
	char *target = xasprintf("INSTALL_MOD_PATH=%s INSTALL_MOD_STRIP=1 modules_install", dir);
	char *links[] = {xasprintf("%s/build", modules), xasprintf("%s/source", modules)};
	int ret = kernel_make(m, target, 0, err);

	for (size_t i = 0; i < 2; i++) {
		unlink(links[i]);
		free(links[i]);
	}
	free(target);
	return ret;
}

/* The one module that workloads need, where the configuration has it as one; or all. */
static int add_modules(struct kernel_make *m, bool all, const char *dir, const char *release,
		       struct err *err)
{
	char *modules = xasprintf("%s/lib/modules/%s", dir, release);
	int ret = all ? install_modules(m, dir, modules, err)
		      : copy_below(m->out, BRD, modules, "kernel/" BRD, err);

	if (ret == 0)
		ret = copy_below(m->out, "modules.builtin", modules, "modules.builtin", err);
	free(modules);
	return ret;
}

static int describe(struct kernel_make *m, bool modules, const char *dir, json_t *info,
		    struct err *err)
{
	char *image = xasprintf("%s/vmlinuz", dir), *path = xasprintf("%s/kernel.json", dir),
	     sum[65];
	char *release = bzimage_release(image, err), *compiler = kernel_make_compiler(err);
	int ret = release && compiler ? fs_sha256(image, sum, err) : -1;

	if (ret == 0)
		ret = add_modules(m, modules, dir, release, err);
	if (ret == 0) {
		json_object_set_new(info, "release", json_string(release));
		json_object_set_new(info, "sha256", json_string(sum));
		json_object_set_new(info, "compiler", json_string(compiler));
		json_object_set_new(info, "variables", kernel_make_variables());
		ret = kernel_cache_add_sums(dir, info, err);
	}
	if (ret == 0)
		ret = json_write(path, info, err);
	free(compiler);
	free(release);
	free(path);
	free(image);
	return ret;
}

int kernel_install(struct kernel_make *m, bool modules, const char *cache, const char *name,
		   json_t *info, struct err *err)
{
	char *parent = xasprintf("%s/kernels", cache), *dir = xasprintf("%s/%s", parent, name);
	char *fresh = xasprintf("%s/.installed", m->out);
	struct err ignored;
	int ret = 0;

	fs_remove_tree(fresh, &ignored);
	if (fs_mkdirs(fresh, err) < 0 || fs_mkdirs(parent, err) < 0 ||
	    copy_parts(m->out, fresh, err) < 0 || describe(m, modules, fresh, info, err) < 0)
		ret = -1;
	if (ret == 0 && fs_exists(dir))
		ret = fs_remove_tree(dir, err);
	if (ret == 0 && rename(fresh, dir) < 0)
		ret = err_sys(err, "cannot make '%s'", dir);
	free(fresh);
	free(dir);
	free(parent);
	return ret;
}

char *kernel_installed_identity(const char *cache, const char *name, struct err *err)
{
	char *path = xasprintf("%s/kernels/%s/kernel.json", cache, name);
	json_t *info = json_read(path, err), *sum;
	struct str s = STR_INIT;
	const char *file;

	free(path);
	if (!info)
		return NULL;
	str_add(&s, json_get_str(info, "sha256", ""));
	json_object_foreach(json_object_get(info, "files"), file, sum)
		if (strncmp(file, "lib/modules/", 12) == 0)
			str_addf(&s, "+%s", json_is_string(sum) ? json_string_value(sum) : "");
	json_decref(info);
	return s.buf;
}
