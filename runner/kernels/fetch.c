#include "runner/kernels/fetch.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include "lib/fs.h"
#include "lib/ini.h"
#include "runner/debian/package.h"
#include "runner/kernels/cache.h"

int kernel_suites_load(struct kernel_suites *s, const char *path, struct err *err)
{
	const struct ini_section *debian;
	const char *suites, *flavour;
	struct ini_file f;

	*s = (struct kernel_suites){0};
	if (ini_load(&f, path, err) < 0)
		return -1;
	debian = ini_find(&f, "debian");
	suites = debian ? ini_get(debian, "suites") : NULL;
	flavour = debian ? ini_get(debian, "flavour") : NULL;
	if (suites)
		strv_split(&s->suites, suites, " ,\t");
	s->flavour = xstrdup(flavour ? flavour : "cloud-amd64");
	ini_release(&f);
	if (s->suites.n)
		return 0;
	kernel_suites_release(s);
	return err_set(err,
		       "'%s' names no suites; a [debian] section with a line "
		       "'suites = bookworm bookworm-security' would be right",
		       path);
}

void kernel_suites_release(struct kernel_suites *s)
{
	strv_release(&s->suites);
	free(s->flavour);
	*s = (struct kernel_suites){0};
}

/*
 * 60 MiB of lists, there twice while they are replaced, and 60 MiB of apt's cache of them in 2026.
 * Asked before, since apt hangs on a full file system.
 */
#define LISTS_SPACE (200ull << 20)

int kernel_fetch_open(struct apt *a, const struct kernel_suites *s, const struct kernel_opts *o,
		      struct err *err)
{
	if (apt_open(a, o->cache, &s->suites, o->mirror, err) < 0)
		return -1;
	if (!o->update && apt_has_lists(a))
		return 0;
	if (!o->quiet)
		fprintf(stderr, "fetching the package lists of %zu suites\n", s->suites.n);
	if (kernel_fetch_space(a->dir, LISTS_SPACE, "package lists", err) == 0 &&
	    apt_update(a, err) == 0)
		return 1;
	apt_release(a);
	return -1;
}

int kernel_fetch_space(const char *dir, unsigned long long bytes, const char *what, struct err *err)
{
	struct statvfs fs;
	unsigned long long left;

	if (statvfs(dir, &fs) < 0)
		return err_sys(err, "cannot ask for the space of '%s'", dir);
	left = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (left >= bytes)
		return 0;
	return err_set(err,
		       "no space in '%s' for %s: it takes %llu MiB and %llu MiB are left; "
		       "free some or set MLOCKLAB_CACHE to another directory",
		       dir, what, bytes >> 20, left >> 20);
}

static void say_what(const struct apt_package *image, const struct strv *missing)
{
	fprintf(stderr, "fetching %s %s\n", image->name, image->version);
	for (size_t i = 0; i < missing->n; i++)
		fprintf(stderr, "going without %s: the mirror no longer has it\n", missing->v[i]);
}

/* Downloads the parts into the scratch directory and unpacks them as NAME. */
static int fetch_parts(const struct apt *a, const struct apt_package *image, const char *flavour,
		       const char *name, const struct kernel_opts *o, struct err *err)
{
	struct strv parts = STRV_INIT, missing = STRV_INIT, debs = STRV_INIT;
	char *scratch = kernel_cache_scratch(o->cache, err);
	char *spec = xasprintf("debian:%s/%s", image->version, flavour);
	unsigned long long bytes;
	struct err ignored;
	json_t *info = json_pack("{s:s, s:s, s:s, s:s}", "spec", spec, "package", image->name,
				 "version", image->version, "suite", image->suite);
	int ret = scratch ? debian_parts(a, image, &parts, &missing, &bytes, err) : -1;

	if (ret == 0)
		ret = kernel_fetch_space(o->cache, bytes, image->name, err);
	if (ret == 0 && !o->quiet)
		say_what(image, &missing);
	if (ret == 0)
		ret = apt_download(a, &parts, scratch, &debs, err);
	if (ret == 0)
		ret = kernel_cache_add(o->cache, name, &debs, info, err);
	if (scratch)
		fs_remove_tree(scratch, &ignored);
	json_decref(info);
	free(spec);
	free(scratch);
	strv_release(&parts);
	strv_release(&missing);
	strv_release(&debs);
	return ret;
}

static char *fetch_newest(const struct apt *a, const char *version, const struct kernel_suites *s,
			  const struct kernel_opts *o, struct err *err)
{
	struct apt_packages images = {0};
	const struct apt_package *image = NULL;
	char *name = NULL, *dir = NULL;
	int ret = -1;

	if (debian_images(a, s->flavour, &images, err) == 0)
		image = debian_newest(&images, version, s->flavour, err);
	if (image) {
		name = xasprintf("%s_%s_amd64", image->name, image->version);
		dir = xasprintf("%s/kernels/%s", o->cache, name);
		ret = fs_exists(dir) ? 0 : fetch_parts(a, image, s->flavour, name, o, err);
	}
	apt_packages_release(&images);
	free(dir);
	if (ret == 0)
		return name;
	free(name);
	return NULL;
}

char *kernel_fetch(const char *version, const struct kernel_suites *s, const struct kernel_opts *o,
		   struct err *err)
{
	struct kernel_opts again = *o;
	struct apt a;
	char *name;
	int fresh = kernel_fetch_open(&a, s, o, err);

	if (fresh < 0)
		return NULL;
	name = fetch_newest(&a, version, s, o, err);
	apt_release(&a);
	if (name || fresh)
		return name;
	/* Lists of another day name packages that the mirror has replaced, or miss the newest. */
	again.update = true;
	return kernel_fetch(version, s, &again, err);
}
