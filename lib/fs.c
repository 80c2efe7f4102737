#include "lib/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int fs_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

int fs_read_fd(int fd, struct str *out)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			str_addn(out, buf, (size_t)n);
	}
	return 0;
}

int fs_read(const char *path, struct str *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	ret = fs_read_fd(fd, out);
	if (ret < 0)
		err_sys(err, "cannot read '%s'", path);
	close(fd);
	return ret;
}

/* Opens a directory on the way to a file; no link is followed. */
static int step_into(int at, const char *name)
{
	int fd = strcmp(name, "..") == 0
			 ? (errno = ELOOP, -1)
			 : openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int saved = errno;

	close(at);
	errno = saved;
	return fd;
}

/* The last step: neither a FIFO nor a device may keep us waiting before we know what it is. */
static int open_last(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int saved = errno;

	close(at);
	errno = saved;
	return fd;
}

static int check_regular(int fd, long long most, const char *dir, const char *name, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot open '%s/%s'", dir, name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "'%s/%s' is no regular file", dir, name);
	if (st.st_size > most)
		return err_set(err, "'%s/%s' is of %lld bytes: at most %lld are read", dir, name,
			       (long long)st.st_size, most);
	return 0;
}

int fs_open_in(const char *dir, const char *name, long long most, struct err *err)
{
	char *copy = xstrdup(name), *part = copy, *slash;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && (slash = strchr(part, '/'))) {
		*slash = '\0';
		fd = step_into(fd, part);
		part = slash + 1;
	}
	if (fd >= 0)
		fd = open_last(fd, part);
	free(copy);
	if (fd < 0 && (errno == ELOOP || errno == ENOTDIR || errno == ENXIO))
		return err_set(err, "'%s/%s' is no regular file, or a link leads to it", dir, name);
	if (fd < 0)
		return err_sys(err, "cannot open '%s/%s'", dir, name);
	if (check_regular(fd, most, dir, name, err) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void sync_dir_of(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

int fs_write_atomic(const char *path, const void *bytes, size_t n, struct err *err)
{
	char *tmp = xasprintf("%s.tmp%ld", path, (long)getpid());
	int fd, ret = -1;

	/* what a process of the same number left when it was killed; never through a link */
	unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0) {
		err_sys(err, "cannot create '%s'", tmp);
		goto out;
	}
	if (fs_write_all(fd, bytes, n) < 0 || fsync(fd) < 0) {
		err_sys(err, "cannot write '%s'", tmp);
		close(fd);
		unlink(tmp);
		goto out;
	}
	close(fd);
	if (rename(tmp, path) < 0) {
		err_sys(err, "cannot rename '%s' to '%s'", tmp, path);
		unlink(tmp);
		goto out;
	}
	sync_dir_of(path);
	ret = 0;
out:
	free(tmp);
	return ret;
}

int fs_mkdirs(const char *path, struct err *err)
{
	char *copy = xstrdup(path);
	int ret = 0;

	for (char *p = copy + 1; ret == 0; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			ret = err_sys(err, "cannot create directory '%s'", copy);
		*p = c;
		if (!c)
			break;
	}
	free(copy);
	return ret;
}

int fs_copy(const char *from, const char *to, struct err *err)
{
	struct str s = STR_INIT;
	int ret = fs_read(from, &s, err);

	if (ret == 0)
		ret = fs_write_atomic(to, str_text(&s), s.len, err);
	str_release(&s);
	return ret;
}

bool fs_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int fs_remove_tree(const char *path, struct err *err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove '%s'", path);
	return 0;
}

int fs_rmdir_patiently(const char *path, struct err *err)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (int tries = 0; rmdir(path) < 0; tries++) {
		if (errno != EBUSY || tries == 300)
			return err_sys(err, "cannot remove '%s'", path);
		nanosleep(&pause, NULL);
	}
	return 0;
}
