/* mlocklab series: every patch of a range built and measured, and what each step costs. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/ini.h"
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/stored.h"
#include "lib/verb.h"
#include "runner/run/options.h"
#include "runner/run/slurm-jobs.h"
#include "runner/series/series.h"

struct options {
	const char *range, *experiment;
	const char *target, *format, *out, *name;
	struct tree_options tree;
	struct strv only, rest;
	int pairs;
	bool no_profile, locks;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_LIST("only", "PATH", OFFER_FILE, AT(only),
		 "leave out commits that touch nothing of it; may be repeated"),
	OPT_CHOICE("format", "FORMAT", "lkml|markdown|json|csv|html", AT(format),
		   "of what is printed: lkml (default), markdown, json, csv or html"),
	OPT_FLAG("no-profile", AT(no_profile),
		 "do not take apart by function what the steps that moved something cost"),
	OPT_FLAG("locks", AT(locks),
		 "also record who waits for which lock, of base, tip, and both sides of each step "
		 "that moved "
		 "something, in boots with several CPUs"),
	OPT_INT("pairs", "N", 1, 1000, AT(pairs), "rounds: boots of each patch (default: 6)"),
	OPT_TEXT("target", "NAME", NULL, AT(target), "as of run (default: icount)"),
	OPT_TREE(struct options, tree),
	OPT_TEXT("name", "NAME", NULL, AT(name),
		 "of the run, in its directory's name (default: series)"),
	OPT_TEXT("out", "DIR", OFFER_DIR, AT(out), "the run's directory itself"),
	OPT_END,
};

static const struct command command = {
	.name = "series",
	.usage = "BASE..TIP [EXPERIMENT] [option...]",
	.about =
		"Builds every commit from BASE to TIP, measures each, and prints a row a patch "
		"with\n"
		"the step that it makes in every figure that moved anywhere, then the whole "
		"series\n"
		"against its base. EXPERIMENT is a file, or the name of one in configs/ (default:\n"
		"core). TIP may be HEAD+, what is not committed. The run stays in results/, where\n"
		"steps, report, claims and locks find it.\n",
	.notes =
		"What was built and measured once is not again: the same command goes on where it\n"
		"was interrupted, and a patch that was changed costs only itself. Under icount,\n"
		"patches are built while others are measured.\n",
	.opts = opts,
	.min_words = 1,
	.max_words = 2,
	.words = "range " OFFER_SUITE,
	.want = "a range of commits is wanted, such as v5.17..HEAD, and at most one experiment",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.keeps = "kernel resume ktap stop-early inject reuse show-command profile locks submit",
};

struct work {
	struct options o;
	struct series s;
	char *cache, *suite;
	struct kernel_recipe recipe;
	char key[65];	/* of all that boots are made with but the kernel */
	bool own_locks; /* the experiment itself wants locks recorded, of every patch */
};

/* --- one image --- */

/* What a boot measures hangs on the experiment, the options and the programs in the guest. */
static int make_key(struct work *w, struct err *err)
{
	char *programs[] = {paths_program("mlockbench"), paths_program("guest-init")}, sum[65];
	struct str text = STR_INIT;
	int ret = fs_read(w->suite, &text, err);

	str_addf(&text, "\n%d %s", w->o.pairs, w->o.target);
	for (size_t i = 0; i < w->o.rest.n; i++)
		if (!run_option_is_where(w->o.rest.v[i]) ||
		    strncmp(w->o.rest.v[i], "--qemu=", 7) == 0)
			str_addf(&text, " %s", w->o.rest.v[i]);
	for (size_t i = 0; i < 2; i++) {
		if (ret == 0)
			ret = fs_sha256(programs[i], sum, err);
		if (ret == 0)
			str_addf(&text, "\n%s", sum);
		free(programs[i]);
	}
	if (ret == 0)
		kernel_text_sum(&text, w->key);
	str_release(&text);
	return ret;
}

static int look_for_locks(struct work *w, struct err *err)
{
	const struct ini_section *global;
	struct ini_file f;

	if (ini_load(&f, w->suite, err) < 0)
		return -1;
	global = ini_find(&f, "global");
	w->own_locks = global && ini_get(global, "locks");
	ini_release(&f);
	return 0;
}

static void run_argv(const struct work *w, struct strv *argv)
{
	char *program = verb_path("run");

	strv_push(argv, program);
	strv_push(argv, w->suite);
	strv_pushf(argv, "--pairs=%d", w->o.pairs);
	strv_pushf(argv, "--target=%s", w->o.target);
	if (!w->own_locks)
		strv_push(argv, "--locks=none");
	for (size_t i = 0; i < w->o.rest.n; i++)
		strv_push(argv, w->o.rest.v[i]);
	free(program);
}

static int measure_part(const struct work *w, const struct patch *p, bool resume, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int code;

	if (resume) {
		strv_push(&argv, "run");
		strv_pushf(&argv, "--resume=%s", p->part);
		for (size_t i = 0; i < w->o.rest.n; i++)
			if (run_option_is_where(w->o.rest.v[i]))
				strv_push(&argv, w->o.rest.v[i]);
	} else {
		run_argv(w, &argv);
		strv_pushf(&argv, "--kernel=kernel=built:%s", p->name);
		strv_pushf(&argv, "--out=%s", p->part);
	}
	code = verb_run(&argv, &said, err);
	str_release(&said);
	strv_release(&argv);
	if (code < 0 || stored_is_complete(p->part))
		return code < 0 ? -1 : 0;
	return err_set(err, "the boots of %.12s (%s) could not be made", p->c.id, p->c.subject);
}

/* Two series may have an image in common: one boots it, the other waits and takes its boots. */
static int lock_part(const char *part, struct err *err)
{
	char *path = xasprintf("%s.lock", part);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
		fprintf(stderr, "  another series boots it: waiting\n");
		while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
			;
	}
	if (fd < 0)
		err_sys(err, "cannot open '%s'", path);
	free(path);
	return fd;
}

/* What cannot be gone on with (another QEMU) is begun anew. */
static int complete_part(const struct work *w, const struct patch *p, struct err *err)
{
	char *json = xasprintf("%s/run.json", p->part);
	struct err ignored;
	int ret = 0;

	if (stored_is_complete(p->part)) {
		fprintf(stderr, "  its boots are there already\n");
	} else if (!fs_exists(json) || measure_part(w, p, true, &ignored) < 0) {
		fs_remove_tree(p->part, &ignored);
		ret = measure_part(w, p, false, err);
	}
	free(json);
	return ret;
}

/* The boots of an image, made once for all series: CACHE/boots/. */
static int measure(const struct work *w, struct patch *p, struct err *err)
{
	char *dir = xasprintf("%s/boots", w->cache), sum[65];
	struct str identity = STR_INIT;
	int lock = -1, ret = fs_mkdirs(dir, err);

	str_add(&identity, p->identity);
	kernel_text_sum(&identity, sum);
	if (ret == 0) {
		p->part = xasprintf("%s/%.12s-%.12s", dir, sum, w->key);
		lock = lock_part(p->part, err);
		ret = lock < 0 ? -1 : complete_part(w, p, err);
	}
	if (lock >= 0)
		close(lock);
	str_release(&identity);
	free(dir);
	return ret;
}

/* --- all of them --- */

static void tell(const struct series *s, size_t i)
{
	const struct patch *p = &s->v[i];

	if (i)
		fprintf(stderr, "%zu of %zu: %.12s (%s)\n", i, s->n - 1, p->c.id, p->c.subject);
	else
		fprintf(stderr, "base: %.12s (%s)\n", p->c.id, p->c.subject);
	if (p->error)
		fprintf(stderr, "  it does not build: %s\n", p->error);
	if (p->same != SIZE_MAX)
		fprintf(stderr, "  its image is that of %zu: it is not measured again\n", p->same);
	for (size_t k = 0; k < p->config.n && k < 5; k++)
		fprintf(stderr, "  its configuration %s: %s\n", i ? "differs" : "does not take",
			p->config.v[k]);
	if (p->config.n > 5)
		fprintf(stderr, "  and %zu more of its lines\n", p->config.n - 5);
}

static int build_and_measure(struct work *w, struct err *err)
{
	char *config = paths_config("kernel/debian.ini");
	struct kernel_opts opts = {.cache = w->cache, .config = config, .quiet = true};
	int fd, ret = 0;

	/* where time is measured a compiler beside it would be seen: all builds first, and no parts
	 */
	bool parts = strcmp(w->o.target, "icount") == 0;

	fd = series_start_builds(&w->s, &w->recipe, &opts, err);
	if (fd < 0)
		ret = -1;
	for (size_t i = 0; ret == 0 && i < w->s.n; i++) {
		ret = series_next_built(&w->s, i, fd, &w->recipe, w->cache, err);
		if (ret == 0)
			tell(&w->s, i);
		if (ret == 0 && parts && w->s.v[i].arm)
			ret = measure(w, &w->s.v[i], err);
	}
	if (fd >= 0)
		close(fd);
	free(config);
	return ret;
}

/* 0 where there is something to compare; 1 where all is one image, which is an answer; -1. */
static int check(const struct series *s, struct err *err)
{
	size_t arms = 0;

	for (size_t i = 0; i < s->n; i++)
		arms += s->v[i].arm != NULL;
	if (arms >= 2)
		return 0;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].error)
			return err_set(err, "there are no two kernels to compare: %.300s",
				       s->v[i].error);
	printf("%zu %s of '%s': the image of the base, byte for byte: no figure can differ\n",
	       s->n - 1, s->n == 2 ? "patch" : "patches", s->range);
	return 1;
}

/* One run of all arms, into which the boots that are there are taken; dir becomes its directory. */
static int assemble(const struct work *w, struct str *dir, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	run_argv(w, &argv);
	for (size_t i = 0; i < w->s.n; i++) {
		const struct patch *p = &w->s.v[i];

		if (!p->arm)
			continue;
		strv_pushf(&argv, "--kernel=%s=git:%s@%s", p->arm, w->s.g.dir, p->c.id);
		if (p->part)
			strv_pushf(&argv, "--reuse=%s=%s", p->arm, p->part);
	}
	kernel_recipe_argv(&w->recipe, &argv);
	if (w->o.out)
		strv_pushf(&argv, "--out=%s", w->o.out);
	strv_pushf(&argv, "--name=%s", w->o.name);
	code = verb_run(&argv, dir, err);
	strv_release(&argv);
	if (code < 0)
		return -1;
	return dir->len ? series_write(&w->s, dir->buf, err)
			: err_set(err, "the series was not measured");
}

/* Prints the table; profiles what moved before that where they can be had. */
static int show(const struct work *w, const char *dir, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "steps");
	strv_pushf(&argv, "--format=%s", w->o.format ? w->o.format : "lkml");
	if (!w->o.no_profile && strcmp(w->o.target, "icount") == 0)
		strv_push(&argv, "--profile");
	if (w->o.locks)
		strv_push(&argv, "--locks");
	strv_push(&argv, "--page");
	strv_push(&argv, dir);
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	return code;
}

static int run(struct work *w, struct err *err)
{
	struct strv notes = STRV_INIT;
	struct str dir = STR_INIT;
	int ret;

	if (!fs_exists(w->suite))
		return err_set(err, "no experiment '%s': name a file, or one of configs/",
			       w->o.experiment);
	if (make_key(w, err) < 0 || look_for_locks(w, err) < 0 ||
	    series_open(&w->s, w->o.range, w->o.tree.dir, &w->o.only, w->cache, err) < 0)
		return -1;
	series_notes(&w->s, &notes);
	for (size_t i = 0; i < notes.n; i++)
		command_note("%s", notes.v[i]);
	strv_release(&notes);
	ret = kernel_recipe_for_range(&w->recipe, &w->s.g, w->s.v[0].c.id, w->s.v[w->s.n - 1].c.id,
				      err);
	if (ret == 0)
		ret = build_and_measure(w, err);
	if (ret == 0)
		ret = check(&w->s, err);
	if (ret == 0)
		ret = assemble(w, &dir, err);
	if (ret == 0)
		ret = show(w, dir.buf, err);
	if (dir.len)
		fprintf(stderr, "the run is %s\n", dir.buf);
	/* all of one image: nothing was stored, and nothing went wrong */
	if (ret > 0 && !dir.len)
		ret = 0;
	str_release(&dir);
	return ret;
}

int main(int argc, char **argv)
{
	struct work w = {
		.o = {.experiment = "core", .target = "icount", .name = "series", .pairs = 6},
		.cache = paths_cache()};
	char **words = command_parse(&command, &w.o, argc, argv);
	struct err err = {""};
	const char *on;
	int ret;

	w.o.range = words[0];
	if (words[1])
		w.o.experiment = words[1];
	w.suite = verb_suite(w.o.experiment);
	kernel_recipe_set(&w.recipe, w.o.tree.config, &w.o.tree.fragments);
	w.recipe.jobs = w.o.tree.jobs;
	on = run_option_value(&w.o.rest, "on");
	if (on && strcmp(on, "slurm") == 0)
		slurm_build_words(&w.recipe.job, run_option_value(&w.o.rest, "slurm"),
				  w.o.tree.jobs);
	ret = run(&w, &err);
	if (ret < 0)
		command_fail(&err);
	series_release(&w.s);
	kernel_recipe_release(&w.recipe);
	free(w.suite);
	free(w.cache);
	return ret < 0 ? EXIT_USAGE : ret;
}
