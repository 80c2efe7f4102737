#include "runner/kernels/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/jail.h"
#include "lib/spawn.h"
#include "runner/debian/deb.h"
#include "runner/debian/package.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"

/* A package of 130 MiB, its tree of 1.3 GiB, and what the compiler makes of it. */
#define BUILD_SPACE (4ull << 30)

void kernel_source_release(struct kernel_source *s)
{
	free(s->dir);
	free(s->name);
	free(s->version);
	*s = (struct kernel_source){0};
}

/* --- Debian's --- */

void kernel_source_unpack_argv(struct strv *argv, const char *archive, const char *dir)
{
	strv_split(argv, "tar -xJ --strip-components=1 -f", " ");
	strv_push(argv, archive);
	strv_push(argv, "-C");
	strv_push(argv, dir);
}

static char *place_archive(void *arg, const char *name)
{
	const char *base = strrchr(name, '/');
	size_t len = strlen(name);

	(void)arg;
	if (!base || strncmp(name, "usr/src/", 8) || len < 7 || strcmp(name + len - 7, ".tar.xz"))
		return NULL;
	return strncmp(base, "/linux-source-", 14) ? NULL : xstrdup("source.tar.xz");
}

static int unpack(const char *deb, const char *scratch, const char *tree, struct err *err)
{
	const struct jail jail = {.writes = tree, .keep_uid = true};
	char *archive = xasprintf("%s/source.tar.xz", scratch);
	struct child tar = CHILD_INIT;
	struct strv argv = STRV_INIT;
	int ret = deb_extract(deb, scratch, place_archive, NULL, err);

	if (ret == 0 && !fs_exists(archive))
		ret = err_set(err, "'%s' holds no archive of a kernel's source", deb);
	if (ret == 0)
		ret = fs_mkdirs(tree, err);
	kernel_source_unpack_argv(&argv, archive, tree);
	tar.argv = argv.v;
	tar.jail = &jail;
	if (ret == 0)
		ret = child_start(&tar, err) < 0 ? -1 : child_end(&tar, err);
	strv_release(&argv);
	free(archive);
	return ret;
}

/* Downloads a package and puts its tree at s->dir, whole or not at all. */
static int fetch_tree(struct kernel_source *s, const struct apt *a, const char *package,
		      const struct kernel_opts *o, struct err *err)
{
	char *scratch = kernel_cache_scratch(o->cache, err), *tree = NULL;
	char *parent = xasprintf("%s/sources", o->cache);
	struct strv what = STRV_INIT, debs = STRV_INIT;
	struct err ignored;
	int ret =
		scratch ? kernel_fetch_space(o->cache, BUILD_SPACE, "building a kernel", err) : -1;

	strv_pushf(&what, "%s=%s", package, s->version);
	if (ret == 0) {
		fprintf(stderr, "fetching %s %s\n", package, s->version);
		ret = apt_download(a, &what, scratch, &debs, err);
	}
	if (ret == 0) {
		fprintf(stderr, "unpacking it\n");
		tree = xasprintf("%s/tree", scratch);
		ret = unpack(debs.v[0], scratch, tree, err);
	}
	if (ret == 0)
		ret = fs_mkdirs(parent, err);
	if (ret == 0 && rename(tree, s->dir) < 0)
		ret = err_sys(err, "cannot make '%s'", s->dir);
	if (scratch)
		fs_remove_tree(scratch, &ignored);
	strv_release(&what);
	strv_release(&debs);
	free(parent);
	free(tree);
	free(scratch);
	return ret;
}

static int newest(const struct apt *a, const char *package, char **version, struct err *err)
{
	struct strv names = STRV_INIT;
	struct apt_packages found = {0};
	const struct apt_package *best = NULL;
	int ret;

	strv_push(&names, package);
	ret = apt_versions(a, &names, &found, err);
	for (size_t i = 0; ret == 0 && i < found.n; i++)
		if (!best || debian_newer(found.v[i].version, best->version))
			best = &found.v[i];
	if (ret == 0 && !best)
		ret = err_set(
			err,
			"Debian has no package '%s' in the suites of configs/kernel/debian.ini",
			package);
	if (best)
		*version = xstrdup(best->version);
	apt_packages_release(&found);
	strv_release(&names);
	return ret;
}

static int get_debian(struct kernel_source *s, const char *version, const struct kernel_opts *o,
		      struct err *err)
{
	char *package = xasprintf("linux-source-%s", version);
	struct kernel_suites suites;
	struct apt a;
	int ret = kernel_suites_load(&suites, o->config, err);

	if (ret < 0)
		goto out;
	ret = kernel_fetch_open(&a, &suites, o, err);
	kernel_suites_release(&suites);
	if (ret < 0)
		goto out;
	ret = newest(&a, package, &s->version, err);
	if (ret == 0) {
		s->name = xasprintf("%s_%s", package, s->version);
		s->dir = xasprintf("%s/sources/%s", o->cache, s->name);
		if (!fs_exists(s->dir))
			ret = fetch_tree(s, &a, package, o, err);
	}
	apt_release(&a);
out:
	free(package);
	return ret;
}

/* --- the user's --- */

static int get_own(struct kernel_source *s, const char *dir, struct err *err)
{
	char *kconfig = xasprintf("%s/scripts/kconfig/merge_config.sh", dir);
	int ret = 0;

	s->dir = realpath(dir, NULL);
	s->name = xstrdup("source");
	s->own = true;
	if (!s->dir)
		ret = err_sys(err, "cannot read '%s'", dir);
	else if (access(kconfig, R_OK) < 0)
		ret = err_set(err, "'%s' is no kernel's source: it has no scripts/kconfig", dir);
	free(kconfig);
	return ret;
}

int kernel_source_get(struct kernel_source *s, const char *spec, const struct kernel_opts *o,
		      struct err *err)
{
	int ret;

	*s = (struct kernel_source){0};
	if (strncmp(spec, "debian-source:", 14) == 0 && spec[14])
		ret = get_debian(s, spec + 14, o, err);
	else if (strncmp(spec, "source:", 7) == 0 && spec[7])
		ret = get_own(s, spec + 7, err);
	else
		ret = err_set(err,
			      "'%s' is no source: debian-source:VERSION, source:DIR or git:REV",
			      spec);
	if (ret < 0)
		kernel_source_release(s);
	return ret;
}
