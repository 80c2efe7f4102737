/* mlocklab kernels: what is cached, what can be had, fetching and removing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/text.h"
#include "runner/kernels/build.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"
#include "runner/kernels/list.h"
#include "runner/kernels/source.h"
#include "runner/kernels/spec.h"
#include "runner/probe/symbols.h"
#include "runner/qemu/find.h"

struct options {
	const char *mirror, *tree, *config, *format;
	bool update;
	int jobs;
	struct strv fragments;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_CHOICE("format", "FORMAT", "text|json", AT(format),
		   "of the list: text or json (default: text)"),
	OPT_FLAG("update", AT(update), "ask the mirror, even where the cache has an answer"),
	OPT_TEXT("mirror", "URI", NULL, AT(mirror),
		 "Debian mirror instead of this machine's own: the address that holds dists/; its "
		 "security archive is at URI-security"),
	OPT_TEXT("config", "FILE", OFFER_FILE, AT(config),
		 "a .config of yours for a build; what a guest needs beside it "
		 "(configs/kernel/guest.config) is set and said"),
	OPT_LIST("fragment", "FILE", OFFER_FILE, AT(fragments),
		 "more CONFIG_ lines for a build, on top of configs/kernel/base.config; "
		 "configs/kernel "
		 "has some"),
	OPT_TEXT("tree", "DIR", OFFER_DIR, AT(tree),
		 "the tree of git:REV, which is only read (default: $MLOCKLAB_TREE, else the "
		 "current "
		 "directory)"),
	OPT_INT("jobs", "N", 1, 1024, AT(jobs), "compilers to run at a time (default: one a CPU)"),
	OPT_END,
};

static const struct command command = {
	.name = "kernels",
	.usage = "[list] [--format FORMAT] [--update] [--mirror URI]\n"
		 "fetch [--update] [--mirror URI] SPEC...\n"
		 "build [option...] SOURCE\n"
		 "symbols SPEC...\n"
		 "rm SPEC|NAME...",
	.about = "Lists the kernels in the cache and those that Debian has, fetches some, builds\n"
		 "one from source, prints where the names of their functions are, as in "
		 "System.map,\n"
		 "or removes some. SPEC is debian:VERSION[/FLAVOUR], deb:FILE[,FILE...] or one of\n"
		 "the list, such as built:NAME, NAME being a directory of the cache, and to fetch\n"
		 "also debian-source:VERSION, which is not built then; SOURCE is\n"
		 "debian-source:VERSION, source:DIR, or a commit of your own tree, git:REV, in "
		 "full\n"
		 "git:DIR@REV; git:HEAD+ has what is not committed.\n",
	.notes = "The cache is $MLOCKLAB_CACHE, else cache/ in a source tree, else\n"
		 "$XDG_CACHE_HOME/mlocklab. The suites are in configs/kernel/debian.ini.\n",
	.opts = opts,
	.max_words = -1,
	.words = "list|fetch|build|symbols|rm " OFFER_KERNEL,
};

static int fetch_source(const char *spec, const struct kernel_opts *o, struct err *err)
{
	struct kernel_source s = {0};
	int lock = kernel_cache_lock(o->cache, err);
	int ret = lock < 0 ? -1 : kernel_source_get(&s, spec, o, err);

	if (ret == 0)
		printf("%s  %s  %s\n", spec, s.version, s.dir);
	if (lock >= 0)
		close(lock);
	kernel_source_release(&s);
	return ret;
}

static int list(const char *format, const struct kernel_opts *o, struct err *err)
{
	json_t *all = kernel_list(o, err);
	struct str out = STR_INIT;
	char *json = NULL;
	int ret = all ? 0 : -1;

	if (all && strcmp(format, "json") == 0) {
		json = json_dumps(all, JSON_INDENT(2));
		str_addf(&out, "%s\n", json);
	} else if (all) {
		kernel_list_text(all, &out);
	}
	if (ret == 0)
		ret = text_deliver(&out, NULL, err);
	free(json);
	str_release(&out);
	json_decref(all);
	return ret;
}

static int fetch(char **specs, const struct kernel_opts *o, struct err *err)
{
	struct kernel k;

	for (; *specs; specs++) {
		if (strncmp(*specs, "debian-source:", 14) == 0) {
			if (fetch_source(*specs, o, err) < 0)
				return -1;
			continue;
		}
		if (kernel_resolve(&k, *specs, o, err) < 0)
			return -1;
		printf("%s  %s  %s\n", *specs, k.release, k.image ? k.image : "as booted");
		kernel_release(&k);
	}
	return 0;
}

/* A kernel whose package does not hold them is booted once, to be asked. */
static int symbols(char **specs, const struct kernel_opts *o, struct err *err)
{
	struct target t = {0};
	int ret = qemu_find(&t, NULL, err);

	for (; ret == 0 && *specs; specs++) {
		struct kernel k;
		char *path = NULL;

		ret = kernel_resolve(&k, *specs, o, err);
		if (ret < 0)
			break;
		if (k.image)
			path = kernel_symbols(&k, &t, err);
		else
			err_set(err, "'%s' has no image to boot: see /proc/kallsyms", *specs);
		if (path)
			printf("%s\n", path);
		ret = path ? 0 : -1;
		free(path);
		kernel_release(&k);
	}
	target_release(&t);
	return ret;
}

/* Removes every kernel that a debian: spec means. */
static int remove_debian(const struct kernel_spec *s, const char *flavour,
			 const struct kernel_opts *o, struct err *err)
{
	struct cached_kernels l;
	int removed = 0, ret = 0;
	char *name;

	while (ret == 0) {
		if (kernel_cache_list(&l, o->cache, err) < 0)
			return -1;
		name = kernel_cache_newest(&l, s->version, flavour);
		kernel_cache_list_release(&l);
		if (!name)
			break;
		ret = kernel_cache_remove(o->cache, name, err);
		removed++;
		free(name);
	}
	if (!removed)
		return err_set(err, "no kernel %s of flavour %s is cached", s->version, flavour);
	return ret;
}

static int remove_one(const char *what, const struct kernel_opts *o, struct err *err)
{
	struct kernel_suites suites;
	struct kernel_spec s;
	int ret;

	if (strncmp(what, "built:", 6) == 0)
		what += 6;
	if (strncmp(what, "debian:", 7) != 0) {
		if (strchr(what, '/') || *what == '.')
			return err_set(err,
				       "'%s' is no name in the cache; 'mlocklab kernels' "
				       "lists what is there",
				       what);
		return kernel_cache_remove(o->cache, what, err);
	}
	if (kernel_spec_parse(&s, what, err) < 0)
		return -1;
	ret = kernel_suites_load(&suites, o->config, err);
	if (ret == 0) {
		ret = remove_debian(&s, s.flavour ? s.flavour : suites.flavour, o, err);
		kernel_suites_release(&suites);
	}
	kernel_spec_release(&s);
	return ret;
}

static int remove_all(char **names, const struct kernel_opts *o, struct err *err)
{
	int lock = kernel_cache_lock(o->cache, err), ret = lock < 0 ? -1 : 0;

	for (; ret == 0 && *names; names++)
		ret = remove_one(*names, o, err);
	if (lock >= 0)
		close(lock);
	return ret;
}

/* Of a commit: whoever builds it names it. */
static int build_git(const char *spec, const struct kernel_opts *o, struct err *err)
{
	struct kernel k;

	if (kernel_resolve(&k, spec, o, err) < 0)
		return -1;
	printf("built:%s\n", k.package);
	kernel_release(&k);
	return 0;
}

/* Prints the spec of what was built. */
static int build(const char *source, const struct kernel_opts *o, struct err *err)
{
	int lock, ret;
	char *name;

	if (strncmp(source, "git:", 4) == 0)
		return build_git(source, o, err);
	lock = kernel_cache_lock(o->cache, err);
	name = lock < 0 ? NULL : kernel_build(source, o->recipe, o, err);
	ret = name ? 0 : -1;
	if (name)
		printf("built:%s\n", name);
	if (lock >= 0)
		close(lock);
	free(name);
	return ret;
}

static int run(char **args, const char *format, const struct kernel_opts *o, struct err *err)
{
	const char *verb = args[0] ? args[0] : "list";

	if (strcmp(verb, "list") == 0 && (!args[0] || !args[1]))
		return list(format, o, err);
	if (args[0] && args[1] && strcmp(verb, "fetch") == 0)
		return fetch(args + 1, o, err);
	if (args[0] && args[1] && !args[2] && strcmp(verb, "build") == 0)
		return build(args[1], o, err);
	if (args[0] && args[1] && strcmp(verb, "symbols") == 0)
		return symbols(args + 1, o, err);
	if (args[0] && args[1] && strcmp(verb, "rm") == 0)
		return remove_all(args + 1, o, err);
	return err_set(err, "'%s' is not understood so; 'mlocklab kernels --help' says what is",
		       verb);
}

int main(int argc, char **argv)
{
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct options given = {.format = "text", .jobs = (int)sysconf(_SC_NPROCESSORS_ONLN)};
	char **words = command_parse(&command, &given, argc, argv);
	struct kernel_opts o = {.cache = cache,
				.config = config,
				.mirror = given.mirror,
				.update = given.update || given.mirror,
				.tree = given.tree};
	struct kernel_recipe recipe = {.jobs = given.jobs};
	struct err err;
	int ret;

	kernel_recipe_set(&recipe, given.config, &given.fragments);
	o.recipe = &recipe;
	ret = run(words, given.format, &o, &err);
	if (ret < 0)
		command_fail(&err);
	strv_release(&given.fragments);
	kernel_recipe_release(&recipe);
	free(cache);
	free(config);
	return ret < 0 ? EXIT_USAGE : EXIT_OK;
}
