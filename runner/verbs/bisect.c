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
#include "lib/verb.h"
#include "runner/run/options.h"
#include "runner/run/slurm-jobs.h"
#include "runner/series/bisect.h"

struct options {
	const char *good, *bad;
	const char *cell, *metric, *target, *out;
	struct tree_options tree;
	struct strv rest;
	int pairs;
	bool no_profile;
};
#define AT(field) offsetof(struct options, field)

static const struct opt opts[] = {
	OPT_TEXT("cell", "ID", NULL, AT(cell),
		 "the cell, as tables and run.json name it: exit-mlocked/procs=32,lock=mlock"),
	OPT_TEXT("metric", "NAME", NULL, AT(metric), "its metric (default: the primary one)"),
	OPT_FLAG("no-profile", AT(no_profile), "do not take the step apart by function at the end"),
	OPT_INT("pairs", "N", 6, 1000, AT(pairs), "boots of each kernel (default: 6)"),
	OPT_TEXT("target", "NAME", NULL, AT(target), "as of run (default: icount)"),
	OPT_TREE(struct options, tree),
	OPT_TEXT("out", "DIR", OFFER_DIR, AT(out),
		 "where its runs go (default: results/bisect-DATE)"),
	OPT_END,
};

static const struct command command = {
	.name = "bisect",
	.usage = "GOOD BAD --cell ID [option...]",
	.about = "Finds the first commit between GOOD and BAD that moved a figure, by git bisect "
		 "in a\n"
		 "repository of its own. Each step is decided by the paired verdict against GOOD:\n"
		 "a commit counts as bad where the figure moved by the margin, and the way BAD's\n"
		 "did. What does not build, boot or measure is skipped. Ends with the commit, the\n"
		 "size of its step and, under icount, the functions that it lies in.\n",
	.notes =
		"Of a merge the first parent's side is followed; where the merge itself is found,\n"
		"the branch that it merged is bisected then.\n"
		"Exit code 0: found; 4: only commits that were skipped are left, or GOOD and BAD "
		"do\n"
		"not differ; 2: it could not be done.\n",
	.opts = opts,
	.min_words = 2,
	.max_words = 2,
	.want = "two commits are wanted, such as v5.17 HEAD, and a cell",
	.pass = run_opts,
	.pass_verb = "run",
	.pass_at = AT(rest),
	.keeps = "kernel resume ktap stop-early inject reuse show-command name submit",
};

/* --- the end --- */

static int profile(const struct bisect *b, const struct git_commit *old,
		   const struct git_commit *new, struct err *err)
{
	const char *label = strchr(b->cell, '/');
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, "profile");
	strv_pushf(&argv, "git:%s@%s", b->g.dir, old->id);
	strv_pushf(&argv, "git:%s@%s", b->g.dir, new->id);
	strv_pushf(&argv, "%.*s", (int)strcspn(b->cell, "/"), b->cell);
	strv_split(&argv, label ? label + 1 : "", ",");
	kernel_recipe_argv(&b->recipe, &argv);
	for (size_t i = 0; i < b->rest->n; i++)
		strv_push(&argv, b->rest->v[i]);
	strv_pushf(&argv, "--out=%s/profile", b->dir);
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	return code < 0 ? -1 : 0;
}

/* Commit, subject, the size of its step against its parent, and where it lies. */
static int tell(const struct bisect *b, const struct git_commit *c, bool profiled, struct err *err)
{
	char *rev = xasprintf("%s^", c->id), *run = NULL;
	struct git_commit parent = {0};
	json_t *figure = NULL;
	int ret = git_commit(&b->g, rev, &parent, err);

	printf("%s is the first commit that moved %s\n    %s\n    %s\n", c->id, b->cell, c->subject,
	       c->date);
	if (ret == 0) {
		run = bisect_step(b, &parent, c, err);
		figure = run ? bisect_figure(b, run, err) : NULL;
		ret = figure ? 0 : -1;
	}
	if (ret == 0) {
		const char *sentence = json_get_str(figure, "sentence", "");
		char *size = bisect_size(figure);

		printf("%s%s(%s)\n", sentence, *sentence ? "\n" : "", size);
		free(size);
	}
	fflush(stdout);
	if (ret == 0 && profiled)
		ret = profile(b, &parent, c, err);
	if (ret < 0)
		err_prefix(err, "its step against its parent cannot be told");
	json_decref(figure);
	git_commit_release(&parent);
	free(run);
	free(rev);
	return ret;
}

/* --- from two ends to the answer --- */

static int find(struct bisect *b, const char *good, const char *bad, bool profiled,
		struct err *err);

/* A branch that a merge brought, from where it left to its tip. 0: found in there; 1: not; -1. */
static int into_branch(struct bisect *b, const struct git_commit *merge, int parent, bool profiled,
		       struct err *err)
{
	char *ours = xasprintf("%s^1", merge->id), *theirs = xasprintf("%s^%d", merge->id, parent);
	const char *const words[] = {"merge-base", ours, theirs, NULL};
	struct str base = STR_INIT;
	int ret = git_own(&b->g, words, &base, err);

	fprintf(stderr, "%.12s (%s) is a merge: on into what it merged\n", merge->id,
		merge->subject);
	if (ret == 0)
		ret = find(b, base.buf, theirs, profiled, err);
	str_release(&base);
	free(theirs);
	free(ours);
	return ret;
}

/* 0 where one of the branches that it merged has the step; 1 where it is the merge's own. */
static int into_merge(struct bisect *b, const struct git_commit *merge, bool profiled)
{
	struct err why;
	int ret = 1;

	for (int parent = 2; ret && parent <= merge->parents; parent++) {
		ret = into_branch(b, merge, parent, profiled, &why);
		if (ret < 0)
			command_note("what %.12s (%s) merged cannot be bisected: %s", merge->id,
				     merge->subject, why.text);
	}
	return ret ? 1 : 0;
}

/* 0 found and told, 1 not, -1. */
static int find(struct bisect *b, const char *good, const char *bad, bool profiled, struct err *err)
{
	struct git_commit end = {0}, found = {0};
	char id[65];
	int ret;

	git_commit_release(&b->good);
	ret = git_commit(&b->g, good, &b->good, err);
	if (ret == 0)
		ret = git_commit(&b->g, bad, &end, err);
	if (ret == 0)
		ret = bisect_ends(b, &end, err);
	if (ret == 0)
		ret = bisect_search(b, end.id, id, err);
	if (ret == 0)
		ret = git_commit(&b->g, id, &found, err);
	if (ret == 0 && (found.parents < 2 || into_merge(b, &found, profiled) != 0))
		ret = tell(b, &found, profiled, err);
	git_commit_release(&found);
	git_commit_release(&end);
	return ret;
}

/* --- what is asked --- */

/* One at a time: the state of a bisection is the repository's. */
static int lock(const struct bisect *b, struct err *err)
{
	char *path = xasprintf("%s/bisect.lock", b->g.own);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	free(path);
	if (fd < 0)
		return err_sys(err, "cannot open the lock of '%s'", b->g.own);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(err, "another bisection of '%s' is under way", b->g.dir);
	return 0;
}

/* Says what is wrong with a range, or with this machine, before anything is left of it. */
static int check_range(struct bisect *b, const struct options *o, struct err *err)
{
	struct git_commit from = {0};
	struct git_commits l = {0};
	int ret = git_series(&b->g, o->good, o->bad, NULL, &from, &l, err);

	if (ret == 0)
		ret = kernel_recipe_for_range(&b->recipe, &b->g, from.id, l.v[l.n - 1].id, err);
	if (ret == 0)
		ret = kernel_build_able(&b->g, &from, &b->recipe, b->kernels.cache, err);
	git_commit_release(&from);
	git_commits_release(&l);
	return ret;
}

static char *make_dir(const char *out)
{
	char *results = paths_results(), *dir, stamp[32];
	time_t now = time(NULL);

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", gmtime(&now));
	dir = out ? xstrdup(out) : xasprintf("%s/bisect-%s", results, stamp);
	free(results);
	return dir;
}

static int run(struct bisect *b, const struct options *o, struct err *err)
{
	bool profiled = !o->no_profile && strcmp(o->target, "icount") == 0;
	int ret;

	if (!o->cell)
		return err_set(err, "--cell is missing: name one, such as --cell "
				    "exit-mlocked/procs=32,lock=mlock");
	b->dir = make_dir(o->out);
	ret = git_open(&b->g, o->tree.dir ? o->tree.dir : git_default_tree(), b->kernels.cache,
		       err);
	if (ret == 0)
		ret = bisect_cell(b, o->cell, err);
	if (ret == 0)
		ret = check_range(b, o, err);
	if (ret == 0)
		ret = lock(b, err);
	if (ret == 0)
		ret = fs_mkdirs(b->dir, err);
	if (ret == 0)
		ret = find(b, o->good, o->bad, profiled, err);
	if (ret >= 0)
		fprintf(stderr, "its runs are in %s\n", b->dir);
	return ret;
}

int main(int argc, char **argv)
{
	struct options o = {.target = "icount", .pairs = 6};
	char **words = command_parse(&command, &o, argc, argv);
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct bisect b = {.metric = o.metric,
			   .target = o.target,
			   .rest = &o.rest,
			   .pairs = o.pairs,
			   .kernels = {.cache = cache, .config = config}};
	struct err err = {""};
	const char *on;
	int ret;

	o.good = words[0];
	o.bad = words[1];
	kernel_recipe_set(&b.recipe, o.tree.config, &o.tree.fragments);
	b.recipe.jobs = o.tree.jobs;
	on = run_option_value(&o.rest, "on");
	if (on && strcmp(on, "slurm") == 0)
		slurm_build_words(&b.recipe.job, run_option_value(&o.rest, "slurm"), o.tree.jobs);
	ret = run(&b, &o, &err);
	if (ret < 0)
		command_fail(&err);
	bisect_release(&b);
	free(config);
	free(cache);
	return ret < 0 ? EXIT_USAGE : ret ? EXIT_INCONCLUSIVE : EXIT_OK;
}
