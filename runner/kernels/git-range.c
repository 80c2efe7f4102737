#include "runner/kernels/git.h"

#include <string.h>

static int read_range(const struct git *g, const char *from, const char *tip,
		      const struct strv *paths, struct git_commits *l, struct err *err)
{
	struct strv words = STRV_INIT;
	int ret;

	strv_pushf(&words, "%s..%s", from, tip);
	strv_split(&words, "--reverse --first-parent --", " ");
	for (size_t i = 0; paths && i < paths->n; i++)
		strv_push(&words, paths->v[i]);
	ret = git_log(g, &words, l, err);
	strv_release(&words);
	return ret;
}

/* Where the history of tip leaves that of base; said, of a range that cannot be. */
static int find_base(const struct git *g, const char *base, const char *tip,
		     const struct git_commit *b, const struct git_commit *t, struct str *from,
		     struct err *err)
{
	const char *const words[] = {"merge-base", b->id, t->id, NULL};
	struct err why;

	if (strcmp(b->tree, t->tree) == 0 && strcmp(b->id, t->id) == 0)
		return err_set(err, "'%s..%s' is empty: both are %.12s", base, tip, b->id);
	if (git_own(g, words, from, &why) < 0 || !from->len)
		return err_set(
			err,
			g->shallow ? "'%s' is shallow and ends within '%s..%s': git fetch --deepen "
				     "brings the rest"
				   : "'%s' has no common history of '%s' and '%s'",
			g->dir, base, tip);
	if (strcmp(from->buf, t->id) == 0)
		return err_set(err, "'%s..%s' runs backwards: write '%s..%s'", base, tip, tip,
			       base);
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
		ret = read_range(g, start.buf, t.id, paths, l, err);
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

int git_range(const char *text, char **base, char **tip, struct err *err)
{
	const char *dots = strstr(text, "..");

	*base = *tip = NULL;
	if (!dots || dots[2] == '.' || (dots == text && !dots[2]))
		return err_set(err,
			       "'%s' is no range of commits: write BASE..TIP, such as v5.17..HEAD",
			       text);
	*base = dots == text ? xstrdup("HEAD") : xstrndup(text, (size_t)(dots - text));
	*tip = xstrdup(dots[2] ? dots + 2 : "HEAD");
	return 0;
}
