#include "runner/kernels/git.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/text.h"

/* What a tree must hold to be a kernel's source. */
#define KERNEL_MARK "scripts/kconfig/merge_config.sh"

/* In the user's tree. */
#define USER(g, out, err, ...)                                                                     \
	git_in((g)->dir, NULL, (const char *const[]){__VA_ARGS__, NULL}, out, err)

/* --- commits --- */

void git_commit_release(struct git_commit *c)
{
	free(c->id);
	free(c->tree);
	free(c->subject);
	free(c->date);
	*c = (struct git_commit){0};
}

void git_commits_release(struct git_commits *l)
{
	for (size_t i = 0; i < l->n; i++)
		git_commit_release(&l->v[i]);
	free(l->v);
	*l = (struct git_commits){0};
}

json_t *git_commit_json(const struct git_commit *c)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "commit", c->id, "tree", c->tree, "subject",
			 c->subject, "author_date", c->date, "dirty", c->dirty);
}

char *git_commit_words(const struct git_commit *c)
{
	return xasprintf("%.12s (%s), %.10s%s", c->id, c->subject, c->date,
			 c->dirty ? ", not committed" : "");
}

#define COMMIT_FORMAT "--format=%H%n%T%n%P%n%aI%n%s"
#define COMMIT_LINES 5

/* Takes the lines that COMMIT_FORMAT gave, of which the parents' may be empty. */
static int take_commit(struct git_commit *c, char **line)
{
	char *field[COMMIT_LINES];

	for (int i = 0; i < COMMIT_LINES; i++) {
		char *end = strchr(*line, '\n');

		if (!end && i < COMMIT_LINES - 1)
			return -1;
		field[i] = *line;
		*line = end ? end + 1 : *line + strlen(*line);
		if (end)
			*end = '\0';
	}
	*c = (struct git_commit){
		.id = xstrdup(field[0]), .tree = xstrdup(field[1]), .date = xstrdup(field[3])};
	for (const char *p = field[2]; *p; p++)
		c->parents += p == field[2] || p[-1] == ' ';
	c->subject = text_clean(field[4], 200);
	return 0;
}

int git_log(const struct git *g, const struct strv *words, struct git_commits *l, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	char *line;
	int ret;

	strv_split(&argv, "log --no-show-signature " COMMIT_FORMAT, " ");
	for (size_t i = 0; i < words->n; i++)
		strv_push(&argv, words->v[i]);
	ret = git_own(g, (const char *const *)argv.v, &said, err);
	line = said.buf;
	while (ret == 0 && line && *line) {
		struct git_commit c;

		if (take_commit(&c, &line) < 0) {
			ret = err_set(err, "git log of '%s' is not understood", words->v[0]);
			break;
		}
		l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
		l->v[l->n++] = c;
	}
	strv_release(&argv);
	str_release(&said);
	return ret;
}

static int read_commit(const struct git *g, const char *id, struct git_commit *c, struct err *err)
{
	struct git_commits l = {0};
	struct strv words = STRV_INIT;
	int ret;

	strv_push(&words, id);
	strv_split(&words, "-1 --", " ");
	ret = git_log(g, &words, &l, err);
	if (ret == 0 && l.n != 1)
		ret = err_set(err, "git log of '%s' is not understood", id);
	if (ret == 0) {
		*c = l.v[0];
		l.n = 0;
	}
	git_commits_release(&l);
	strv_release(&words);
	return ret;
}

static bool holds(const struct git *g, const char *commit, const char *file)
{
	char *name = xasprintf("%s:%s", commit, file);
	struct err ignored;
	bool has = git_own(g, (const char *const[]){"cat-file", "-e", name, NULL}, NULL,
			   &ignored) == 0;

	free(name);
	return has;
}

static int resolve(const struct git *g, const char *rev, struct str *id, struct err *err)
{
	char *commit = xasprintf("%s^{commit}", rev);
	struct err ignored;
	int ret = 0;

	/* the private one knows snapshots, the user's knows names */
	if (*rev == '-' ||
	    (USER(g, id, &ignored, "rev-parse", "--verify", "--quiet", commit) < 0 &&
	     git_own(g, (const char *const[]){"rev-parse", "--verify", "--quiet", commit, NULL}, id,
		     &ignored) < 0))
		ret = err_set(err, "'%s' is no commit of '%s'%s", rev, g->dir,
			      g->shallow
				      ? ", whose history is shallow: git fetch --deepen brings more"
				      : "");
	free(commit);
	return ret;
}

/* --- what is not committed --- */

bool git_has_changes(const struct git *g)
{
	struct str said = STR_INIT;
	struct err ignored;
	bool has = USER(g, &said, &ignored, "status", "--porcelain", "--untracked-files=no") == 0 &&
		   said.len;

	str_release(&said);
	return has;
}

/* A copy of the user's index has the times of their files in it: git reads only what has changed.
 */
static int copy_index(const struct git *g, const char *to, struct err *err)
{
	struct str from = STR_INIT;
	int ret = USER(g, &from, err, "rev-parse", "--path-format=absolute", "--git-path", "index");

	unlink(to);
	if (ret == 0 && fs_exists(str_text(&from)))
		ret = fs_copy(str_text(&from), to, err);
	str_release(&from);
	return ret;
}

static int write_snapshot(const struct git *g, const struct git_commit *head, const char *index,
			  struct str *id, struct err *err)
{
	char *index_env = xasprintf("GIT_INDEX_FILE=%s", index);
	char *objects = xasprintf("GIT_OBJECT_DIRECTORY=%s/repo.git/objects", g->own);
	char *author = xasprintf("GIT_AUTHOR_DATE=%s", head->date), *committer;
	char *subject = xasprintf("changes on top of %.12s (%s)", head->id, head->subject);
	struct str top = STR_INIT, tree = STR_INIT;
	int ret;

	committer = xasprintf("GIT_COMMITTER_DATE=%s", head->date);
	/* equal changes give an equal commit */
	const char *const env[] = {index_env,
				   objects,
				   author,
				   committer,
				   "GIT_AUTHOR_NAME=mlocklab",
				   "GIT_AUTHOR_EMAIL=mlocklab@localhost",
				   "GIT_COMMITTER_NAME=mlocklab",
				   "GIT_COMMITTER_EMAIL=mlocklab@localhost",
				   NULL};

	ret = USER(g, &top, err, "rev-parse", "--show-toplevel");
	if (ret < 0)
		err_prefix(err, "'%s' has no working tree", g->dir);
	if (ret == 0)
		ret = git_in(top.buf, env, (const char *const[]){"add", "-A", NULL}, NULL, err);
	if (ret == 0)
		ret = git_in(top.buf, env, (const char *const[]){"write-tree", NULL}, &tree, err);
	if (ret == 0 && strcmp(tree.buf, head->tree) == 0)
		str_add(id, head->id);
	else if (ret == 0)
		ret = git_in(top.buf, env,
			     (const char *const[]){"commit-tree", tree.buf, "-p", head->id, "-m",
						   subject, NULL},
			     id, err);
	str_release(&top);
	str_release(&tree);
	free(subject);
	free(committer);
	free(author);
	free(objects);
	free(index_env);
	return ret;
}

static int snapshot(const struct git *g, struct str *id, struct err *err)
{
	char *index = xasprintf("%s/snapshot.%ld", g->own, (long)getpid());
	struct git_commit head = {0};
	struct str rev = STR_INIT;
	int ret = resolve(g, "HEAD", &rev, err);

	if (ret == 0)
		ret = read_commit(g, rev.buf, &head, err);
	if (ret == 0)
		ret = copy_index(g, index, err);
	if (ret == 0)
		ret = write_snapshot(g, &head, index, id, err);
	unlink(index);
	git_commit_release(&head);
	str_release(&rev);
	free(index);
	return ret;
}

/* The lab's own snapshot has an author that nobody else has. */
static bool is_snapshot(const struct git *g, const char *id)
{
	const char *const words[] = {"log", "-1", "--format=%ae", id, "--", NULL};
	struct str said = STR_INIT;
	struct err ignored;
	bool is = git_own(g, words, &said, &ignored) == 0 &&
		  !strcmp(str_text(&said), "mlocklab@localhost");

	str_release(&said);
	return is;
}

int git_commit(const struct git *g, const char *rev, struct git_commit *c, struct err *err)
{
	size_t n = strlen(rev);
	struct str id = STR_INIT;
	int ret;

	*c = (struct git_commit){0};
	if (strcmp(rev, "HEAD+") == 0 || strcmp(rev, "+") == 0)
		ret = snapshot(g, &id, err);
	else if (n && rev[n - 1] == '+')
		ret = err_set(err,
			      "'%s': only the commit that is checked out has changes: write HEAD+",
			      rev);
	else
		ret = resolve(g, rev, &id, err);
	if (ret == 0)
		ret = read_commit(g, id.buf, c, err);
	if (ret == 0)
		c->dirty = is_snapshot(g, c->id);
	if (ret == 0 && !holds(g, c->id, KERNEL_MARK))
		ret = err_set(err, "'%s' of '%s' is no kernel's source: it has no " KERNEL_MARK,
			      rev, g->dir);
	if (ret < 0)
		git_commit_release(c);
	str_release(&id);
	return ret;
}
