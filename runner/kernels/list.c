#include "runner/kernels/list.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/text.h"
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

/* What names this kernel on a command line: where Debian has it, without the default flavour. */
static char *spec_of(const struct cached_kernel *c, const char *flavour)
{
	const char *spec = json_get_str(c->info, "spec", "");
	const char *slash = strrchr(spec, '/');

	if (strncmp(spec, "debian:", 7) != 0)
		return xasprintf("built:%s", c->name);
	return slash && strcmp(slash + 1, flavour) == 0 ? xstrndup(spec, (size_t)(slash - spec))
							: xstrdup(spec);
}

/* What a kernel that is no package of Debian's was made of, or NULL. */
static const char *origin_of(const struct cached_kernel *c)
{
	if (json_object_get(c->info, "git"))
		return json_get_str(c->info, "version", NULL);
	return json_get_str(c->info, "suite", NULL) ? NULL : json_get_str(c->info, "spec", NULL);
}

static json_t *cached_json(const struct cached_kernel *c, const char *flavour)
{
	char *spec = spec_of(c, flavour), *path = xasprintf("%s/kernel.json", c->dir), date[11];
	json_t *o;

	date_of(path, date);
	o = json_pack("{s:s, s:s?, s:s?, s:s*, s:I, s:s, s:s}", "spec", spec, "release",
		      json_get_str(c->info, "release", NULL), "version",
		      json_get_str(c->info, "version", NULL), "origin", origin_of(c), "bytes",
		      (json_int_t)tree_size(c->dir), "fetched", date, "dir", c->dir);
	free(path);
	free(spec);
	return o;
}

static int add_cached(json_t *list, const char *cache, const char *flavour, struct err *err)
{
	struct cached_kernels l;
	json_t *all = json_array();
	int ret = 0;

	if (!list) {
		json_decref(all);
		return err_set(err, "the name of '%s' is not UTF-8", cache);
	}
	json_object_set_new(list, "cached", all);
	if (kernel_cache_list(&l, cache, err) < 0)
		return -1;
	for (size_t i = 0; ret == 0 && i < l.n; i++)
		if (json_array_append_new(all, cached_json(&l.v[i], flavour)) < 0)
			ret = err_set(err, "the name of '%s' is not UTF-8", l.v[i].dir);
	kernel_cache_list_release(&l);
	return ret;
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

static int add_available(json_t *list, const struct kernel_opts *o,
			 const struct kernel_suites *suites, struct err *err)
{
	struct apt_packages images = {0};
	const struct apt_package **v;
	json_t *all = json_array();
	struct apt a;
	size_t n;

	if (o->update) {
		if (open_fresh(&a, o, suites, err) < 0)
			goto failed;
	} else if (!apt_reopen(&a, o->cache) || !apt_has_lists(&a)) {
		json_decref(all);
		json_object_set_new(list, "debian", json_null());
		return 0;
	}
	if (debian_images(&a, suites->flavour, &images, err) < 0) {
		apt_release(&a);
		goto failed;
	}
	v = newest_of_each(&images, &n);
	for (size_t i = 0; i < n; i++) {
		char *series = debian_series(v[i]->version), *spec = xasprintf("debian:%s", series);

		json_array_append_new(all, json_pack("{s:s, s:s, s:s}", "spec", spec, "version",
						     v[i]->version, "suite", v[i]->suite));
		free(spec);
		free(series);
	}
	free(v);
	apt_packages_release(&images);
	apt_release(&a);
	json_object_set_new(list, "debian", all);
	return 0;
failed:
	json_decref(all);
	return -1;
}

json_t *kernel_list(const struct kernel_opts *o, struct err *err)
{
	struct kernel_suites suites;
	json_t *list;
	int ret;

	if (kernel_suites_load(&suites, o->config, err) < 0)
		return NULL;
	list = json_pack("{s:s, s:s}", "cache", o->cache, "flavour", suites.flavour);
	ret = add_cached(list, o->cache, suites.flavour, err);
	if (ret == 0)
		ret = add_available(list, o, &suites, err);
	kernel_suites_release(&suites);
	if (ret == 0)
		return list;
	json_decref(list);
	return NULL;
}

/* --- as text --- */

enum { SPEC_WIDTH = 24, ORIGIN_WIDTH = 69 };

static void add_cached_row(const json_t *k, struct str *out)
{
	const char *spec = json_get_str(k, "spec", ""), *origin = json_get_str(k, "origin", NULL);
	char *clean = origin ? text_clean(origin, ORIGIN_WIDTH) : NULL;

	str_addf(out, "  %-*s", SPEC_WIDTH, spec);
	if (strlen(spec) > SPEC_WIDTH)
		str_addf(out, "\n  %-*s", SPEC_WIDTH, "");
	str_addf(out, " %-26s %4lld MiB  %s\n", json_get_str(k, "release", "?"),
		 json_get_int(k, "bytes", 0) >> 20, json_get_str(k, "fetched", ""));
	if (clean)
		str_addf(out, "    of %s\n", clean);
	free(clean);
}

void kernel_list_text(const json_t *list, struct str *out)
{
	const json_t *cached = json_object_get(list, "cached"),
		     *debian = json_object_get(list, "debian");
	json_t *k;
	size_t i;

	str_addf(out, "cached in %s\n", json_get_str(list, "cache", ""));
	if (json_array_size(cached))
		str_addf(out, "  %-*s %-26s %8s  %s\n", SPEC_WIDTH, "spec", "release", "size",
			 "fetched");
	else
		str_add(out, "  none; 'mlocklab kernels fetch debian:6.1' fetches one\n");
	json_array_foreach(cached, i, k)
		add_cached_row(k, out);
	if (json_is_null(debian)) {
		str_add(out,
			"\nwhat Debian has: not asked yet; 'mlocklab kernels --update' asks\n");
		return;
	}
	str_addf(out, "\nwhat Debian has, flavour %s\n", json_get_str(list, "flavour", ""));
	json_array_foreach(debian, i, k)
		str_addf(out, "  %-*s %-26s %s\n", SPEC_WIDTH, json_get_str(k, "spec", ""),
			 json_get_str(k, "version", ""), json_get_str(k, "suite", ""));
}
