#include "lib/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"

#define TRACEFS "/sys/kernel/tracing"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The line a journal of this boot of the machine begins with. */
static int first_line(struct str *out, struct err *err)
{
	str_add(out, "boot ");
	return fs_read(BOOT_ID, out, err);
}

static int read_all(int fd, struct str *out, struct err *err)
{
	char buf[4096];
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), (off_t)out->len)) > 0)
		str_addn(out, buf, (size_t)n);
	return n < 0 ? err_sys(err, "cannot read the journal of changed settings") : 0;
}

/* Leaves it with nothing but its first line. */
static int empty(int fd, struct err *err)
{
	struct str line = STR_INIT;
	int ret = first_line(&line, err);

	if (ret == 0 && (ftruncate(fd, 0) < 0 || fs_write_all(fd, line.buf, line.len) < 0))
		ret = err_sys(err, "cannot write the journal of changed settings");
	str_release(&line);
	return ret;
}

static int check_boot(int fd, struct err *err)
{
	struct str text = STR_INIT, line = STR_INIT;
	int ret = read_all(fd, &text, err);

	if (ret == 0)
		ret = first_line(&line, err);
	if (ret == 0 && strncmp(str_text(&text), line.buf, line.len) != 0)
		ret = empty(fd, err);
	str_release(&text);
	str_release(&line);
	return ret;
}

int journal_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || !S_ISREG(st.st_mode))
		err_set(err, "'%s' is another user's: remove it", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		errno == EWOULDBLOCK
			? err_set(err, "another run measures this machine: it holds '%s'", path)
			: err_sys(err, "cannot lock '%s'", path);
	else if (check_boot(fd, err) == 0)
		return fd;
	close(fd);
	return -1;
}

static int add(int fd, const char *verb, const char *path, const char *text, struct err *err)
{
	char *line = xasprintf("%s %s%s%s\n", verb, path, text ? "\t" : "", text ? text : "");
	int ret = fs_write_all(fd, line, strlen(line));

	free(line);
	return ret < 0 ? err_sys(err, "cannot note the change of '%s'", path) : 0;
}

int journal_add_write(int fd, const char *path, const char *text, struct err *err)
{
	return add(fd, "write", path, text, err);
}

int journal_add_rmdir(int fd, const char *path, struct err *err)
{
	return add(fd, "rmdir", path, NULL, err);
}

int journal_add_kprobe(int fd, const char *event, struct err *err)
{
	return add(fd, "kprobe", event, NULL, err);
}

/* Whether the file's value is that text already: a word in brackets, or all there is. */
static bool holds(const char *path, const char *text)
{
	char *chosen = xasprintf("[%s]", text);
	struct str now = STR_INIT;
	struct err ignored;
	bool same;

	same = fs_read(path, &now, &ignored) == 0 && now.len &&
	       (strstr(now.buf, chosen) || (strncmp(now.buf, text, strlen(text)) == 0 &&
					    strchr(" \t\n", now.buf[strlen(text)])));
	str_release(&now);
	free(chosen);
	return same;
}

/* What is gone needs no undoing. */
static int undo_write(const char *path, const char *text, struct strv *told, struct err *err)
{
	int fd, ret = 0;

	if (holds(path, text))
		return 0;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "'%s' back into %s", text, path);
	if (write(fd, text, strlen(text)) < 0)
		ret = err_sys(err, "'%s' back into %s", text, path);
	else
		strv_pushf(told, "%s is '%s' again", path, text);
	close(fd);
	return ret;
}

static int undo_rmdir(const char *path, struct strv *told, struct err *err)
{
	if (!fs_exists(path))
		return 0;
	if (fs_rmdir_patiently(path, err) < 0)
		return -1;
	strv_pushf(told, "%s is removed", path);
	return 0;
}

static int undo_kprobe(const char *event, struct strv *told, struct err *err)
{
	char *there = xasprintf(TRACEFS "/events/%s", event), *command = xasprintf("-:%s", event);
	int fd = -1, ret = 0;

	if (fs_exists(there)) {
		fd = open(TRACEFS "/kprobe_events", O_WRONLY | O_APPEND | O_CLOEXEC);
		if (fd < 0 || write(fd, command, strlen(command)) < 0)
			ret = err_sys(err, "cannot remove the probe '%s'", event);
		else
			strv_pushf(told, "the probe %s is removed", event);
	}
	if (fd >= 0)
		close(fd);
	free(there);
	free(command);
	return ret;
}

static int undo(char *line, struct strv *told, struct err *err)
{
	char *tab = strchr(line, '\t');

	if (strncmp(line, "rmdir ", 6) == 0)
		return undo_rmdir(line + 6, told, err);
	if (strncmp(line, "kprobe ", 7) == 0)
		return undo_kprobe(line + 7, told, err);
	if (strncmp(line, "write ", 6) != 0 || !tab)
		return err_set(err, "the journal of changed settings has a line '%.80s'", line);
	*tab = '\0';
	return undo_write(line + 6, tab + 1, told, err);
}

/* The oldest undoing of a thing is what it was at first; later ones would undo only half. */
static bool has_older(const struct strv *lines, size_t i)
{
	size_t len = strcspn(lines->v[i], "\t");

	for (size_t k = 1; k < i; k++)
		if (strncmp(lines->v[k], lines->v[i], len) == 0 && strchr("\t", lines->v[k][len]))
			return true;
	return false;
}

int journal_mend(int fd, struct strv *told, struct err *err)
{
	struct str text = STR_INIT;
	struct strv lines = STRV_INIT;
	struct err later;
	int ret = read_all(fd, &text, err);

	strv_split(&lines, str_text(&text), "\n");
	for (size_t i = lines.n; i-- > 1;)
		if (!has_older(&lines, i) && undo(lines.v[i], told, ret < 0 ? &later : err) < 0)
			ret = -1;
	if (ret == 0 && lines.n > 1)
		ret = empty(fd, err);
	strv_release(&lines);
	str_release(&text);
	return ret;
}
