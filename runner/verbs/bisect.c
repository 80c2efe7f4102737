/* mlocklab bisect: the first commit that moved a figure, by git's own bisection. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/options.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/verb.h"
#include "runner/kernels/build.h"
#include "runner/run/options.h"

struct options {
	const char *good, *bad;
	const char *cell, *metric, *tree, *config, *target, *out;
	struct strv fragments, rest;
	int pairs, jobs;
	bool no_profile;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("cell", "ID", NULL, AT(cell),
		 "the cell, as tables and run.json name it: exit-mlocked/procs=32,lock=mlock"),
	OPT_TEXT("metric", "NAME", NULL, AT(metric), "its metric (default: the primary one)"),
	OPT_FLAG("no-profile", AT(no_profile), "do not take the step apart by function at the end"),
	OPT_INT("jobs", "N", 1, 1024, AT(jobs), "compilers to run at a time (default: one a CPU)"),
	OPT_INT("pairs", "N", 6, 1000, AT(pairs), "boots of each kernel (default: 6)"),
	OPT_TEXT("target", "NAME", NULL, AT(target), "as of run (default: icount)"),
	OPT_TEXT("tree", "DIR", OFFER_DIR, AT(tree),
		 "the tree, which is only read (default: $MLOCKLAB_TREE, else the current directory)"),
	OPT_TEXT("config", "FILE", OFFER_FILE, AT(config),
		 "its configuration (default: tinyconfig with configs/kernel/base.config)"),
	OPT_LIST("fragment", "FILE", OFFER_FILE, AT(fragments),
		 "more CONFIG_ lines for it; may be repeated"),
	OPT_TEXT("out", "DIR", OFFER_DIR, AT(out), "where its runs go (default: results/bisect-DATE)"),
	OPT_END,
};

static const struct command command = {
	.name = "bisect",
	.usage = "GOOD BAD --cell ID [option...]",
	.about = "Finds the first commit between GOOD and BAD that moved a figure, by git bisect in a\n"
		 "repository of its own. Each step is decided by the paired verdict against GOOD:\n"
		 "a commit counts as bad where the figure moved by the margin, and the way BAD's\n"
		 "did. What does not build, boot or measure is skipped. Ends with the commit, the\n"
		 "size of its step and, under icount, the functions that it lies in.\n",
	.notes = "Of a merge the first parent's side is followed; where the merge itself is found,\n"
		 "the branch that it merged is bisected then.\n"
		 "Exit code 0: found; 4: only commits that were skipped are left, or GOOD and BAD do\n"
		 "not differ; 2: it could not be done.\n",
	.opts = opts,
	.min_words = 2,
	.max_words = 2,
	.want = "two commits are wanted, such as v5.17 HEAD, and a cell",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.keeps = "kernel resume ktap stop-early inject reuse show-command name",
};

enum answer { ANSWER_GOOD, ANSWER_BAD, ANSWER_SKIP };

struct work {
	struct options o;
	struct git g;
	struct kernel_recipe recipe;
	struct kernel_opts kernels;
	char *dir;	/* of its runs */
	struct str experiment;
	char *good_run; /* the run of GOOD alone, whose boots are taken again; NULL: none can be */
	struct git_commit good;
	char *images[2]; /* of GOOD and of BAD */
	char *ends_run;  /* that measured both */
	bool rises; /* the way BAD moved the figure */
	int steps;
};

/* --- measuring two kernels --- */

/* The cell and its control, from the cell's id alone. */
static int make_experiment(struct work *w, struct err *err)
{
	char *bench = paths_program("mlockbench"), *label = strchr(w->o.cell, '/'), *control = NULL;
	char *workload = label ? xstrndup(w->o.cell, (size_t)(label - w->o.cell)) : xstrdup(w->o.cell);
	struct strv params = STRV_INIT, argv = STRV_INIT;
	struct str said = STR_INIT;
	json_t *cell = NULL;
	int ret;

	strv_split(&params, label ? label + 1 : "", ",");
	strv_push(&argv, bench);
	strv_push(&argv, "cell");
	strv_push(&argv, workload);
	for (size_t i = 0; i < params.n; i++)
		strv_push(&argv, params.v[i]);
	ret = spawn_capture(argv.v, &said, err);
	if (ret < 0)
		err_prefix(err, "--cell %s", w->o.cell);
	else
		cell = json_loads(str_text(&said), 0, NULL);
	str_addf(&w->experiment, "[global]\nname=bisect\niterations=2\n[cell]\nworkload=%s\n", workload);
	for (size_t i = 0; i < params.n; i++)
		str_addf(&w->experiment, "%s\n", params.v[i]);
	if (cell && *json_get_str(cell, "control", "")) {
		control = xstrdup(strchr(json_get_str(cell, "control", ""), '/') + 1);
		str_addf(&w->experiment, "[control]\nworkload=%s\n", workload);
		for (char *c = control; *c; c++)
			if (*c == ',')
				*c = '\n';
		str_addf(&w->experiment, "%s\n", control);
	}
	/* the id that the tables have, however it was written */
	if (cell)
		w->o.cell = xstrdup(json_get_str(cell, "id", w->o.cell));
	json_decref(cell);
	str_release(&said);
	strv_release(&argv);
	strv_release(&params);
	free(control);
	free(workload);
	free(bench);
	return ret;
}

static void push_kernel(const struct work *w, struct strv *argv, const char *arm, const struct git_commit *c)
{
	strv_pushf(argv, "--kernel=%s=git:%s@%s", arm, w->g.dir, c->id);
}

/* Runs the cell on old (NULL: on new alone) and new, into the directory out. */
static int measure(const struct work *w, const struct git_commit *old, const struct git_commit *new,
		   const char *out, struct err *err)
{
	char *path = verb_file("bisect.ini", &w->experiment, err);
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int code = -1;

	if (path) {
		strv_push(&argv, "run");
		strv_push(&argv, path);
		strv_pushf(&argv, "--target=%s", w->o.target);
		strv_pushf(&argv, "--pairs=%d", w->o.pairs);
		if (old)
			push_kernel(w, &argv, "good", old);
		push_kernel(w, &argv, old ? "step" : "good", new);
		if (old == &w->good && w->good_run)
			strv_pushf(&argv, "--reuse=good=%s", w->good_run);
		if (w->recipe.config)
			strv_pushf(&argv, "--config=%s", w->recipe.config);
		for (size_t i = 0; i < w->recipe.fragments.n; i++)
			strv_pushf(&argv, "--fragment=%s", w->recipe.fragments.v[i]);
		for (size_t i = 0; i < w->o.rest.n; i++)
			strv_push(&argv, w->o.rest.v[i]);
		strv_pushf(&argv, "--out=%s", out);
		code = verb_run(&argv, &said, err);
		if (code > 0 && !said.len)
			code = err_set(err, "nothing was measured of %.12s (%s)", new->id, new->subject);
	}
	str_release(&said);
	strv_release(&argv);
	free(path);
	return code < 0 ? -1 : 0;
}

/* The cell's entry in what compare says of a run: a new reference, or NULL. */
static json_t *compare(const struct work *w, const char *run, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	json_t *all = NULL, *cell, *found = NULL;
	size_t i;

	strv_push(&argv, "compare");
	strv_push(&argv, "--format=json");
	strv_push(&argv, "--all");
	strv_push(&argv, run);
	if (verb_run(&argv, &said, err) >= 0)
		all = json_loads(str_text(&said), 0, NULL);
	json_array_foreach(json_object_get(all, "cells"), i, cell)
		if (!found && !strcmp(json_get_str(cell, "cell", ""), w->o.cell) &&
		    (w->o.metric ? !strcmp(json_get_str(cell, "metric", ""), w->o.metric)
				 : json_get_bool(cell, "primary", 0)))
			found = json_incref(cell);
	if (!found)
		err_set(err, "'%s' has no figure '%s' of %s", run, w->o.metric ? w->o.metric : "primary", w->o.cell);
	json_decref(all);
	str_release(&said);
	strv_release(&argv);
	return found;
}

/* 1: moved, and rises says where to; 0: not by the margin; -1: nobody can say, and err tells why. */
static int moved(const json_t *cell, bool *rises, struct err *err)
{
	const char *verdict = json_get_str(cell, "verdict", "");

	*rises = json_get_num(cell, "ratio", 1) > (json_get_bool(cell, "difference", 0) ? 0 : 1);
	if (!strcmp(verdict, "better") || !strcmp(verdict, "worse") || !strcmp(verdict, "changed"))
		return 1;
	if (!strcmp(verdict, "inconclusive"))
		return err_set(err, "it is inconclusive: more --pairs would tell");
	return 0;
}

/* Builds a commit; what a guest gets of it, a new string, or NULL. */
static char *built(const struct work *w, const struct git_commit *c, struct err *err)
{
	char *name = kernel_build_commit(&w->g, c, &w->recipe, &w->kernels, NULL, err);
	char *image = name ? kernel_installed_identity(w->kernels.cache, name, err) : NULL;

	free(name);
	return image;
}

/* Measures a commit that was built against GOOD. */
static enum answer decide(struct work *w, const struct git_commit *c, struct err *err)
{
	char *out = xasprintf("%s/%02d-%.12s", w->dir, ++w->steps, c->id);
	json_t *cell = measure(w, &w->good, c, out, err) == 0 ? compare(w, out, err) : NULL;
	bool rises;
	int is = cell ? moved(cell, &rises, err) : -1;

	json_decref(cell);
	free(out);
	return is < 0 ? ANSWER_SKIP : is && rises == w->rises ? ANSWER_BAD : ANSWER_GOOD;
}

/* Builds and judges it; one whose image is GOOD's or BAD's is known already. */
static enum answer ask(struct work *w, const struct git_commit *c, struct err *err)
{
	char *image = built(w, c, err);
	enum answer answer;

	if (!image)
		return ANSWER_SKIP;
	if (strcmp(image, w->images[0]) == 0)
		answer = ANSWER_GOOD;
	else if (strcmp(image, w->images[1]) == 0)
		answer = ANSWER_BAD;
	else
		answer = decide(w, c, err);
	free(image);
	return answer;
}

/* --- git's bisection --- */

static int bisect(const struct work *w, const char *word, const char *id, struct str *said, struct err *err)
{
	const char *const words[] = {"bisect", word, id, NULL};

	str_clear(said);
	return git_own(&w->g, words, said, err);
}

static int begin(const struct work *w, const char *good, const char *bad, struct str *said, struct err *err)
{
	const char *const head[] = {"update-ref", "--no-deref", "HEAD", good, NULL};
	const char *const start[] = {"bisect", "start", "--no-checkout", "--first-parent", bad, good, NULL};
	const char *const reset[] = {"bisect", "reset", "HEAD", NULL};
	struct err ignored;

	git_own(&w->g, reset, NULL, &ignored);
	str_clear(said);
	return git_own(&w->g, head, NULL, err) < 0 ? -1 : git_own(&w->g, start, said, err);
}

/* "Bisecting: 7 revisions left to test after this (roughly 3 steps)" of what git said. */
static void say_left(const struct str *said)
{
	const char *line = strstr(str_text(said), "Bisecting: ");

	if (line)
		fprintf(stderr, "%.*s\n", (int)strcspn(line + 11, "\n"), line + 11);
}

/* The commit that git has found, into id; "" while it has not. */
static void take_found(const struct str *said, char id[65])
{
	const char *at = strstr(str_text(said), " is the first bad commit");

	id[0] = '\0';
	if (at && at - str_text(said) >= 40)
		snprintf(id, 65, "%.40s", at - 40);
}

static int next(const struct work *w, struct git_commit *c, struct err *err)
{
	const char *const words[] = {"rev-parse", "--verify", "BISECT_HEAD", NULL};
	struct str id = STR_INIT;
	int ret = git_own(&w->g, words, &id, err);

	if (ret == 0)
		ret = git_commit(&w->g, id.buf, c, err);
	str_release(&id);
	return ret;
}

/* 0 with the first bad commit's id; 1 where only skipped ones are left; -1. */
static int search(struct work *w, const char *good, const char *bad, char id[65], struct err *err)
{
	static const char *const names[] = {"good", "bad", "skip"};
	struct str said = STR_INIT;
	int ret = begin(w, good, bad, &said, err);

	take_found(&said, id);
	while (ret == 0 && !*id) {
		struct git_commit c = {0};
		struct err why = {""};
		enum answer answer;

		say_left(&said);
		ret = next(w, &c, err);
		if (ret < 0)
			break;
		answer = ask(w, &c, &why);
		fprintf(stderr, "%.12s (%s): %s%s%s\n", c.id, c.subject, names[answer], answer == ANSWER_SKIP ? ": " : "",
			answer == ANSWER_SKIP ? why.text : "");
		ret = bisect(w, names[answer], c.id, &said, err);
		take_found(&said, id);
		if (ret < 0 && (strstr(said.buf ? said.buf : "", "only 'skip'ped") ||
				strstr(err->text, "only 'skip'ped"))) {
			printf("only commits that were skipped are left: it is one of\n%s\n", str_text(&said));
			ret = 1;
		}
		git_commit_release(&c);
	}
	str_release(&said);
	return ret;
}

/* --- the end --- */

static int follow(const struct work *w, const char *verb, struct strv *argv, struct err *err)
{
	struct strv all = STRV_INIT;
	int code;

	(void)w;
	strv_push(&all, verb);
	for (size_t i = 0; i < argv->n; i++)
		strv_push(&all, argv->v[i]);
	code = verb_run(&all, NULL, err);
	strv_release(&all);
	return code;
}

static int profile(const struct work *w, const struct git_commit *old, const struct git_commit *new, struct err *err)
{
	const char *label = strchr(w->o.cell, '/');
	struct strv argv = STRV_INIT;
	int ret;

	strv_pushf(&argv, "git:%s@%s", w->g.dir, old->id);
	strv_pushf(&argv, "git:%s@%s", w->g.dir, new->id);
	strv_pushf(&argv, "%.*s", (int)strcspn(w->o.cell, "/"), w->o.cell);
	strv_split(&argv, label ? label + 1 : "", ",");
	if (w->recipe.config)
		strv_pushf(&argv, "--config=%s", w->recipe.config);
	for (size_t i = 0; i < w->recipe.fragments.n; i++)
		strv_pushf(&argv, "--fragment=%s", w->recipe.fragments.v[i]);
	for (size_t i = 0; i < w->o.rest.n; i++)
		strv_push(&argv, w->o.rest.v[i]);
	strv_pushf(&argv, "--out=%s/profile", w->dir);
	ret = follow(w, "profile", &argv, err);
	strv_release(&argv);
	return ret;
}

/* The run of a commit and its parent: that of the two ends where it is their images. */
static char *step_run(const struct work *w, const struct git_commit *parent, const struct git_commit *c,
		      struct err *err)
{
	char *old = built(w, parent, err), *new = old ? built(w, c, err) : NULL, *out = NULL;

	if (new && !strcmp(old, w->images[0]) && !strcmp(new, w->images[1])) {
		out = xstrdup(w->ends_run);
	} else if (new) {
		out = xasprintf("%s/step", w->dir);
		if (measure(w, parent, c, out, err) < 0) {
			free(out);
			out = NULL;
		}
	}
	free(new);
	free(old);
	return out;
}

/* Commit, subject, the size of its step against its parent, and where it lies. */
static int tell(struct work *w, const struct git_commit *c, struct err *err)
{
	char *rev = xasprintf("%s^", c->id), *out = NULL;
	struct git_commit parent = {0};
	json_t *cell = NULL;
	int ret = git_commit(&w->g, rev, &parent, err);

	printf("%s is the first commit that moved %s\n    %s\n    %s\n", c->id, w->o.cell, c->subject, c->date);
	if (ret == 0) {
		out = step_run(w, &parent, c, err);
		cell = out ? compare(w, out, err) : NULL;
		ret = cell ? 0 : -1;
	}
	if (ret == 0)
		printf("%s\n(%s, ratio %.4g, 95 %% interval %.4g to %.4g)\n", json_get_str(cell, "sentence", ""),
		       json_get_str(cell, "verdict", ""), json_get_num(cell, "ratio", 0), json_get_num(cell, "low", 0),
		       json_get_num(cell, "high", 0));
	fflush(stdout);
	if (ret == 0 && !w->o.no_profile && strcmp(w->o.target, "icount") == 0)
		ret = profile(w, &parent, c, err) < 0 ? -1 : 0;
	if (ret < 0)
		err_prefix(err, "its step against its parent cannot be told");
	json_decref(cell);
	git_commit_release(&parent);
	free(out);
	free(rev);
	return ret;
}

static int find(struct work *w, const char *good, const char *bad, struct err *err);

/* The branch that a merge brought: from where it left to its tip. 0: found in there; 1: not. */
static int into_merge(struct work *w, const struct git_commit *merge, struct err *err)
{
	char *ours = xasprintf("%s^1", merge->id), *theirs = xasprintf("%s^2", merge->id);
	const char *const words[] = {"merge-base", ours, theirs, NULL};
	struct str base = STR_INIT;
	int ret = git_own(&w->g, words, &base, err);

	fprintf(stderr, "%.12s (%s) is a merge: on into what it merged\n", merge->id, merge->subject);
	if (ret == 0)
		ret = find(w, base.buf, theirs, err);
	str_release(&base);
	free(theirs);
	free(ours);
	return ret;
}

/* 0 where GOOD and BAD differ, 1 where they do not, -1. */
static int measure_ends(struct work *w, const struct git_commit *bad, struct err *err)
{
	const struct git_commit *ends[] = {&w->good, bad};
	json_t *cell = NULL;
	int ret = 0;

	free(w->ends_run);
	w->ends_run = xasprintf("%s/%02d-ends", w->dir, ++w->steps);
	free(w->good_run);
	w->good_run = NULL;
	for (size_t i = 0; ret == 0 && i < 2; i++) {
		free(w->images[i]);
		w->images[i] = built(w, ends[i], err);
		ret = w->images[i] ? 0 : -1;
	}
	/* under icount GOOD's boots are made once */
	if (ret == 0 && strcmp(w->o.target, "icount") == 0) {
		w->good_run = xasprintf("%s/%02d-good", w->dir, ++w->steps);
		ret = measure(w, NULL, &w->good, w->good_run, err);
	}
	if (ret == 0)
		ret = measure(w, &w->good, bad, w->ends_run, err);
	if (ret == 0) {
		cell = compare(w, w->ends_run, err);
		ret = cell ? moved(cell, &w->rises, err) : -1;
		if (ret == 0)
			fprintf(stderr, "%.12s and %.12s do not differ in %s\n", w->good.id, bad->id, w->o.cell);
		ret = ret < 0 ? -1 : !ret;
	}
	json_decref(cell);
	return ret;
}

/* From the two ends to the answer. 0 found, 1 not, -1. */
static int find(struct work *w, const char *good, const char *bad, struct err *err)
{
	struct git_commit b = {0}, found = {0};
	bool again = w->good.id != NULL;
	char id[65];
	struct err why;
	int ret;

	git_commit_release(&w->good);
	ret = git_commit(&w->g, good, &w->good, err);
	if (ret == 0)
		ret = git_commit(&w->g, bad, &b, err);
	if (ret == 0)
		ret = measure_ends(w, &b, err);
	if (ret == 0)
		ret = search(w, w->good.id, b.id, id, err);
	if (ret == 0)
		ret = git_commit(&w->g, id, &found, err);
	if (ret == 0 && (found.parents < 2 || again || into_merge(w, &found, &why) != 0))
		ret = tell(w, &found, err);
	git_commit_release(&found);
	git_commit_release(&b);
	return ret;
}

/* One at a time: the state of a bisection is the repository's. */
static int lock(const struct work *w, struct err *err)
{
	char *path = xasprintf("%s/bisect.lock", w->g.own);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	free(path);
	if (fd < 0)
		return err_sys(err, "cannot open the lock of '%s'", w->g.own);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, "another bisection of '%s' is under way", w->g.dir);
	return 0;
}

static int is_ancestor(const struct work *w, struct err *err)
{
	struct git_commit from = {0};
	struct git_commits l = {0};
	int ret = git_series(&w->g, w->o.good, w->o.bad, NULL, &from, &l, err);

	git_commit_release(&from);
	git_commits_release(&l);
	return ret;
}

static int run(struct work *w, struct err *err)
{
	char *results = paths_results(), stamp[32];
	time_t now = time(NULL);
	int ret;

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", gmtime(&now));
	w->dir = w->o.out ? xstrdup(w->o.out) : xasprintf("%s/bisect-%s", results, stamp);
	free(results);
	ret = git_open(&w->g, w->o.tree ? w->o.tree : git_default_tree(), w->kernels.cache, err);
	if (ret == 0)
		ret = make_experiment(w, err);
	if (ret == 0)
		ret = is_ancestor(w, err);
	if (ret == 0)
		ret = lock(w, err);
	if (ret == 0)
		ret = fs_mkdirs(w->dir, err);
	if (ret == 0)
		ret = find(w, w->o.good, w->o.bad, err);
	if (ret >= 0)
		fprintf(stderr, "its runs are in %s\n", w->dir);
	return ret;
}

int main(int argc, char **argv)
{
	struct work w = {.o = {.target = "icount", .pairs = 6}};
	char **words = command_parse(&command, &w.o, argc, argv);
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct err err = {""};
	int ret;

	w.o.good = words[0];
	w.o.bad = words[1];
	w.kernels = (struct kernel_opts){.cache = cache, .config = config};
	kernel_recipe_set(&w.recipe, w.o.config, &w.o.fragments);
	w.recipe.jobs = w.o.jobs;
	ret = w.o.cell ? run(&w, &err)
		       : err_set(&err, "--cell is missing: name one, such as --cell exit-mlocked/procs=32,lock=mlock");
	if (ret < 0)
		command_fail(&err);
	str_release(&w.experiment);
	git_commit_release(&w.good);
	kernel_recipe_release(&w.recipe);
	git_release(&w.g);
	free(w.ends_run);
	free(w.images[0]);
	free(w.images[1]);
	free(w.good_run);
	free(w.dir);
	free(config);
	free(cache);
	return ret < 0 ? EXIT_USAGE : ret ? EXIT_INCONCLUSIVE : EXIT_OK;
}
