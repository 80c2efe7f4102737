/*
 * The user's own tree: a git repository that is only read, with git's own commands, and the lab's
 * private one beside it in the cache. The private repository borrows the user's objects, keeps an
 * index and a work tree of its own, and takes what has to be written (a snapshot of changes that
 * are not committed, the state of a bisection): the user's checkout, index, branches and reflogs
 * stay as they are.
 */
#ifndef RUNNER_KERNELS_GIT_H
#define RUNNER_KERNELS_GIT_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

struct git {
	char *dir;     /* the user's tree, absolute */
	char *objects; /* where the user's objects are */
	char *own;     /* CACHE/git/NAME-HASH: repo.git, tree/, what builds keep */
	bool shallow;
};

struct git_commit {
	char *id, *tree;      /* in hexadecimal */
	char *subject, *date; /* the author's date, ISO 8601; the subject fit for a terminal */
	int parents;
	bool dirty; /* a snapshot of changes that nobody committed */
};

struct git_commits {
	struct git_commit *v;
	size_t n;
};

/* Whose tree a spec without a directory means: $MLOCKLAB_TREE, else the current directory. */
const char *git_default_tree(void);

/* Opens the repository that dir lies in; makes the private one in the cache where it is missing. */
int git_open(struct git *g, const char *dir, const char *cache, struct err *err);
void git_release(struct git *g);

/*
 * The commit that rev names and that holds a kernel's source. "HEAD+" is the working tree with its
 * changes and new files, but for what is ignored: HEAD itself where there are none.
 */
int git_commit(const struct git *g, const char *rev, struct git_commit *c, struct err *err);
void git_commit_release(struct git_commit *c);
/* Its part of run.json: {"commit","tree","subject","author_date","dirty"}. A new reference. */
json_t *git_commit_json(const struct git_commit *c);
/* "0123456789ab (subject), 2022-02-14", and whether with changes: what reports show as its version.
 */
char *git_commit_words(const struct git_commit *c);

/*
 * The commits after base up to tip in their order, of a merge its first parent's side, with paths
 * those alone that touch one of them; base is set to where tip's history leaves it. -1 where there
 * is none, where the range runs backwards, and where history ends before base is reached.
 */
int git_series(const struct git *g, const char *base, const char *tip, const struct strv *paths,
	       struct git_commit *from, struct git_commits *l, struct err *err);
void git_commits_release(struct git_commits *l);

/* Moves the private work tree, OWN/tree, to a commit; only files that differ are written. */
int git_checkout(const struct git *g, const struct git_commit *c, struct err *err);
/* The files that differ between two trees or commits, appended. */
int git_changed(const struct git *g, const char *from, const char *to, struct strv *files,
		struct err *err);
/* Whether dir's working tree has changes; untracked files are none. */
bool git_has_changes(const struct git *g);

/* Runs git in the private repository; out, where not NULL, gets what it prints. */
int git_own(const struct git *g, const char *const *words, struct str *out, struct err *err);
/* The same in the user's tree, which is to be read only; env: settings for it, NAME=VALUE, or NULL.
 */
int git_in(const char *dir, const char *const *env, const char *const *words, struct str *out,
	   struct err *err);
/* Appends the commits that git log names with these words, in its order. */
int git_log(const struct git *g, const struct strv *words, struct git_commits *l, struct err *err);

/* --- the pure parts, for tests --- */
/* "DIR@REV" or "REV": where the directory ends, or NULL. An '@' before '{' belongs to the revision.
 */
const char *git_split(const char *spec);
/* BASE..TIP into two new strings; an end left out is HEAD. */
int git_range(const char *text, char **base, char **tip, struct err *err);
/* Whether a file has a say in the configuration: then it must be made anew. */
bool git_moves_config(const char *file);

#endif
