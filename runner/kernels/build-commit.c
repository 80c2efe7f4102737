#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/sha256.h"
#include "runner/kernels/build.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"

/* The work tree of a kernel, and what the compiler makes of it; and what one more commit takes. */
#define FIRST_SPACE (4ull << 30)
#define NEXT_SPACE (512ull << 20)

struct work {
	const struct git *g;
	const struct git_commit *c;
	const struct kernel_recipe *recipe;
	const struct kernel_opts *o;
	char *tree, *log_path, *state_path;
	char recipe_key[65]; /* of configuration and compiler */
	struct kernel_make make;
};

/* --- the name --- */

void kernel_text_sum(const struct str *text, char sum[65])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, text->len, (const uint8_t *)str_text(text));
	sha256_hex(&ctx, sum);
}

/* All but the source: the configuration's origin, the compiler, what of the environment matters. */
static int recipe_sum(const struct kernel_recipe *r, char sum[65], struct err *err)
{
	json_t *variables = kernel_make_variables();
	char *compiler = kernel_make_compiler(err), *line;
	struct str text = STR_INIT;
	int ret = compiler ? kernel_recipe_text(r, &text, err) : -1;

	/* a compiler is what it says it is, with ccache before it or not */
	json_object_del(variables, "CC");
	json_object_del(variables, "HOSTCC");
	line = json_line(variables);
	str_addf(&text, "\nkernel build 1\n%s\n%s\n", compiler ? compiler : "", line);
	if (ret == 0)
		kernel_text_sum(&text, sum);
	str_release(&text);
	free(line);
	free(compiler);
	json_decref(variables);
	return ret;
}

static char *name_of(const struct git_commit *c, const char *recipe_key, bool modules)
{
	return xasprintf("git_%.12s_%.12s%s", c->tree, recipe_key, modules ? "_modules" : "");
}

static bool is_cached(const char *cache, const char *name)
{
	char *path = xasprintf("%s/kernels/%s/kernel.json", cache, name);
	bool there = fs_exists(path);

	free(path);
	return there;
}

/* --- the work tree --- */

static int lock_tree(const struct git *g, struct err *err)
{
	char *path = xasprintf("%s/lock", g->own);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0) {
		err_sys(err, "cannot open '%s'", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		fprintf(stderr, "mlocklab: waiting for another build of '%s'\n", g->dir);
		while (flock(fd, LOCK_EX) < 0) {
			if (errno == EINTR)
				continue;
			err_sys(err, "cannot lock '%s'", path);
			close(fd);
			fd = -1;
			break;
		}
	}
	free(path);
	return fd;
}

/* What stands in the work tree, as the last build left it; an empty object where nobody knows. */
static json_t *read_state(const struct work *w)
{
	struct err ignored;
	json_t *state = json_read(w->state_path, &ignored);

	return state ? state : json_object();
}

/*
 * Whether the configuration that is there is the one that would be made: of the same recipe, and of
 * a tree that differs in nothing that has a say in it.
 */
static bool is_configured(const struct work *w, const json_t *state)
{
	const char *was = json_get_str(state, "tree", "");
	struct strv files = STRV_INIT;
	struct err ignored;
	bool is = *was && strcmp(json_get_str(state, "recipe", ""), w->recipe_key) == 0 &&
		  git_changed(w->g, was, w->c->tree, &files, &ignored) == 0;

	for (size_t i = 0; i < files.n; i++)
		is = is && !git_moves_config(files.v[i]);
	strv_release(&files);
	return is;
}

static int write_state(const struct work *w, json_t *state, struct err *err)
{
	json_object_set_new(state, "tree", json_string(w->c->tree));
	json_object_set_new(state, "recipe", json_string(w->recipe_key));
	return json_write(w->state_path, state, err);
}

static int prepare(struct work *w, json_t *state, struct err *err)
{
	bool configured = is_configured(w, state);
	int ret = 0;

	/* until it is known again what stands there */
	if (unlink(w->state_path) < 0 && errno != ENOENT)
		ret = err_sys(err, "cannot remove '%s'", w->state_path);
	if (ret == 0)
		ret = git_checkout(w->g, w->c, err);
	if (ret == 0 && !configured)
		ret = kernel_configure(&w->make, w->recipe, NULL, err);
	if (ret == 0)
		ret = write_state(w, state, err);
	return ret;
}

/* What 6.1 makes of tinyconfig with base.config: others take some more or fewer. */
#define TINY_FILES 1640

/*
 * How many files a build from nothing makes, which says how far it is: what the last such of this
 * tree made, else one of another tree with the same configuration; 0: nobody knows.
 */
static size_t count_files(const struct work *w, const json_t *state)
{
	char *pattern = xasprintf("%s/git/*/state.json", w->o->cache);
	json_int_t files = json_get_int(state, "files", 0);
	glob_t g = {0};

	if (!files && glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc && !files; i++) {
			struct err ignored;
			json_t *other = json_read(g.gl_pathv[i], &ignored);

			if (strcmp(json_get_str(other, "recipe", ""), w->recipe_key) == 0)
				files = json_get_int(other, "files", 0);
			json_decref(other);
		}
	}
	globfree(&g);
	free(pattern);
	if (!files && !w->recipe->config && !w->recipe->fragments.n)
		files = TINY_FILES;
	return (size_t)files;
}

static int compile(struct work *w, json_t *state, struct err *err)
{
	char *vmlinux = xasprintf("%s/vmlinux", w->tree);
	bool full = !fs_exists(vmlinux);
	int ret;

	w->make.job = &w->recipe->job;
	w->make.expected = full ? count_files(w, state) : 0;
	ret = kernel_make(&w->make, "bzImage modules", w->recipe->jobs, err);
	if (ret == 0 && full) {
		json_object_set_new(state, "files", json_integer((json_int_t)w->make.made));
		ret = write_state(w, state, err);
	}
	free(vmlinux);
	return ret;
}

static int put_away(struct work *w, const char *name, struct err *err)
{
	char *spec = xasprintf("git:%s@%s", w->g->dir, w->c->id), *version = git_commit_words(w->c);
	json_t *info = json_pack("{s:s, s:s, s:s, s:o}", "spec", spec, "package", name, "version",
				 version, "git", git_commit_json(w->c));
	int lock = kernel_cache_lock(w->o->cache, err), ret = -1;

	if (lock >= 0) {
		ret = kernel_install(&w->make, w->o->modules, w->o->cache, name, info, err);
		close(lock);
	}
	json_decref(info);
	free(version);
	free(spec);
	return ret;
}

static int work_open(struct work *w, struct err *err)
{
	char *logs = xasprintf("%s/logs", w->g->own);
	int ret = fs_mkdirs(logs, err);

	w->tree = xasprintf("%s/tree", w->g->own);
	w->state_path = xasprintf("%s/state.json", w->g->own);
	w->log_path = xasprintf("%s/%.12s.log", logs, w->c->id);
	free(logs);
	if (ret == 0) {
		w->make.log = open(w->log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
				   0644);
		if (w->make.log < 0)
			ret = err_sys(err, "cannot write '%s'", w->log_path);
	}
	w->make.source = w->make.out = w->tree;
	w->make.log_path = w->log_path;
	return ret;
}

static void work_close(struct work *w)
{
	if (w->make.log >= 0)
		close(w->make.log);
	free(w->tree);
	free(w->log_path);
	free(w->state_path);
}

static int build(struct work *w, const char *name, struct err *err)
{
	json_t *state;
	int ret = work_open(w, err);

	if (ret == 0) {
		state = read_state(w);
		ret = prepare(w, state, err);
		if (ret == 0)
			ret = compile(w, state, err);
		json_decref(state);
	}
	if (ret == 0)
		ret = put_away(w, name, err);
	work_close(w);
	return ret;
}

/* Everything that a build takes but for a source that compiles. */
static int is_able(const struct git *g, const char *cache, struct err *err)
{
	char *makefile = xasprintf("%s/tree/Makefile", g->own);
	int ret = kernel_make_ready(err);

	if (ret == 0)
		ret = kernel_fetch_space(cache, fs_exists(makefile) ? NEXT_SPACE : FIRST_SPACE,
					 "a kernel's source and what is built of it", err);
	free(makefile);
	return ret;
}

int kernel_build_able(const struct git *g, const struct git_commit *c,
		      const struct kernel_recipe *r, const char *cache, struct err *err)
{
	char key[65], *name;
	int ret = recipe_sum(r, key, err);

	if (ret < 0)
		return -1;
	name = name_of(c, key, false);
	if (!is_cached(cache, name))
		ret = is_able(g, cache, err);
	free(name);
	return ret;
}

char *kernel_build_commit(const struct git *g, const struct git_commit *c,
			  const struct kernel_recipe *r, const struct kernel_opts *o,
			  const char *label, struct err *err)
{
	char *own_label = xasprintf("building %.12s", c->id), *name = NULL;
	struct work w = {.g = g, .c = c, .recipe = r, .o = o, .make = {.log = -1}};
	int lock = -1, ret = recipe_sum(r, w.recipe_key, err);

	w.make.label = label ? label : own_label;
	w.make.quiet = o->quiet;
	if (ret == 0) {
		name = name_of(c, w.recipe_key, o->modules);
		if (!is_cached(o->cache, name) && o->cached) {
			ret = err_set(err, "no kernel of %.12s is cached", c->id);
		} else if (!is_cached(o->cache, name)) {
			lock = is_able(g, o->cache, err) < 0 ? -1 : lock_tree(g, err);
			ret = lock < 0 ? -1 : 0;
		}
	}
	if (ret == 0 && lock >= 0 && !is_cached(o->cache, name)) {
		if (!o->quiet)
			fprintf(stderr, "building %.12s (%s)\n", c->id, c->subject);
		ret = build(&w, name, err);
		if (ret < 0)
			err_prefix(err, "%.12s (%.60s)", c->id, c->subject);
	}
	if (lock >= 0)
		close(lock);
	free(own_label);
	if (ret == 0)
		return name;
	free(name);
	return NULL;
}
