#include "runner/series/bisect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int step(const struct bisect *b, const char *word, const char *id, struct str *said,
		struct err *err)
{
	const char *const words[] = {"bisect", word, id, NULL};

	str_clear(said);
	return git_own(&b->g, words, said, err);
}

static int begin(const struct bisect *b, const char *good, const char *bad, struct str *said,
		 struct err *err)
{
	const char *const head[] = {"update-ref", "--no-deref", "HEAD", good, NULL};
	const char *const start[] = {"bisect", "start", "--no-checkout", "--first-parent", bad,
				     good,     NULL};
	const char *const reset[] = {"bisect", "reset", "HEAD", NULL};
	struct err ignored;

	git_own(&b->g, reset, NULL, &ignored);
	str_clear(said);
	return git_own(&b->g, head, NULL, err) < 0 ? -1 : git_own(&b->g, start, said, err);
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

static int next(const struct bisect *b, struct git_commit *c, struct err *err)
{
	const char *const words[] = {"rev-parse", "--verify", "BISECT_HEAD", NULL};
	struct str id = STR_INIT;
	int ret = git_own(&b->g, words, &id, err);

	if (ret == 0)
		ret = git_commit(&b->g, id.buf, c, err);
	str_release(&id);
	return ret;
}

int bisect_search(struct bisect *b, const char *bad, char id[65], struct err *err)
{
	static const char *const names[] = {"good", "bad", "skip"};
	struct str said = STR_INIT;
	int ret = begin(b, b->good.id, bad, &said, err);

	take_found(&said, id);
	while (ret == 0 && !*id) {
		struct git_commit c = {0};
		enum bisect_answer answer;

		say_left(&said);
		ret = next(b, &c, err);
		if (ret < 0)
			break;
		answer = bisect_ask(b, &c, err);
		if (answer == BISECT_UNABLE) {
			git_commit_release(&c);
			ret = -1;
			break;
		}
		fprintf(stderr, "%.12s (%s): %s%s%s\n", c.id, c.subject, names[answer],
			answer == BISECT_SKIP ? ": " : "", answer == BISECT_SKIP ? err->text : "");
		ret = step(b, names[answer], c.id, &said, err);
		take_found(&said, id);
		if (ret < 0 && (strstr(said.buf ? said.buf : "", "only 'skip'ped") ||
				strstr(err->text, "only 'skip'ped"))) {
			printf("only commits that were skipped are left: it is one of\n%s\n",
			       str_text(&said));
			ret = 1;
		}
		git_commit_release(&c);
	}
	str_release(&said);
	return ret;
}
