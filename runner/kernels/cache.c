#include "runner/kernels/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/kernels/bzimage.h"
#include "runner/debian/deb.h"
#include "runner/debian/package.h"

static bool begins(const char *s, const char *head)
{
	return strncmp(s, head, strlen(head)) == 0;
}

static int add_listed(struct cached_kernels *l, const char *cache, const char *name,
		      struct err *err)
{
	struct cached_kernel c = {.name = xstrdup(name)};
	char *path;

	c.dir = xasprintf("%s/kernels/%s", cache, name);
	path = xasprintf("%s/kernel.json", c.dir);
	c.info = json_read(path, err);
	free(path);
	if (!c.info) {
		err_prefix(err, "broken cache entry, run: mlocklab kernels rm %s", name);
		free(c.name);
		free(c.dir);
		return -1;
	}
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = c;
	return 0;
}

int kernel_cache_list(struct cached_kernels *l, const char *cache, struct err *err)
{
	char *path = xasprintf("%s/kernels", cache);
	struct dirent **names = NULL;
	int n = scandir(path, &names, NULL, versionsort), ret = 0;

	*l = (struct cached_kernels){0};
	if (n < 0 && errno != ENOENT)
		ret = err_sys(err, "cannot read '%s'", path);
	for (int i = 0; i < n; i++) {
		if (ret == 0 && names[i]->d_name[0] != '.')
			ret = add_listed(l, cache, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	free(path);
	if (ret < 0)
		kernel_cache_list_release(l);
	return ret;
}

void kernel_cache_list_release(struct cached_kernels *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].dir);
		json_decref(l->v[i].info);
	}
	free(l->v);
	*l = (struct cached_kernels){0};
}

char *kernel_cache_newest(const struct cached_kernels *l, const char *version, const char *flavour)
{
	const struct cached_kernel *best = NULL;
	const char *best_version = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct cached_kernel *c = &l->v[i];
		const char *has = json_get_str(c->info, "version", "");

		if (begins(json_get_str(c->info, "spec", ""), "debian:") &&
		    debian_is_image(json_get_str(c->info, "package", ""), has, version, flavour) &&
		    (!best || debian_newer(has, best_version))) {
			best = c;
			best_version = has;
		}
	}
	return best ? xstrdup(best->name) : NULL;
}

int kernel_cache_lock(const char *cache, struct err *err)
{
	char *dir = xasprintf("%s/kernels", cache);
	char *path = xasprintf("%s/.lock", dir);
	int fd = -1;

	if (fs_mkdirs(dir, err) < 0)
		goto out;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		err_sys(err, "cannot open '%s'", path);
		goto out;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int ret = -1;

		if (errno == EWOULDBLOCK) {
			fprintf(stderr, "mlocklab: waiting for another fetch into '%s'\n", cache);
			while ((ret = flock(fd, LOCK_EX)) < 0 && errno == EINTR)
				;
		}
		if (ret < 0) {
			err_sys(err, "cannot lock '%s'", path);
			close(fd);
			fd = -1;
		}
	}
out:
	free(path);
	free(dir);
	return fd;
}

char *kernel_cache_scratch(const char *cache, struct err *err)
{
	char *path = xasprintf("%s/kernels/.unfinished", cache);

	if (fs_remove_tree(path, err) == 0 && fs_mkdirs(path, err) == 0)
		return path;
	free(path);
	return NULL;
}

/* "boot/vmlinuz-RELEASE" and, in the newer split packages, "usr/lib/modules/RELEASE/vmlinuz". */
char *kernel_cache_place(void *arg, const char *name)
{
	static const char *const files[] = {"vmlinuz", "config", "System.map"};
	const char *in_release;

	(void)arg;
	if (begins(name, "usr/lib/"))
		name += strlen("usr/");
	in_release =
		begins(name, "lib/modules/") ? strchr(name + strlen("lib/modules/"), '/') : NULL;
	for (int i = 0; i < 3; i++) {
		size_t n = strlen(files[i]);

		if (begins(name, "boot/") && begins(name + 5, files[i]) && name[5 + n] == '-')
			return xstrdup(files[i]);
		if (in_release && strcmp(in_release + 1, files[i]) == 0)
			return xstrdup(files[i]);
	}
	return in_release ? xstrdup(name) : NULL;
}

bool kernel_map_is_real(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 4096;
}

static int unpack(const struct strv *debs, const char *dir, json_t *info, struct err *err)
{
	json_t *sums = json_object();
	char sum[65];

	json_object_set_new(info, "debs", sums);
	for (size_t i = 0; i < debs->n; i++) {
		const char *base = strrchr(debs->v[i], '/');

		if (fs_sha256(debs->v[i], sum, err) < 0 ||
		    deb_extract(debs->v[i], dir, kernel_cache_place, NULL, err) < 0)
			return -1;
		json_object_set_new(sums, base ? base + 1 : debs->v[i], json_string(sum));
	}
	return 0;
}

/* Beside the image: what a guest is given, and what figures are explained with. */
static const char *const checked[] = {"config", "System.map",
				      "lib/modules/*/kernel/drivers/block/brd.ko*"};

static int add_sum(json_t *sums, const char *dir, const char *path, struct err *err)
{
	char sum[65];

	if (fs_sha256(path, sum, err) < 0)
		return -1;
	json_object_set_new(sums, path + strlen(dir) + 1, json_string(sum));
	return 0;
}

/* The files of `checked` that are there, by their whole paths. */
static void find_checked(const char *dir, struct strv *paths)
{
	for (size_t i = 0; i < sizeof(checked) / sizeof(*checked); i++) {
		char *pattern = xasprintf("%s/%s", dir, checked[i]);
		glob_t found = {0};

		glob(pattern, 0, NULL, &found);
		for (size_t k = 0; k < found.gl_pathc; k++)
			strv_push(paths, found.gl_pathv[k]);
		globfree(&found);
		free(pattern);
	}
}

int kernel_cache_add_sums(const char *dir, json_t *info, struct err *err)
{
	struct strv paths = STRV_INIT;
	json_t *sums = json_object();
	int ret = 0;

	json_object_set_new(info, "files", sums);
	find_checked(dir, &paths);
	for (size_t i = 0; ret == 0 && i < paths.n; i++)
		ret = add_sum(sums, dir, paths.v[i], err);
	strv_release(&paths);
	return ret;
}

static int check_sum(const char *path, const char *expected, const char *name, struct err *err)
{
	char sum[65];

	if (fs_sha256(path, sum, err) < 0)
		return -1;
	if (strcmp(sum, expected) == 0)
		return 0;
	return err_set(err,
		       "cached file '%s' does not have the SHA-256 that it was fetched with; run: "
		       "mlocklab kernels rm %s, then fetch it again",
		       path, name);
}

/* What a guest is given or figures are explained with is what was fetched, and nothing beside it.
 */
static int check_sums(const char *dir, const json_t *info, const char *name, struct err *err)
{
	json_t *files = json_object_get(info, "files"), *sum;
	struct strv paths = STRV_INIT;
	const char *file;
	int ret = 0;

	json_object_foreach(files, file, sum) {
		char *path = xasprintf("%s/%s", dir, file);

		if (ret == 0)
			ret = check_sum(path, json_is_string(sum) ? json_string_value(sum) : "",
					name, err);
		free(path);
	}
	find_checked(dir, &paths);
	for (size_t i = 0; ret == 0 && i < paths.n; i++)
		if (!json_object_get(files, paths.v[i] + strlen(dir) + 1))
			ret = err_set(
				err,
				"cached file '%s' is none that was fetched; run: mlocklab kernels "
				"rm %s, then fetch it again",
				paths.v[i], name);
	strv_release(&paths);
	return ret;
}

/* Adds what only the unpacked files say, and writes kernel.json. */
static int describe(const char *dir, const struct strv *debs, json_t *info, struct err *err)
{
	char *image = xasprintf("%s/vmlinuz", dir), *map = xasprintf("%s/System.map", dir);
	char *path = xasprintf("%s/kernel.json", dir), *release = NULL;
	char sum[65];
	int ret = -1;

	if (!fs_exists(image)) {
		err_set(err,
			"'%s' holds no vmlinuz; a kernel image package would be right, and "
			"where it is split, its linux-binary- package",
			debs->v[0]);
		goto out;
	}
	release = bzimage_release(image, err);
	if (!release || fs_sha256(image, sum, err) < 0)
		goto out;
	if (!kernel_map_is_real(map) && fs_remove_tree(map, err) < 0)
		goto out;
	json_object_set_new(info, "release", json_string(release));
	json_object_set_new(info, "sha256", json_string(sum));
	if (kernel_cache_add_sums(dir, info, err) < 0)
		goto out;
	ret = json_write(path, info, err);
out:
	free(release);
	free(path);
	free(map);
	free(image);
	return ret;
}

int kernel_cache_add(const char *cache, const char *name, const struct strv *debs, json_t *info,
		     struct err *err)
{
	char *dir = xasprintf("%s/kernels/.unfinished/tree", cache);
	char *to = xasprintf("%s/kernels/%s", cache, name);
	int ret = fs_mkdirs(dir, err);

	if (ret == 0)
		ret = unpack(debs, dir, info, err);
	if (ret == 0)
		ret = describe(dir, debs, info, err);
	if (ret == 0)
		ret = fs_remove_tree(to, err);
	if (ret == 0 && rename(dir, to) < 0)
		ret = err_sys(err, "cannot rename '%s' to '%s'", dir, to);
	free(dir);
	free(to);
	return ret;
}

int kernel_cache_remove(const char *cache, const char *name, struct err *err)
{
	char *from = xasprintf("%s/kernels/%s", cache, name);
	char *to = kernel_cache_scratch(cache, err);
	char *dead = to ? xasprintf("%s/dead", to) : NULL;
	int ret = -1;

	/* Out of sight first, so that a removal that is cut leaves no half kernel. */
	if (dead && rename(from, dead) < 0)
		err_sys(err, "cannot remove '%s'", from);
	else if (dead)
		ret = fs_remove_tree(to, err);
	free(dead);
	free(to);
	free(from);
	return ret;
}

static char *if_there(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	if (fs_exists(path))
		return path;
	free(path);
	return NULL;
}

static char *member(const json_t *info, const char *key)
{
	const char *value = json_get_str(info, key, NULL);

	return value ? xstrdup(value) : NULL;
}

/* What was left by a fetch that was killed, unless another is at work on it. */
static void sweep(const char *cache)
{
	char *dir = xasprintf("%s/kernels/.unfinished", cache);
	char *lock = xasprintf("%s/kernels/.lock", cache);
	int fd = fs_exists(dir) ? open(lock, O_RDWR | O_CLOEXEC) : -1;
	struct err ignored;

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		fs_remove_tree(dir, &ignored);
	if (fd >= 0)
		close(fd);
	free(lock);
	free(dir);
}

int kernel_cache_load(struct kernel *k, const char *cache, const char *name, struct err *err)
{
	char *dir = xasprintf("%s/kernels/%s", cache, name);
	char *path = xasprintf("%s/kernel.json", dir), *modules = if_there(dir, "lib/modules");
	json_t *info = json_read(path, err);
	int ret = -1;

	*k = (struct kernel){0};
	sweep(cache);
	if (!info)
		goto out;
	k->image = xasprintf("%s/vmlinuz", dir);
	k->config = if_there(dir, "config");
	k->system_map = if_there(dir, "System.map");
	k->modules = modules ? xstrdup(dir) : NULL;
	k->package = member(info, "package");
	k->version = member(info, "version");
	k->git = json_incref(json_object_get(info, "git"));
	snprintf(k->sha256, sizeof(k->sha256), "%s", json_get_str(info, "sha256", ""));
	ret = check_sum(k->image, k->sha256, name, err);
	if (ret == 0)
		ret = check_sums(dir, info, name, err);
	if (ret == 0)
		ret = kernel_identify(k, err);
	if (ret < 0)
		kernel_release(k);
out:
	json_decref(info);
	free(modules);
	free(path);
	free(dir);
	return ret;
}
