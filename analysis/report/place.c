#include "analysis/report/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/fs.h"
#include "lib/str.h"

/* The names of the report's files, a line each, so that the next one knows which are its to remove.
 */
#define LIST ".files"
#define MAX_LIST (16 << 20)
#define DRAFT ".draft"

int place_open(struct place *p, const char *dir, struct err *err)
{
	*p = (struct place){.dir = xstrdup(dir), .draft = xasprintf("%s/" DRAFT, dir), .lock = -1};
	if (fs_mkdirs(dir, err) == 0) {
		p->lock = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (p->lock < 0 && (errno == ELOOP || errno == ENOTDIR))
			err_set(err, "'%s' is no directory", dir);
		else if (p->lock < 0 || flock(p->lock, LOCK_EX) < 0)
			err_sys(err, "cannot write a report into '%s'", dir);
		else if ((!fs_exists(p->draft) || fs_remove_tree(p->draft, err) == 0) &&
			 fs_mkdirs(p->draft, err) == 0)
			return 0;
	}
	place_close(p);
	return -1;
}

static int list(const char *dir, struct strv *names, struct err *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return err_sys(err, "cannot list '%s'", dir);
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			strv_push(names, e->d_name);
	closedir(d);
	return 0;
}

static bool is_among(const struct strv *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

/* Those of the report before this one that it has not. A name is one of DIR itself, whoever wrote
 * it. */
static void remove_old(const struct place *p, const struct strv *old, const struct strv *new)
{
	for (size_t i = 0; i < old->n; i++)
		if (!strchr(old->v[i], '/') && !is_among(new, old->v[i]))
			unlinkat(p->lock, old->v[i], 0);
}

static int move(const struct place *p, const struct strv *names, struct err *err)
{
	for (size_t i = 0; i < names->n; i++) {
		char *from = xasprintf(DRAFT "/%s", names->v[i]);
		int ret = renameat(p->lock, from, p->lock, names->v[i]);

		free(from);
		if (ret < 0)
			return err_sys(err, "cannot write '%s/%s'", p->dir, names->v[i]);
	}
	return 0;
}

/* Whoever wrote it: a FIFO in its place would keep us waiting. */
static int read_list(const struct place *p, struct str *text, struct err *err)
{
	int fd = fs_open_in(p->dir, LIST, MAX_LIST, err), ret;

	if (fd < 0)
		return -1;
	ret = fs_read_fd(fd, text);
	if (ret < 0)
		err_sys(err, "cannot read '%s/" LIST "'", p->dir);
	close(fd);
	return ret;
}

int place_publish(struct place *p, struct err *err)
{
	struct strv new = STRV_INIT, old = STRV_INIT, last = STRV_INIT;
	char *listed = xasprintf("%s/" LIST, p->dir), *draft = xasprintf("%s/" LIST, p->draft);
	struct str text = STR_INIT;
	int ret = list(p->draft, &new, err);

	if (ret == 0 && fs_exists(listed))
		ret = read_list(p, &text, err);
	strv_split(&old, str_text(&text), "\n");
	if (ret == 0)
		ret = move(p, &new, err);
	if (ret == 0) {
		remove_old(p, &old, &new);
		str_clear(&text);
		for (size_t i = 0; i < new.n; i++)
			str_addf(&text, "%s\n", new.v[i]);
		/* what is left of it when we are killed is the draft's, which the next one removes
		 */
		ret = fs_write_atomic(draft, str_text(&text), text.len, err);
		strv_push(&last, LIST);
	}
	if (ret == 0)
		ret = move(p, &last, err);
	str_release(&text);
	strv_release(&last);
	free(draft);
	free(listed);
	strv_release(&old);
	strv_release(&new);
	return ret;
}

void place_close(struct place *p)
{
	struct err ignored;

	if (p->lock >= 0) {
		fs_remove_tree(p->draft, &ignored);
		close(p->lock);
		rmdir(p->dir);
	}
	free(p->draft);
	free(p->dir);
	*p = (struct place){.lock = -1};
}
