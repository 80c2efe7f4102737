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
#include "lib/spawn.h"

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

int fs_read(const char *path, struct str *out, struct err *err)
{
	char buf[65536];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(err, "cannot read '%s'", path);
			close(fd);
			return -1;
		}
		str_addn(out, buf, (size_t)n);
	}
	close(fd);
	return 0;
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
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int ret = -1;

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

int fs_sha256(const char *path, char out[65], struct err *err)
{
	char *argv[] = {"sha256sum", "-b", "--", (char *)path, NULL};
	struct str text = STR_INIT;
	/* sha256sum puts a backslash before the sum of a file with an odd name */
	const char *sum;
	int ret = spawn_capture(argv, &text, err);

	if (ret == 0) {
		sum = str_text(&text);
		sum += *sum == '\\';
		if (strspn(sum, "0123456789abcdef") == 64)
			snprintf(out, 65, "%.64s", sum);
		else
			ret = err_set(err, "sha256sum said '%.60s' of '%s'", sum, path);
	}
	str_release(&text);
	return ret;
}
