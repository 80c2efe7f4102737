#include "runner/kernels/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/sha256.h"
#include "lib/suggest.h"
#include "runner/debian/deb.h"
#include "runner/kernels/build.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"
#include "runner/kernels/running.h"
#include "runner/kernels/spec.h"

/* The name of the cached kernel that a debian: spec means, a new string; NULL: none, err says. */
static char *cached_name(const struct kernel_spec *s, const char *flavour, const char *cache,
			 struct err *err)
{
	struct cached_kernels l;
	char *name;

	if (kernel_cache_list(&l, cache, err) < 0)
		return NULL;
	name = kernel_cache_newest(&l, s->version, flavour);
	if (!name)
		err_set(err, "no kernel %s of flavour %s is cached", s->version, flavour);
	kernel_cache_list_release(&l);
	return name;
}

static int resolve_debian(struct kernel *k, const struct kernel_spec *s,
			  const struct kernel_opts *o, struct err *err)
{
	struct kernel_suites suites;
	char *name = NULL;
	int lock, ret = -1;

	if (kernel_suites_load(&suites, o->config, err) < 0)
		return -1;
	if (s->flavour) {
		free(suites.flavour);
		suites.flavour = xstrdup(s->flavour);
	}
	if (!o->update)
		name = cached_name(s, suites.flavour, o->cache, err);
	if (!name && !o->cached) {
		lock = kernel_cache_lock(o->cache, err);
		/* Another fetch may have brought it while this one waited. */
		if (lock >= 0 && !o->update)
			name = cached_name(s, suites.flavour, o->cache, err);
		if (lock >= 0 && !name)
			name = kernel_fetch(s->version, &suites, o, err);
		if (lock >= 0)
			close(lock);
	}
	if (name)
		ret = kernel_cache_load(k, o->cache, name, err);
	free(name);
	kernel_suites_release(&suites);
	return ret;
}

static int resolve_built(struct kernel *k, const char *name, const char *cache, struct err *err)
{
	struct cached_kernels l;
	const char **names, *near;
	bool there = false;

	if (kernel_cache_list(&l, cache, err) < 0)
		return -1;
	names = xcalloc(l.n + 1, sizeof(*names));
	for (size_t i = 0; i < l.n; i++) {
		names[i] = l.v[i].name;
		there = there || !strcmp(name, names[i]);
	}
	near = there ? NULL : suggest(name, names, l.n);
	if (near)
		err_set(err, "no kernel '%s' is cached; did you mean 'built:%s'?", name, near);
	else if (!there)
		err_set(err, "no kernel '%s' is cached; 'mlocklab kernels' lists what is there",
			name);
	free(names);
	kernel_cache_list_release(&l);
	return there ? kernel_cache_load(k, cache, name, err) : -1;
}

/* One hash for all of them, in the order given: that of the one, or of the list of theirs. */
static int sum_debs(const struct strv *debs, char sum[65], struct err *err)
{
	struct sha256_ctx all;

	sha256_init(&all);
	for (size_t i = 0; i < debs->n; i++) {
		if (fs_sha256(debs->v[i], sum, err) < 0)
			return -1;
		sha256_update(&all, strlen(sum), (const uint8_t *)sum);
	}
	if (debs->n > 1)
		sha256_hex(&all, sum);
	return 0;
}

/* The cache's name for a set of package files: what the first says it is, and what all hold. */
static char *deb_name(const struct kernel_spec *s, json_t *info, struct err *err)
{
	struct deb_control c;
	char sum[65], *name;

	if (deb_control(&c, s->debs.v[0], err) < 0)
		return NULL;
	if (sum_debs(&s->debs, sum, err) < 0) {
		deb_control_release(&c);
		return NULL;
	}
	name = xasprintf("%s_%s_%s_%.12s", c.package, c.version, c.arch, sum);
	json_object_set_new(info, "package", json_string(c.package));
	json_object_set_new(info, "version", json_string(c.version));
	deb_control_release(&c);
	return name;
}

static int add_debs(const char *cache, const char *name, const struct kernel_spec *s, json_t *info,
		    struct err *err)
{
	int lock = kernel_cache_lock(cache, err), ret = -1;
	char *dir = xasprintf("%s/kernels/%s", cache, name), *scratch = NULL;
	struct err ignored;

	/* Another fetch may have brought it while this one waited, and be read by now. */
	if (lock >= 0 && fs_exists(dir))
		ret = 0;
	else if (lock >= 0)
		scratch = kernel_cache_scratch(cache, err);
	if (scratch) {
		ret = kernel_cache_add(cache, name, &s->debs, info, err);
		fs_remove_tree(scratch, &ignored);
	}
	free(scratch);
	free(dir);
	if (lock >= 0)
		close(lock);
	return ret;
}

static int resolve_deb(struct kernel *k, const char *spec, const struct kernel_spec *s,
		       const struct kernel_opts *o, struct err *err)
{
	json_t *info = json_pack("{s:s}", "spec", spec);
	char *name = deb_name(s, info, err), *dir = NULL;
	int ret = -1;

	if (!name)
		goto out;
	dir = xasprintf("%s/kernels/%s", o->cache, name);
	if (!fs_exists(dir) && add_debs(o->cache, name, s, info, err) < 0)
		goto out;
	ret = kernel_cache_load(k, o->cache, name, err);
out:
	free(dir);
	free(name);
	json_decref(info);
	return ret;
}

/* Takes a path that the user named, which must be there. */
static int take(char **slot, const char *path, const char *what, struct err *err)
{
	if (!path)
		return 0;
	if (access(path, R_OK) < 0)
		return err_sys(err, "cannot read %s '%s'", what, path);
	*slot = xstrdup(path);
	return 0;
}

static int resolve_image(struct kernel *k, const struct kernel_spec *s, struct err *err)
{
	k->image = xstrdup(s->image);
	if (kernel_identify(k, err) < 0 ||
	    take(&k->config, s->config, "kernel configuration", err) < 0 ||
	    take(&k->modules, s->modules, "module directory", err) < 0 ||
	    take(&k->system_map, s->map, "System.map", err) < 0)
		return -1;
	return fs_sha256(k->image, k->sha256, err);
}

/* As the user named it, from wherever this runs. */
static char *absolute(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : xstrdup(path);
}

/* In full, so that the same is meant tomorrow and elsewhere. */
static char *full_spec(const struct git *g, const struct git_commit *c,
		       const struct kernel_recipe *r)
{
	struct str s = STR_INIT;

	str_addf(&s, "git:%s@%s", g->dir, c->id);
	if (r->config)
		str_addf(&s, ",config=%s", r->config);
	for (size_t i = 0; i < r->fragments.n; i++)
		str_addf(&s, ",fragment=%s", r->fragments.v[i]);
	return s.buf;
}

static void fill_recipe(struct kernel_recipe *to, const struct kernel_spec *s,
			const struct kernel_recipe *given)
{
	const char *config = s->config ? s->config : given ? given->config : NULL;
	const struct strv *fragments = s->fragments.n || !given ? &s->fragments : &given->fragments;

	*to = (struct kernel_recipe){.config = config ? absolute(config) : NULL,
				     .jobs = given ? given->jobs : 0};
	for (size_t i = 0; i < fragments->n; i++) {
		char *path = absolute(fragments->v[i]);

		strv_push(&to->fragments, path);
		free(path);
	}
	for (size_t i = 0; given && i < given->job.n; i++)
		strv_push(&to->job, given->job.v[i]);
}

/* The tree and the commit that a spec means; both are to be released whatever comes of it. */
static int find_commit(struct git *g, struct git_commit *c, const struct kernel_spec *s,
		       const struct kernel_opts *o, struct err *err)
{
	const char *at = git_split(s->name), *rev = at ? at + 1 : s->name;
	char *dir = at ? xstrndup(s->name, (size_t)(at - s->name)) : NULL;
	int ret = git_open(g, dir ? dir : o->tree ? o->tree : git_default_tree(), o->cache, err);

	if (ret == 0)
		ret = git_commit(g, rev, c, err);
	free(dir);
	return ret;
}

static int resolve_git(struct kernel *k, const struct kernel_spec *s, const struct kernel_opts *o,
		       struct err *err)
{
	struct kernel_recipe recipe;
	struct git_commit c = {0};
	struct git g = {0};
	char *name = NULL;
	int ret = find_commit(&g, &c, s, o, err);

	fill_recipe(&recipe, s, o->recipe);
	if (ret == 0)
		name = kernel_build_commit(&g, &c, &recipe, o, NULL, err);
	if (name && kernel_cache_load(k, o->cache, name, err) == 0) {
		k->spec = full_spec(&g, &c, &recipe);
		json_decref(k->git);
		k->git = git_commit_json(&c);
		free(k->version);
		k->version = git_commit_words(&c);
	} else {
		ret = -1;
	}
	kernel_recipe_release(&recipe);
	git_commit_release(&c);
	git_release(&g);
	free(name);
	return ret;
}

/* The spec of a commit in full, a new string, or NULL. */
static char *pin_git(const struct kernel_spec *s, const struct kernel_opts *o, struct err *err)
{
	struct kernel_recipe recipe;
	struct git_commit c = {0};
	struct git g = {0};
	char *full = NULL;

	fill_recipe(&recipe, s, o->recipe);
	if (find_commit(&g, &c, s, o, err) == 0)
		full = full_spec(&g, &c, &recipe);
	kernel_recipe_release(&recipe);
	git_commit_release(&c);
	git_release(&g);
	return full;
}

char *kernel_pin(const char *spec, const struct kernel_opts *opts, bool *missing, struct err *err)
{
	struct kernel_opts cached = *opts;
	struct kernel_spec s;
	struct err ignored;
	struct kernel k;
	char *full;

	*missing = false;
	if (kernel_spec_parse(&s, spec, err) < 0)
		return NULL;
	full = s.kind == SPEC_GIT ? pin_git(&s, opts, err) : xstrdup(spec);
	if (full && (s.kind == SPEC_GIT || s.kind == SPEC_DEBIAN)) {
		cached.cached = true;
		*missing = kernel_resolve(&k, full, &cached, &ignored) < 0;
		if (!*missing)
			kernel_release(&k);
	}
	kernel_spec_release(&s);
	return full;
}

int kernel_resolve(struct kernel *k, const char *spec, const struct kernel_opts *opts,
		   struct err *err)
{
	struct kernel_spec s;
	int ret = -1;

	*k = (struct kernel){0};
	if (kernel_spec_parse(&s, spec, err) < 0)
		return -1;
	switch (s.kind) {
	case SPEC_DEBIAN:
		ret = resolve_debian(k, &s, opts, err);
		break;
	case SPEC_DEB:
		ret = resolve_deb(k, spec, &s, opts, err);
		break;
	case SPEC_IMAGE:
		ret = resolve_image(k, &s, err);
		break;
	case SPEC_BUILT:
		ret = resolve_built(k, s.name, opts->cache, err);
		break;
	case SPEC_GIT:
		ret = resolve_git(k, &s, opts, err);
		break;
	case SPEC_BOOT:
		ret = kernel_in_boot(k, s.name, err);
		break;
	case SPEC_RUNNING:
		ret = kernel_running(k, err);
		break;
	}
	if (ret < 0)
		kernel_release(k);
	else if (!k->spec)
		k->spec = xstrdup(spec);
	kernel_spec_release(&s);
	return ret;
}

char *kernel_made_in(const char *tree)
{
	static const char *const images[] = {"arch/x86/boot/bzImage", "bzImage"};
	static const char *const beside[][2] = {{"config", ".config"}, {"map", "System.map"}};
	struct str spec = STR_INIT;

	for (size_t i = 0; i < 2 && !spec.len; i++) {
		char *path = xasprintf("%s/%s", tree, images[i]);

		if (fs_exists(path))
			str_addf(&spec, "image:%s", path);
		free(path);
	}
	for (size_t i = 0; i < 2 && spec.len; i++) {
		char *path = xasprintf("%s/%s", tree, beside[i][1]);

		if (fs_exists(path))
			str_addf(&spec, ",%s=%s", beside[i][0], path);
		free(path);
	}
	return spec.buf;
}
