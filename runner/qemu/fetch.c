#include "runner/qemu/fetch.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "runner/debian/deb.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"

#define PACKAGE "qemu-system-x86"
#define BINARY "usr/bin/qemu-system-x86_64"
#define LIBRARIES "usr/lib/x86_64-linux-gnu"

void qemu_fetch_argv(const char *tree, struct strv *argv)
{
	/* QEMU looks for its modules from where its executable is, and that is the loader here. */
	strv_push(argv, "env");
	strv_pushf(argv, "QEMU_MODULE_DIR=%s/" LIBRARIES "/qemu", tree);
	strv_pushf(argv, "%s/" LIBRARIES "/ld-linux-x86-64.so.2", tree);
	strv_push(argv, "--library-path");
	strv_pushf(argv, "%s/" LIBRARIES, tree);
	strv_pushf(argv, "%s/" BINARY, tree);
	strv_push(argv, "-L");
	strv_pushf(argv, "%s/usr/share/qemu", tree);
	strv_push(argv, "-L");
	strv_pushf(argv, "%s/usr/share/seabios", tree);
}

char *qemu_fetch_place(void *arg, const char *name)
{
	static const char *const heads[] = {LIBRARIES "/", "usr/share/qemu/", "usr/share/seabios/",
					    NULL};

	(void)arg;
	/* Packages from before /lib became a link to /usr/lib. */
	if (strncmp(name, "lib/x86_64-linux-gnu/", strlen("lib/x86_64-linux-gnu/")) == 0)
		return xasprintf("usr/%s", name);
	for (int i = 0; heads[i]; i++)
		if (strncmp(name, heads[i], strlen(heads[i])) == 0)
			return xstrdup(name);
	return strcmp(name, BINARY) == 0 ? xstrdup(name) : NULL;
}

/* "10.0.13" of "qemu-system-x86=1:10.0.13+ds-0+deb13u1". */
static char *upstream_version(const char *package)
{
	const char *colon = strchr(package, ':');
	const char *v = colon ? colon + 1 : strchr(package, '=') + 1;

	return xstrndup(v, strspn(v, "0123456789."));
}

static const char *own_package(const struct strv *packages)
{
	for (size_t i = 0; i < packages->n; i++)
		if (strncmp(packages->v[i], PACKAGE "=", strlen(PACKAGE "=")) == 0)
			return packages->v[i];
	return NULL;
}

static int extract_all(const struct strv *debs, const char *tree, struct err *err)
{
	for (size_t i = 0; i < debs->n; i++)
		if (deb_extract(debs->v[i], tree, qemu_fetch_place, NULL, err) < 0)
			return -1;
	return 0;
}

/* Writes qemu.json for the tree's place at last, which is not yet where it is. */
static int describe(const char *dir, const char *final, const char *version, const char *package,
		    struct err *err)
{
	char *binary = xasprintf("%s/tree/" BINARY, dir), *path = xasprintf("%s/qemu.json", dir);
	char *tree = xasprintf("%s/tree", final);
	json_t *o = json_object(), *list = json_array();
	struct strv argv = STRV_INIT;
	char sum[65];
	int ret = fs_sha256(binary, sum, err);

	qemu_fetch_argv(tree, &argv);
	for (size_t i = 0; i < argv.n; i++)
		json_array_append_new(list, json_string(argv.v[i]));
	if (ret == 0) {
		json_object_set_new(o, "version", json_string(version));
		json_object_set_new(o, "package", json_string(package));
		json_object_set_new(o, "sha256", json_string(sum));
		json_object_set_new(o, "binary", json_sprintf("%s/" BINARY, tree));
		json_object_set(o, "argv", list);
		ret = json_write(path, o, err);
	}
	json_decref(list);
	json_decref(o);
	strv_release(&argv);
	free(tree);
	free(path);
	free(binary);
	return ret;
}

/* The tree must run here before it counts as fetched. */
static int try_out(const char *tree, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str out = STR_INIT;
	int ret;

	qemu_fetch_argv(tree, &argv);
	strv_push(&argv, "--version");
	ret = spawn_capture(argv.v, &out, err);
	if (ret < 0)
		err_prefix(err, "the QEMU that was fetched does not run here");
	strv_release(&argv);
	str_release(&out);
	return ret;
}

static int fetch_tree(const struct apt *a, const struct strv *packages, const char *scratch,
		      const char *final, const char *version, struct err *err)
{
	char *dir = xasprintf("%s/qemu", scratch), *tree = xasprintf("%s/tree", dir);
	struct strv debs = STRV_INIT;
	struct str parent = STR_INIT;
	int ret = fs_mkdirs(tree, err);

	str_addn(&parent, final, (size_t)(strrchr(final, '/') - final));
	if (ret == 0)
		ret = apt_download(a, packages, scratch, &debs, err);
	if (ret == 0)
		ret = extract_all(&debs, tree, err);
	if (ret == 0)
		ret = try_out(tree, err);
	if (ret == 0)
		ret = describe(dir, final, version, own_package(packages), err);
	if (ret == 0)
		ret = fs_mkdirs(str_text(&parent), err);
	if (ret == 0 && rename(dir, final) < 0)
		ret = err_sys(err, "cannot rename '%s' to '%s'", dir, final);
	strv_release(&debs);
	str_release(&parent);
	free(tree);
	free(dir);
	return ret;
}

/* 37 MiB of packages and 90 MiB unpacked in 2026. */
#define SPACE (200ull << 20)

static char *fetch(const struct apt *a, const struct kernel_opts *o, struct err *err)
{
	char *version = NULL, *final = NULL, *scratch = NULL, *real = realpath(o->cache, NULL);
	struct strv packages = STRV_INIT;
	struct err ignored;
	int ret = apt_closure(a, PACKAGE, &packages, err);

	if (ret == 0 && !own_package(&packages))
		ret = err_set(err, "apt found no package '" PACKAGE "' in the suites of '%s'",
			      o->config);
	if (ret == 0) {
		version = upstream_version(own_package(&packages));
		final = xasprintf("%s/qemu/%s", real, version);
	}
	if (ret < 0 || fs_exists(final))
		goto out;
	ret = kernel_fetch_space(real, SPACE, "QEMU", err);
	scratch = ret == 0 ? kernel_cache_scratch(real, err) : NULL;
	if (!scratch) {
		ret = -1;
		goto out;
	}
	if (!o->quiet)
		fprintf(stderr, "fetching QEMU %s and what it needs, %zu packages\n", version,
			packages.n);
	ret = fetch_tree(a, &packages, scratch, final, version, err);
	fs_remove_tree(scratch, &ignored);
out:
	strv_release(&packages);
	free(scratch);
	free(final);
	free(real);
	if (ret == 0)
		return version;
	free(version);
	return NULL;
}

char *qemu_fetch(const struct kernel_opts *o, struct err *err)
{
	int lock = kernel_cache_lock(o->cache, err), fresh = -1;
	struct kernel_suites suites;
	char *version = NULL;
	struct apt a;

	if (lock < 0)
		return NULL;
	if (kernel_suites_load(&suites, o->config, err) == 0) {
		fresh = kernel_fetch_open(&a, &suites, o, err);
		kernel_suites_release(&suites);
	}
	if (fresh >= 0) {
		version = fetch(&a, o, err);
		/* Lists of another day name packages that the mirror has replaced. */
		if (!version && !fresh && apt_update(&a, err) == 0)
			version = fetch(&a, o, err);
		apt_release(&a);
	}
	close(lock);
	return version;
}
