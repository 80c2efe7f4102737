#include "workloads/knob.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/journal.h"
#include "lib/str.h"

static char *value_of(const char *text)
{
	const char *at = strchr(text, '[');

	at = at ? at + 1 : text;
	return xstrndup(at, strcspn(at, "] \t\n"));
}

/* Settings are the machine's, and a process runs one workload. */
static const char *const *allowed;
static int journal_fd;

void knob_limit(const char *const *changes, int journal)
{
	allowed = changes;
	journal_fd = journal;
}

static int check_allowed(const char *path, struct err *err)
{
	for (const char *const *p = allowed; p && *p; p++)
		if (fnmatch(*p, path, FNM_PATHNAME) == 0)
			return 0;
	return err_set(err, "'%s' is not among what the workload says it changes", path);
}

int knob_write(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = err_sys(err, "'%s' into %s", text, path);
	if (fd >= 0)
		close(fd);
	return ret;
}

int knob_change(struct knob *k, const char *path, const char *text, const char *undo,
		struct err *err)
{
	*k = (struct knob){NULL, NULL};
	if (check_allowed(path, err) < 0 ||
	    (journal_fd && journal_add_write(journal_fd, path, undo, err) < 0) ||
	    knob_write(path, text, err) < 0)
		return -1;
	*k = (struct knob){xstrdup(path), xstrdup(undo)};
	return 0;
}

int knob_set(struct knob *k, const char *path, const char *text, struct err *err)
{
	struct str old = STR_INIT;
	int ret = fs_read(path, &old, err);

	*k = (struct knob){NULL, NULL};
	if (ret == 0) {
		char *value = value_of(str_text(&old));

		ret = knob_change(k, path, text, value, err);
		free(value);
	}
	str_release(&old);
	return ret;
}

int knob_set_number(struct knob *k, const char *path, long long value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	return knob_set(k, path, text, err);
}

void knob_restore(struct knob *k)
{
	struct err err;

	if (k->path)
		knob_write(k->path, k->old, &err);
	free(k->path);
	free(k->old);
	*k = (struct knob){NULL, NULL};
}

int knob_mkdir(const char *path, struct err *err)
{
	if (check_allowed(path, err) < 0 ||
	    (journal_fd && journal_add_rmdir(journal_fd, path, err) < 0))
		return -1;
	return mkdir(path, 0755) < 0 && errno != EEXIST
		       ? err_sys(err, "cannot make cgroup %s", path)
		       : 0;
}

long long knob_number(const char *path)
{
	struct str text = STR_INIT;
	struct err err;
	long long n = -1;

	if (fs_read(path, &text, &err) == 0 && text.len)
		n = strtoll(text.buf, NULL, 10);
	str_release(&text);
	return n;
}
