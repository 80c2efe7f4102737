#include "runner/kernels/git.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "lib/text.h"

/* What a tree must hold to be a kernel's source. */
#define KERNEL_MARK "scripts/kconfig/merge_config.sh"

/* --- running git --- */

/*
 * What a caller (a hook, a rebase) may have set would lead git elsewhere. GIT_OPTIONAL_LOCKS: status
 * would write the user's index.
 */
static void push_git(struct strv *argv)
{
	static const char *const unset[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR",
					    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
					    "GIT_PREFIX", "GIT_NAMESPACE"};

	strv_push(argv, "env");
	for (size_t i = 0; i < sizeof(unset) / sizeof(*unset); i++) {
		strv_push(argv, "-u");
		strv_push(argv, unset[i]);
	}
	strv_push(argv, "GIT_OPTIONAL_LOCKS=0");
	strv_push(argv, "LC_ALL=C");
}

static void push_words(struct strv *argv, const char *const *words)
{
	for (; *words; words++)
		strv_push(argv, *words);
}

static void trim(struct str *s)
{
	while (s->len && s->buf[s->len - 1] == '\n')
		s->buf[--s->len] = '\0';
}

/* In the user's tree. env: one more setting each, or NULL. */
static int git_in(const char *dir, const char *const *env, const char *const *words, struct str *out,
		  struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int ret;

	push_git(&argv);
	if (env)
		push_words(&argv, env);
	strv_push(&argv, "git");
	strv_push(&argv, "-C");
	strv_push(&argv, dir);
	/* neither a monitor that is started nor a hook of the user's */
	strv_split(&argv, "-c core.fsmonitor=false -c core.hooksPath=/dev/null", " ");
	push_words(&argv, words);
	ret = spawn_capture(argv.v, out ? out : &said, err);
	if (out)
		trim(out);
	strv_release(&argv);
	str_release(&said);
	return ret;
}

#define USER(g, out, err, ...) git_in((g)->dir, NULL, (const char *const[]){__VA_ARGS__, NULL}, out, err)

int git_own(const struct git *g, const char *const *words, struct str *out, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int ret;

	push_git(&argv);
	strv_push(&argv, "git");
	strv_push(&argv, "-C");
	strv_pushf(&argv, "%s/tree", g->own);
	strv_pushf(&argv, "--git-dir=%s/repo.git", g->own);
	strv_pushf(&argv, "--work-tree=%s/tree", g->own);
	strv_split(&argv, "-c core.hooksPath=/dev/null -c core.bare=false -c gc.auto=0", " ");
	push_words(&argv, words);
	ret = spawn_capture(argv.v, out ? out : &said, err);
	if (out)
		trim(out);
	strv_release(&argv);
	str_release(&said);
	return ret;
}

/* --- opening --- */

const char *git_default_tree(void)
{
	const char *tree = getenv("MLOCKLAB_TREE");

	return tree && *tree ? tree : ".";
}

void git_release(struct git *g)
{
	free(g->dir);
	free(g->objects);
	free(g->own);
	*g = (struct git){0};
}

/* What git tells of a repository with rev-parse, a line each; the paths are absolute. */
static int ask(struct git *g, const char *dir, struct strv *lines, struct err *err)
{
	const char *const words[] = {"rev-parse", "--path-format=absolute", "--git-common-dir", "--git-path",
				     "objects", "--is-shallow-repository", NULL};
	struct str said = STR_INIT;
	int ret = git_in(dir, NULL, words, &said, err);

	strv_split(lines, str_text(&said), "\n");
	str_release(&said);
	if (ret < 0 && strstr(err->text, "not a git repository"))
		return err_set(err, "'%s' is no git repository: name the kernel's tree with --tree, "
				    "MLOCKLAB_TREE or git:DIR@REV", dir);
	if (ret < 0)
		return -1;
	if (lines->n != 3)
		return err_set(err, "git does not say where the repository of '%s' is: it is older than 2.31", dir);
	g->objects = xstrdup(lines->v[1]);
	g->shallow = strcmp(lines->v[2], "true") == 0;
	return 0;
}

/* CACHE/git/linux-0123456789ab: the name to be found by, the hash to be told apart. */
static char *own_dir(const char *common, const char *cache)
{
	char *top = xstrdup(common), *real = realpath(cache, NULL), *base, *dir;
	unsigned long long h = 0xcbf29ce484222325u; /* FNV-1a */
	size_t n = strlen(top);

	for (const char *c = common; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	if (n > 5 && strcmp(top + n - 5, "/.git") == 0)
		top[n - 5] = '\0';
	base = strrchr(top, '/');
	base = base && base[1] ? base + 1 : top;
	for (char *c = base; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			*c = '_';
	dir = xasprintf("%s/git/%s-%012llx", real ? real : cache, base, h >> 16);
	free(real);
	free(top);
	return dir;
}

/* The boundary of a shallow history is the private one's too, or git misses what lies behind it. */
static int take_shallow(const struct git *g, const char *common, struct err *err)
{
	char *from = xasprintf("%s/shallow", common), *to = xasprintf("%s/repo.git/shallow", g->own);
	int ret = 0;

	if (g->shallow)
		ret = fs_copy(from, to, err);
	else
		unlink(to);
	free(from);
	free(to);
	return ret;
}

static int make_own(const struct git *g, const char *common, struct err *err)
{
	char *tree = xasprintf("%s/tree", g->own), *repo = xasprintf("%s/repo.git", g->own);
	char *alternates = xasprintf("%s/objects/info/alternates", repo);
	char *head = xasprintf("%s/HEAD", repo), *line = xasprintf("%s\n", g->objects);
	const char *const init[] = {"init", "-q", "--template=", "--bare", repo, NULL};
	char *info = xasprintf("%s/objects/info", repo);
	int ret = fs_mkdirs(tree, err);

	if (ret == 0 && !fs_exists(head))
		ret = git_in(g->own, NULL, init, NULL, err);
	if (ret == 0)
		ret = fs_mkdirs(info, err);
	if (ret == 0)
		ret = fs_write_atomic(alternates, line, strlen(line), err);
	if (ret == 0)
		ret = take_shallow(g, common, err);
	free(info);
	free(line);
	free(head);
	free(alternates);
	free(repo);
	free(tree);
	return ret;
}

int git_open(struct git *g, const char *dir, const char *cache, struct err *err)
{
	struct strv lines = STRV_INIT;
	char *git = spawn_which("git");
	int ret;

	*g = (struct git){0};
	free(git);
	if (!git)
		return err_set(err, "git is not here: as root, run apt-get install git");
	if (fs_mkdirs(cache, err) < 0)
		return -1;
	g->dir = realpath(dir, NULL);
	ret = g->dir ? ask(g, g->dir, &lines, err) : err_sys(err, "cannot read the tree '%s'", dir);
	if (ret == 0) {
		g->own = own_dir(lines.v[0], cache);
		ret = make_own(g, lines.v[0], err);
	}
	strv_release(&lines);
	if (ret < 0)
		git_release(g);
	return ret;
}

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
	*c = (struct git_commit){.id = xstrdup(field[0]), .tree = xstrdup(field[1]), .date = xstrdup(field[3])};
	for (const char *p = field[2]; *p; p++)
		c->parents += p == field[2] || p[-1] == ' ';
	c->subject = text_clean(field[4], 200);
	return 0;
}

/* Reads a commit from the private repository, which sees all of the user's. */
static int read_commit(const struct git *g, const char *id, struct git_commit *c, struct err *err)
{
	const char *const words[] = {"log", "-1", "--no-show-signature", COMMIT_FORMAT, id, "--", NULL};
	struct str said = STR_INIT;
	int ret = git_own(g, words, &said, err);
	char *line = said.buf;

	if (ret == 0 && (!line || take_commit(c, &line) < 0))
		ret = err_set(err, "git log of '%s' is not understood", id);
	str_release(&said);
	return ret;
}

static bool holds(const struct git *g, const char *commit, const char *file)
{
	char *name = xasprintf("%s:%s", commit, file);
	struct err ignored;
	bool has = git_own(g, (const char *const[]){"cat-file", "-e", name, NULL}, NULL, &ignored) == 0;

	free(name);
	return has;
}

static int resolve(const struct git *g, const char *rev, struct str *id, struct err *err)
{
	char *commit = xasprintf("%s^{commit}", rev);
	struct err ignored;
	int ret = 0;

	/* the private one knows snapshots, the user's knows names */
	if (*rev == '-' || (USER(g, id, &ignored, "rev-parse", "--verify", "--quiet", commit) < 0 &&
			    git_own(g, (const char *const[]){"rev-parse", "--verify", "--quiet", commit, NULL}, id,
				    &ignored) < 0))
		ret = err_set(err, "'%s' is no commit of '%s'%s", rev, g->dir,
			      g->shallow ? ", whose history is shallow: git fetch --deepen brings more" : "");
	free(commit);
	return ret;
}

/* --- what is not committed --- */

bool git_has_changes(const struct git *g)
{
	struct str said = STR_INIT;
	struct err ignored;
	bool has = USER(g, &said, &ignored, "status", "--porcelain", "--untracked-files=no") == 0 && said.len;

	str_release(&said);
	return has;
}

/* A copy of the user's index has the times of their files in it: git reads only what has changed. */
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
	const char *const env[] = {index_env, objects, author, committer, "GIT_AUTHOR_NAME=mlocklab",
				   "GIT_AUTHOR_EMAIL=mlocklab@localhost", "GIT_COMMITTER_NAME=mlocklab",
				   "GIT_COMMITTER_EMAIL=mlocklab@localhost", NULL};

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
			     (const char *const[]){"commit-tree", tree.buf, "-p", head->id, "-m", subject, NULL}, id,
			     err);
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
	bool is = git_own(g, words, &said, &ignored) == 0 && !strcmp(str_text(&said), "mlocklab@localhost");

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
		ret = err_set(err, "'%s': only the commit that is checked out has changes: write HEAD+", rev);
	else
		ret = resolve(g, rev, &id, err);
	if (ret == 0)
		ret = read_commit(g, id.buf, c, err);
	if (ret == 0)
		c->dirty = is_snapshot(g, c->id);
	if (ret == 0 && !holds(g, c->id, KERNEL_MARK))
		ret = err_set(err, "'%s' of '%s' is no kernel's source: it has no " KERNEL_MARK, rev, g->dir);
	if (ret < 0)
		git_commit_release(c);
	str_release(&id);
	return ret;
}

/* --- the private work tree --- */

int git_checkout(const struct git *g, const struct git_commit *c, struct err *err)
{
	char *lock = xasprintf("%s/repo.git/index.lock", g->own);
	int ret;

	/* a killed git leaves it; who has the work tree's own lock is alone here */
	unlink(lock);
	free(lock);
	ret = git_own(g, (const char *const[]){"read-tree", "-u", "--reset", c->id, NULL}, NULL, err);
	if (ret < 0)
		err_prefix(err, "cannot check out %.12s into '%s/tree'", c->id, g->own);
	return ret;
}

int git_changed(const struct git *g, const char *from, const char *to, struct strv *files,
		struct err *err)
{
	const char *const words[] = {"diff-tree", "-r", "--name-only", "--no-renames", from, to, NULL};
	struct str said = STR_INIT;
	int ret = git_own(g, words, &said, err);

	strv_split(files, str_text(&said), "\n");
	str_release(&said);
	return ret;
}

/* --- series --- */

static int read_series(const struct git *g, const char *from, const char *tip, const struct strv *paths,
		       struct git_commits *l, struct err *err)
{
	char *range = xasprintf("%s..%s", from, tip), *line;
	struct strv words = STRV_INIT;
	struct str said = STR_INIT;
	int ret;

	strv_split(&words, "log --reverse --first-parent --no-show-signature " COMMIT_FORMAT, " ");
	strv_push(&words, range);
	strv_push(&words, "--");
	for (size_t i = 0; paths && i < paths->n; i++)
		strv_push(&words, paths->v[i]);
	ret = git_own(g, (const char *const *)words.v, &said, err);
	line = said.buf;
	while (ret == 0 && line && *line) {
		struct git_commit c;

		if (take_commit(&c, &line) < 0) {
			ret = err_set(err, "git log of '%s' is not understood", range);
			break;
		}
		l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
		l->v[l->n++] = c;
	}
	strv_release(&words);
	str_release(&said);
	free(range);
	return ret;
}

/* Where the history of tip leaves that of base; said, of a range that cannot be. */
static int find_base(const struct git *g, const char *base, const char *tip, const struct git_commit *b,
		     const struct git_commit *t, struct str *from, struct err *err)
{
	const char *const words[] = {"merge-base", b->id, t->id, NULL};
	struct err why;

	if (strcmp(b->tree, t->tree) == 0 && strcmp(b->id, t->id) == 0)
		return err_set(err, "'%s..%s' is empty: both are %.12s", base, tip, b->id);
	if (git_own(g, words, from, &why) < 0 || !from->len)
		return err_set(err, g->shallow ? "'%s' is shallow and ends within '%s..%s': git fetch --deepen "
						 "brings the rest"
					       : "'%s' has no common history of '%s' and '%s'",
			       g->dir, base, tip);
	if (strcmp(from->buf, t->id) == 0)
		return err_set(err, "'%s..%s' runs backwards: write '%s..%s'", base, tip, tip, base);
	return 0;
}

int git_series(const struct git *g, const char *base, const char *tip, const struct strv *paths,
	       struct git_commit *from, struct git_commits *l, struct err *err)
{
	struct git_commit b = {0}, t = {0};
	struct str start = STR_INIT;
	int ret;

	*from = (struct git_commit){0};
	*l = (struct git_commits){0};
	ret = git_commit(g, base, &b, err);
	if (ret == 0)
		ret = git_commit(g, tip, &t, err);
	if (ret == 0)
		ret = find_base(g, base, tip, &b, &t, &start, err);
	if (ret == 0)
		ret = git_commit(g, start.buf, from, err);
	if (ret == 0)
		ret = read_series(g, start.buf, t.id, paths, l, err);
	if (ret == 0 && t.dirty && l->n)
		l->v[l->n - 1].dirty = true;
	if (ret == 0 && !l->n)
		ret = err_set(err, "'%s..%s' is empty: no commit in it touches %s", base, tip,
			      paths && paths->n ? paths->v[0] : "anything");
	if (ret < 0) {
		git_commit_release(from);
		git_commits_release(l);
	}
	git_commit_release(&b);
	git_commit_release(&t);
	str_release(&start);
	return ret;
}

/* --- words --- */

const char *git_split(const char *spec)
{
	for (const char *at = spec + strlen(spec); at > spec; at--)
		if (*at == '@' && at[1] != '{' && at[1] != '\0')
			return at;
	return NULL;
}

int git_range(const char *text, char **base, char **tip, struct err *err)
{
	const char *dots = strstr(text, "..");

	*base = *tip = NULL;
	if (!dots || dots[2] == '.' || (dots == text && !dots[2]))
		return err_set(err, "'%s' is no range of commits: write BASE..TIP, such as v5.17..HEAD", text);
	*base = dots == text ? xstrdup("HEAD") : xstrndup(text, (size_t)(dots - text));
	*tip = xstrdup(dots[2] ? dots + 2 : "HEAD");
	return 0;
}

bool git_moves_config(const char *file)
{
	const char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	return strncmp(base, "Kconfig", 7) == 0 || strncmp(file, "scripts/", 8) == 0 ||
	       strcmp(file, "Makefile") == 0 || strcmp(file, "arch/x86/Makefile") == 0 ||
	       strstr(file, "/configs/") != NULL;
}
