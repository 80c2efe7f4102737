#include "runner/kernels/build.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "runner/kernels/bzimage.h"
#include "runner/kernels/make.h"
#include "runner/kernels/source.h"

struct build {
	const struct kernel_build *what;
	const struct kernel_opts *o;
	struct kernel_source source;
	char *out, *log_path;
	char *name; /* in the cache */
	struct kernel_make make;
};

/* --- the configuration --- */

static bool has_line(const char *config, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = config; (at = strstr(at, line)); at += len)
		if ((at == config || at[-1] == '\n') && (at[len] == '\n' || !at[len]))
			return true;
	return false;
}

void kernel_build_missing(const char *fragment, const char *config, struct strv *missing)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, fragment, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strncmp(lines.v[i], "CONFIG_", 7) == 0 && !has_line(config, lines.v[i]))
			strv_push(missing, lines.v[i]);
	strv_release(&lines);
}

/* base.config is for all releases: what one does not know it does without. What the user asks for
 * must be there. */
static int check_config(const struct build *b, const char *config, struct err *err)
{
	const struct strv *fragments = &b->what->fragments;
	struct str text = STR_INIT;
	struct strv missing = STRV_INIT;
	int ret = 0;

	for (size_t i = 1; ret == 0 && i < fragments->n; i++) {
		str_clear(&text);
		ret = fs_read(fragments->v[i], &text, err);
		kernel_build_missing(str_text(&text), config, &missing);
		if (ret == 0 && missing.n)
			ret = err_set(err, "%s: this kernel's configuration does not take '%s', and %zu "
					   "more lines; what it takes is in '%s/.config'",
				      fragments->v[i], missing.v[0], missing.n - 1, b->out);
	}
	strv_release(&missing);
	str_release(&text);
	return ret;
}

static int configure(struct build *b, struct str *config, struct err *err)
{
	char *path = xasprintf("%s/.config", b->out);
	int ret = kernel_make(&b->make, "tinyconfig", 1, err);

	if (ret == 0)
		ret = kernel_merge(&b->make, &b->what->fragments, err);
	if (ret == 0)
		ret = kernel_make(&b->make, "olddefconfig", 1, err);
	if (ret == 0)
		ret = fs_read(path, config, err);
	if (ret == 0)
		ret = check_config(b, str_text(config), err);
	free(path);
	return ret;
}

/* --- the name --- */

/* Twelve digits of what the image comes from: source, configuration (its compiler in it). */
static int name_it(struct build *b, const struct str *config, struct err *err)
{
	char *path = xasprintf("%s/mlocklab.key", b->out), sum[65];
	struct str key = STR_INIT;
	int ret;

	str_addf(&key, "%s\n%s\n", b->source.name, b->source.own ? b->source.dir : "");
	str_addn(&key, str_text(config), config->len);
	ret = fs_write_atomic(path, str_text(&key), key.len, err);
	if (ret == 0)
		ret = fs_sha256(path, sum, err);
	if (ret == 0)
		b->name = xasprintf("%s_%.12s", b->source.name, sum);
	str_release(&key);
	free(path);
	return ret;
}

/* --- into the cache --- */

static int copy_to(const char *from, const char *dir, const char *name, struct err *err)
{
	char *to = xasprintf("%s/%s", dir, name);
	int ret = fs_copy(from, to, err);

	free(to);
	return ret;
}

static int copy_parts(const struct build *b, const char *dir, struct err *err)
{
	static const struct {
		const char *from, *to;
	} parts[] = {{"arch/x86/boot/bzImage", "vmlinuz"}, {".config", "config"}, {"System.map", "System.map"}};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(parts) / sizeof(*parts); i++) {
		char *from = xasprintf("%s/%s", b->out, parts[i].from);

		ret = copy_to(from, dir, parts[i].to, err);
		free(from);
	}
	return ret;
}

static int describe(const struct build *b, const char *dir, struct err *err)
{
	char *image = xasprintf("%s/vmlinuz", dir), *path = xasprintf("%s/kernel.json", dir), sum[65];
	char *release = bzimage_release(image, err);
	json_t *o, *fragments = json_array();
	int ret = release ? fs_sha256(image, sum, err) : -1;

	for (size_t i = 0; i < b->what->fragments.n; i++) {
		const char *base = strrchr(b->what->fragments.v[i], '/');

		json_array_append_new(fragments, json_string(base ? base + 1 : b->what->fragments.v[i]));
	}
	if (ret == 0) {
		o = json_pack("{s:s, s:s, s:s?, s:s, s:s, s:O}", "spec", b->what->source, "package",
			      b->source.name, "version", b->source.version, "release", release, "sha256",
			      sum, "fragments", fragments);
		ret = json_write(path, o, err);
		json_decref(o);
	}
	json_decref(fragments);
	free(release);
	free(path);
	free(image);
	return ret;
}

static int install(const struct build *b, struct err *err)
{
	char *parent = xasprintf("%s/kernels", b->o->cache), *dir = xasprintf("%s/%s", parent, b->name);
	char *fresh = xasprintf("%s/installed", b->out);
	struct err ignored;
	int ret = 0;

	fs_remove_tree(fresh, &ignored);
	if (fs_mkdirs(fresh, err) < 0 || fs_mkdirs(parent, err) < 0 || copy_parts(b, fresh, err) < 0 ||
	    describe(b, fresh, err) < 0)
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

/* --- all of it --- */

static int build_image(struct build *b, struct err *err)
{
	char *dir = xasprintf("%s/kernels/%s", b->o->cache, b->name);
	bool there = fs_exists(dir) && !b->source.own;
	struct err ignored;
	int ret = 0;

	free(dir);
	if (there)
		return 0;
	fprintf(stderr, "building %s; its log is '%s'\n", b->name, b->log_path);
	ret = kernel_make(&b->make, "bzImage", b->what->jobs, err);
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
	b->make = (struct kernel_make){b->source.dir, b->out, -1, b->log_path};
	b->make.log = open(b->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	return b->make.log < 0 ? err_sys(err, "cannot write '%s'", b->log_path) : 0;
}

char *kernel_build(const struct kernel_build *what, const struct kernel_opts *o, struct err *err)
{
	struct build b = {.what = what, .o = o, .make = {.log = -1}};
	struct str config = STR_INIT;
	int ret;

	if (kernel_make_ready(err) < 0 || kernel_source_get(&b.source, what->source, o, err) < 0)
		return NULL;
	ret = begin(&b, err);
	if (ret == 0)
		ret = configure(&b, &config, err);
	if (ret == 0)
		ret = name_it(&b, &config, err);
	if (ret == 0)
		ret = build_image(&b, err);
	if (b.make.log >= 0)
		close(b.make.log);
	str_release(&config);
	kernel_source_release(&b.source);
	free(b.out);
	free(b.log_path);
	if (ret == 0)
		return b.name;
	free(b.name);
	return NULL;
}
