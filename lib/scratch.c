#include "lib/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "lib/str.h"

#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Ours, whose locks we hold. */
static struct held {
	char *dir;
	int lock;
	struct held *next;
} * held;

/* A lock can be had of what nobody holds. Where the file system knows no locks, all is left. */
static void sweep_one(const char *dir)
{
	int fd = open(dir, DIRECTORY);
	struct err ignored;

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		fs_remove_tree(dir, &ignored);
	close(fd);
}

static void sweep(const char *above)
{
	DIR *d = opendir(above);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *dir = xasprintf("%s/%s", above, e->d_name);

		if (e->d_name[0] != '.')
			sweep_one(dir);
		free(dir);
	}
	if (d)
		closedir(d);
}

static char *make(const char *above, const char *name, struct err *err)
{
	char *dir = xasprintf("%s/%s-XXXXXX", above, name);
	struct held *h;

	if (!mkdtemp(dir)) {
		err_sys(err, "cannot create a directory in '%s'", above);
		free(dir);
		return NULL;
	}
	h = xcalloc(1, sizeof(*h));
	*h = (struct held){.dir = xstrdup(dir), .lock = open(dir, DIRECTORY), .next = held};
	if (h->lock >= 0)
		flock(h->lock, LOCK_EX | LOCK_NB);
	held = h;
	return dir;
}

char *scratch_make(const char *name, struct err *err)
{
	char *cache = paths_cache(), *above = xasprintf("%s/tmp", cache), *dir = NULL;
	int fd = -1;

	if (fs_mkdirs(above, err) == 0) {
		/* one at a time: none is swept between its making and its lock */
		fd = open(above, DIRECTORY);
		if (fd >= 0 && flock(fd, LOCK_EX) == 0)
			sweep(above);
		dir = make(above, name, err);
	}
	if (fd >= 0)
		close(fd);
	free(above);
	free(cache);
	return dir;
}

void scratch_remove(char *dir)
{
	struct err ignored;

	if (!dir)
		return;
	fs_remove_tree(dir, &ignored);
	for (struct held **at = &held; *at; at = &(*at)->next) {
		struct held *h = *at;

		if (strcmp(h->dir, dir) != 0)
			continue;
		*at = h->next;
		if (h->lock >= 0)
			close(h->lock);
		free(h->dir);
		free(h);
		break;
	}
	free(dir);
}
