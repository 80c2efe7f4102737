#include "runner/kernels/git.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"

/* --- running git --- */

/*
 * What a caller (a hook, a rebase) may have set would lead git elsewhere. GIT_OPTIONAL_LOCKS:
 * status would write the user's index.
 */
static void push_git(struct strv *argv)
{
	static const char *const unset[] = {
		"GIT_DIR",	  "GIT_WORK_TREE",	  "GIT_INDEX_FILE",
		"GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
		"GIT_PREFIX",	  "GIT_NAMESPACE"};

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

int git_in(const char *dir, const char *const *env, const char *const *words, struct str *out,
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
	const char *const words[] = {"rev-parse",
				     "--path-format=absolute",
				     "--git-common-dir",
				     "--git-path",
				     "objects",
				     "--is-shallow-repository",
				     NULL};
	struct str said = STR_INIT;
	int ret = git_in(dir, NULL, words, &said, err);

	strv_split(lines, str_text(&said), "\n");
	str_release(&said);
	if (ret < 0 && strstr(err->text, "not a git repository"))
		return err_set(err,
			       "'%s' is no git repository: name the kernel's tree with --tree, "
			       "MLOCKLAB_TREE or git:DIR@REV",
			       dir);
	if (ret < 0)
		return -1;
	if (lines->n != 3)
		return err_set(
			err,
			"git does not say where the repository of '%s' is: it is older than 2.31",
			dir);
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
	char *from = xasprintf("%s/shallow", common),
	     *to = xasprintf("%s/repo.git/shallow", g->own);
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

/* --- the private work tree --- */

int git_checkout(const struct git *g, const struct git_commit *c, struct err *err)
{
	char *lock = xasprintf("%s/repo.git/index.lock", g->own);
	int ret;

	/* a killed git leaves it; who has the work tree's own lock is alone here */
	unlink(lock);
	free(lock);
	ret = git_own(g, (const char *const[]){"read-tree", "-u", "--reset", c->id, NULL}, NULL,
		      err);
	if (ret < 0)
		err_prefix(err, "cannot check out %.12s into '%s/tree'", c->id, g->own);
	return ret;
}

int git_changed(const struct git *g, const char *from, const char *to, struct strv *files,
		struct err *err)
{
	const char *const words[] = {"diff-tree", "-r", "--name-only", "--no-renames",
				     from,	  to,	NULL};
	struct str said = STR_INIT;
	int ret = git_own(g, words, &said, err);

	strv_split(files, str_text(&said), "\n");
	str_release(&said);
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

bool git_moves_config(const char *file)
{
	const char *base = strrchr(file, '/');

	base = base ? base + 1 : file;
	return strncmp(base, "Kconfig", 7) == 0 || strncmp(file, "scripts/", 8) == 0 ||
	       strcmp(file, "Makefile") == 0 || strcmp(file, "arch/x86/Makefile") == 0 ||
	       strstr(file, "/configs/") != NULL;
}
