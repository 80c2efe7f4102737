#include "runner/kernels/build.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/kernels/source.h"

struct build {
	const char *spec;
	const struct kernel_recipe *recipe;
	const struct kernel_opts *o;
	struct kernel_source source;
	char *out, *log_path;
	char *name;  /* in the cache */
	json_t *git; /* the commit that a directory stands at, or NULL */
	struct kernel_make make;
};

/* --- the name --- */

/* Twelve digits of what the image comes from: source, configuration (its compiler in it). */
static int config_key(const struct build *b, const struct str *config, char key[13],
		      struct err *err)
{
	char *path = xasprintf("%s/mlocklab.key", b->out), sum[65];
	struct str text = STR_INIT;
	int ret;

	str_addf(&text, "%s\n%s\n", b->source.name, b->source.own ? b->source.dir : "");
	str_addn(&text, str_text(config), config->len);
	ret = fs_write_atomic(path, text.buf, text.len, err);
	if (ret == 0)
		ret = fs_sha256(path, sum, err);
	if (ret == 0)
		snprintf(key, 13, "%.12s", sum);
	str_release(&text);
	free(path);
	return ret;
}

/*
 * A directory's source may be another the next time: its kernel is named by the commit where it has
 * one, and by the image itself, so that no two kernels have one name.
 */
static char *own_name(const struct build *b, const char *key, struct err *err)
{
	char *image = xasprintf("%s/arch/x86/boot/bzImage", b->out), sum[65], *name = NULL;
	const char *commit = json_get_str(b->git, "commit", "");

	if (fs_sha256(image, sum, err) == 0)
		name = xasprintf("source%s%.12s%s_%.12s_%s", *commit ? "_" : "", commit,
				 json_get_bool(b->git, "dirty", 0) ? "+" : "", sum, key);
	free(image);
	return name;
}

/* Of a tree that git knows: the commit it stands at, and whether it has changes. */
static json_t *commit_of(const struct kernel_source *s, const char *cache)
{
	struct git_commit c;
	struct err ignored;
	json_t *o = NULL;
	struct git g;

	if (!s->own || git_open(&g, s->dir, cache, &ignored) < 0)
		return NULL;
	if (git_commit(&g, "HEAD", &c, &ignored) == 0) {
		c.dirty = git_has_changes(&g);
		o = git_commit_json(&c);
		git_commit_release(&c);
	}
	git_release(&g);
	return o;
}

/* --- all of it --- */

static int install(struct build *b, struct err *err)
{
	json_t *fragments = json_array(), *info;
	int ret;

	for (size_t i = 0; i < b->recipe->fragments.n; i++) {
		const char *base = strrchr(b->recipe->fragments.v[i], '/');

		json_array_append_new(fragments,
				      json_string(base ? base + 1 : b->recipe->fragments.v[i]));
	}
	info = json_pack("{s:s, s:s, s:s?, s:o}", "spec", b->spec, "package", b->source.name,
			 "version", b->source.version, "fragments", fragments);
	if (b->git)
		json_object_set(info, "git", b->git);
	ret = kernel_install(&b->make, false, b->o->cache, b->name, info, err);
	json_decref(info);
	return ret;
}

static int build_image(struct build *b, const char *key, struct err *err)
{
	char *dir;
	bool there;
	struct err ignored;
	int ret;

	b->name = b->source.own ? NULL : xasprintf("%s_%s", b->source.name, key);
	dir = xasprintf("%s/kernels/%s", b->o->cache, b->name ? b->name : "");
	there = b->name && fs_exists(dir);
	free(dir);
	if (there)
		return 0;
	fprintf(stderr, "building %s; its log is '%s'\n", b->source.name, b->log_path);
	ret = kernel_make(&b->make, "bzImage modules", b->recipe->jobs, err);
	if (ret == 0 && !b->name) {
		b->name = own_name(b, key, err);
		ret = b->name ? 0 : -1;
	}
	if (ret == 0)
		ret = install(b, err);
	/* gigabytes that nobody needs again; of a tree that changes they save the next build */
	if (ret == 0 && !b->source.own)
		fs_remove_tree(b->out, &ignored);
	return ret;
}

static int begin(struct build *b, struct err *err)
{
	char *absolute;

	b->out = xasprintf("%s/builds/%s", b->o->cache, b->source.name);
	b->log_path = xasprintf("%s/build.log", b->out);
	if (fs_mkdirs(b->out, err) < 0)
		return -1;
	/* make goes to the source's directory first */
	absolute = realpath(b->out, NULL);
	if (!absolute)
		return err_sys(err, "cannot read '%s'", b->out);
	free(b->out);
	b->out = absolute;
	b->make = (struct kernel_make){
		.source = b->source.dir, .out = b->out, .log_path = b->log_path};
	b->make.log = open(b->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	return b->make.log < 0 ? err_sys(err, "cannot write '%s'", b->log_path) : 0;
}

char *kernel_build(const char *source, const struct kernel_recipe *r, const struct kernel_opts *o,
		   struct err *err)
{
	struct build b = {.spec = source, .recipe = r, .o = o, .make = {.log = -1}};
	struct str config = STR_INIT;
	char key[13];
	int ret;

	if (kernel_make_ready(err) < 0 || kernel_source_get(&b.source, source, o, err) < 0)
		return NULL;
	b.git = commit_of(&b.source, o->cache);
	ret = begin(&b, err);
	if (ret == 0)
		ret = kernel_configure(&b.make, r, &config, err);
	if (ret == 0)
		ret = config_key(&b, &config, key, err);
	if (ret == 0)
		ret = build_image(&b, key, err);
	if (b.make.log >= 0)
		close(b.make.log);
	str_release(&config);
	kernel_source_release(&b.source);
	json_decref(b.git);
	free(b.out);
	free(b.log_path);
	if (ret == 0)
		return b.name;
	free(b.name);
	return NULL;
}
