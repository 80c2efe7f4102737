#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* The one module that workloads need, where the configuration has it as one. */
static int copy_module(const char *out, const char *dir, const char *release, struct err *err)
{
	char *from = xasprintf("%s/" BRD, out), *to, *parent;
	int ret = 0;

	if (fs_exists(from)) {
		to = xasprintf("%s/lib/modules/%s/kernel/" BRD, dir, release);
		parent = xstrndup(to, (size_t)(strrchr(to, '/') - to));
		ret = fs_mkdirs(parent, err);
		if (ret == 0)
			ret = fs_copy(from, to, err);
		free(parent);
		free(to);
	}
	free(from);
	return ret;
}

static int describe(const char *out, const char *dir, json_t *info, struct err *err)
{
	char *image = xasprintf("%s/vmlinuz", dir), *path = xasprintf("%s/kernel.json", dir),
	     sum[65];
	char *release = bzimage_release(image, err), *compiler = kernel_make_compiler(err);
	int ret = release && compiler ? fs_sha256(image, sum, err) : -1;

	if (ret == 0)
		ret = copy_module(out, dir, release, err);
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

int kernel_install(const char *out, const char *cache, const char *name, json_t *info,
		   struct err *err)
{
	char *parent = xasprintf("%s/kernels", cache), *dir = xasprintf("%s/%s", parent, name);
	char *fresh = xasprintf("%s/.installed", out);
	struct err ignored;
	int ret = 0;

	fs_remove_tree(fresh, &ignored);
	if (fs_mkdirs(fresh, err) < 0 || fs_mkdirs(parent, err) < 0 ||
	    copy_parts(out, fresh, err) < 0 || describe(out, fresh, info, err) < 0)
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
