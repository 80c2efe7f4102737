#include "runner/kernels/list.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/debian/package.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"

/* nftw() has no argument for its callback. */
static unsigned long long bytes_seen;

static int add_size(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)path;
	(void)type;
	(void)ftw;
	bytes_seen += (unsigned long long)st->st_blocks * 512;
	return 0;
}

static unsigned long long tree_size(const char *dir)
{
	bytes_seen = 0;
	nftw(dir, add_size, 16, FTW_PHYS);
	return bytes_seen;
}

static void date_of(const char *path, char out[11])
{
	struct stat st;
	struct tm tm = {0};

	if (stat(path, &st) == 0)
		localtime_r(&st.st_mtime, &tm);
	strftime(out, 11, "%Y-%m-%d", &tm);
}

/*
 * What names this kernel here: its spec, without the default flavour, which goes without saying;
 * for a package of the user's own, the cache's name.
 */
static char *label_of(const struct cached_kernel *c, const char *flavour)
{
	const char *spec = json_get_str(c->info, "spec", "");
	const char *slash = strrchr(spec, '/');

	if (strncmp(spec, "debian:", 7) != 0)
		return xstrdup(c->name);
	return slash && strcmp(slash + 1, flavour) == 0 ? xstrndup(spec, (size_t)(slash - spec))
							 : xstrdup(spec);
}

enum { LABEL = 24 };

static void print_cached(const struct cached_kernels *l, const char *flavour)
{
	printf("  %-*s %-26s %8s  %s\n", LABEL, "spec", "release", "size", "fetched");
	for (size_t i = 0; i < l->n; i++) {
		const struct cached_kernel *c = &l->v[i];
		char *label = label_of(c, flavour);
		char *path = xasprintf("%s/kernel.json", c->dir);
		char date[11];

		date_of(path, date);
		printf("  %-*s", LABEL, label);
		if (strlen(label) > LABEL)
			printf("\n  %-*s", LABEL, "");
		printf(" %-26s %4llu MiB  %s\n", json_get_str(c->info, "release", "?"),
		       tree_size(c->dir) >> 20, date);
		free(path);
		free(label);
	}
}

static int list_cached(const char *cache, const char *flavour, struct err *err)
{
	struct cached_kernels l;

	if (kernel_cache_list(&l, cache, err) < 0)
		return -1;
	printf("cached in %s\n", cache);
	if (l.n)
		print_cached(&l, flavour);
	else
		puts("  none; 'mlocklab kernels fetch debian:6.1' fetches one");
	kernel_cache_list_release(&l);
	return 0;
}

static int by_series(const void *a, const void *b)
{
	const struct apt_package *const *x = a, *const *y = b;

	return strverscmp((*x)->version, (*y)->version);
}

static bool same_series(const struct apt_package *a, const struct apt_package *b)
{
	char *x = debian_series(a->version), *y = debian_series(b->version);
	bool same = strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

/* Keeps the newest package of each series, oldest series first; the list is the caller's. */
static const struct apt_package **newest_of_each(const struct apt_packages *images, size_t *n)
{
	const struct apt_package **v = xcalloc(images->n + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < images->n; i++) {
		const struct apt_package *p = &images->v[i];
		size_t j = 0;

		while (j < *n && !same_series(v[j], p))
			j++;
		if (j == *n)
			v[(*n)++] = p;
		else if (debian_newer(p->version, v[j]->version))
			v[j] = p;
	}
	if (*n)
		qsort(v, *n, sizeof(*v), by_series);
	return v;
}

static int open_fresh(struct apt *a, const struct kernel_opts *o,
		      const struct kernel_suites *suites, struct err *err)
{
	int lock = kernel_cache_lock(o->cache, err), ret;

	if (lock < 0)
		return -1;
	ret = kernel_fetch_open(a, suites, o, err);
	close(lock);
	return ret;
}

static int list_available(const struct kernel_opts *o, const struct kernel_suites *suites,
			  struct err *err)
{
	struct apt_packages images = {0};
	const struct apt_package **v;
	struct apt a;
	size_t n;

	if (o->update) {
		if (open_fresh(&a, o, suites, err) < 0)
			return -1;
	} else if (!apt_reopen(&a, o->cache) || !apt_has_lists(&a)) {
		puts("\nwhat Debian has: not asked yet; 'mlocklab kernels --update' asks");
		return 0;
	}
	if (debian_images(&a, suites->flavour, &images, err) < 0) {
		apt_release(&a);
		return -1;
	}
	printf("\nwhat Debian has, flavour %s\n", suites->flavour);
	v = newest_of_each(&images, &n);
	for (size_t i = 0; i < n; i++) {
		char *series = debian_series(v[i]->version);

		printf("  debian:%-17s %-26s %s\n", series, v[i]->version, v[i]->suite);
		free(series);
	}
	free(v);
	apt_packages_release(&images);
	apt_release(&a);
	return 0;
}

int kernel_list(const struct kernel_opts *o, struct err *err)
{
	struct kernel_suites suites;
	int ret;

	if (kernel_suites_load(&suites, o->config, err) < 0)
		return -1;
	ret = list_cached(o->cache, suites.flavour, err);
	if (ret == 0)
		ret = list_available(o, &suites, err);
	kernel_suites_release(&suites);
	return ret;
}
