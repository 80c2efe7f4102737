#include "runner/run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/journal.h"
#include "lib/json.h"
#include "lib/options.h"

void host_print_changes(const struct experiment *e, FILE *to)
{
	struct strv seen = STRV_INIT;
	json_t *w, *change;
	size_t i, k;

	json_array_foreach(e->workloads, i, w) {
		json_array_foreach(json_object_get(w, "changes"), k, change) {
			const char *path = json_string_value(change);

			if (!path || strv_has(&seen, path))
				continue;
			fprintf(to, "# changed while a cell runs, and put back: %s\n", path);
			strv_push(&seen, path);
		}
	}
	strv_release(&seen);
}

/* For tests, which must not be in each other's way: a directory of their own. A new string, or
 * NULL. */
static char *host_state(void)
{
	const char *dir = getenv("MLOCKLAB_STATE");

	return dir && *dir == '/' ? xstrdup(dir) : NULL;
}

static int mend(int fd, const char *after, struct err *err)
{
	struct strv told = STRV_INIT;
	int ret = journal_mend(fd, &told, err);

	for (size_t i = 0; i < told.n; i++)
		command_note("%s%s", told.v[i], after);
	strv_release(&told);
	return ret;
}

/*
 * The machine is measured by one run at a time, whoever's and from whatever tree. The lock is left
 * to the sessions, so that one whose runner was killed still holds it.
 */
static int lock_machine(struct err *err)
{
	char *state = host_state(),
	     *path = xasprintf("%s/mlocklab-host", state ? state : "/run/lock");
	int fd = open(path, O_RDONLY | O_NOFOLLOW);

	/* in a directory that all may write to, the kernel lets nobody open and create others'
	 * files */
	if (fd < 0 && errno == ENOENT) {
		fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
		if (fd < 0 && errno == EEXIST)
			fd = open(path, O_RDONLY | O_NOFOLLOW);
	}
	if (fd < 0) {
		err_sys(err, "cannot open '%s', which one run at a time holds", path);
	} else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			err_set(err, "another run measures this machine: it holds '%s'", path);
		else
			err_sys(err, "cannot lock '%s'", path);
		close(fd);
		fd = -1;
	}
	free(path);
	free(state);
	return fd;
}

/* What changes nothing that outlives the machine's boot is noted where nothing outlives it either.
 */
static int open_journal(struct err *err)
{
	char *state = host_state(), *dir = state ? xstrdup(state) : xstrdup("/run/mlocklab");
	char *path = xasprintf("%s/host.journal", dir);
	int fd = fs_mkdirs(dir, err) < 0 ? -1 : journal_open(path, err);

	free(path);
	free(dir);
	free(state);
	return fd;
}

int host_begin(struct run *r, struct err *err)
{
	int ret;

	r->host_lock = lock_machine(err);
	if (r->host_lock < 0)
		return -1;
	if (r->workers > 1)
		command_note("one boot at a time on this machine, not %d", r->workers);
	r->workers = 1;
	if (geteuid() != 0)
		return 0;
	host_print_changes(r->e, stderr);
	ret = r->journal = open_journal(err);
	if (ret >= 0)
		ret = mend(r->journal, ", which a run that was killed had changed", err);
	return ret;
}

void host_end(struct run *r)
{
	struct err err;

	if (r->journal) {
		if (mend(r->journal, "", &err) < 0)
			command_note("%s; the next run tries again", err.text);
		close(r->journal);
		r->journal = 0;
	}
	if (r->host_lock > 0)
		close(r->host_lock);
	r->host_lock = 0;
}
