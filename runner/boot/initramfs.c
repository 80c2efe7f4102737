#include "runner/boot/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/fs.h"
#include "lib/str.h"

struct writer {
	struct archive *a;
	long inode; /* libarchive would number from the host's inodes */
	struct err *err;
};

/* libarchive's own text for a failed write says no more than that. */
static int failed(struct writer *w, const char *path)
{
	errno = archive_errno(w->a) > 0 ? archive_errno(w->a) : EIO;
	return err_sys(w->err, "cannot write '%s' of the guest's file system", path);
}

static int put(struct writer *w, const char *path, unsigned mode, const char *bytes, size_t n)
{
	struct archive_entry *e = archive_entry_new();
	int ret = 0;

	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (la_int64_t)n);
	archive_entry_set_nlink(e, S_ISDIR(mode) ? 2 : 1);
	archive_entry_set_ino64(e, ++w->inode);
	archive_entry_set_mtime(e, 0, 0);
	if (S_ISCHR(mode)) {
		archive_entry_set_rdevmajor(e, 5);
		archive_entry_set_rdevminor(e, 1);
	}
	if (archive_write_header(w->a, e) != ARCHIVE_OK ||
	    (n && archive_write_data(w->a, bytes, n) != (la_ssize_t)n))
		ret = failed(w, path);
	archive_entry_free(e);
	return ret;
}

/* Every directory above a path, once each: `made` holds those that are there, a line each. */
static int put_dirs(struct writer *w, struct str *made, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *dir = xstrndup(path, (size_t)(slash - path));
		char *mark = xasprintf("\n%s\n", dir);
		int ret = 0;

		if (!made->buf || !strstr(made->buf, mark)) {
			str_add(made, mark);
			ret = put(w, dir, S_IFDIR | 0755, NULL, 0);
		}
		free(mark);
		free(dir);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int put_file(struct writer *w, struct str *made, const struct initramfs_file *f)
{
	struct str s = STR_INIT;
	int ret = put_dirs(w, made, f->path);

	if (ret == 0 && f->source)
		ret = fs_read(f->source, &s, w->err);
	else if (ret == 0)
		str_add(&s, f->text);
	if (ret == 0)
		ret = put(w, f->path, S_IFREG | f->mode, str_text(&s), s.len);
	str_release(&s);
	return ret;
}

int initramfs_write(const char *out, const struct initramfs_file *files, size_t n, struct err *err)
{
	struct writer w = {.a = archive_write_new(), .err = err};
	struct str made = STR_INIT;
	int ret = 0;

	archive_write_set_format_cpio_newc(w.a);
	archive_write_add_filter_none(w.a);
	if (archive_write_open_filename(w.a, out) != ARCHIVE_OK)
		ret = failed(&w, out);
	/* the kernel opens /dev/console for PID 1 before anything can be mounted */
	if (ret == 0)
		ret = put_dirs(&w, &made, "dev/console");
	if (ret == 0)
		ret = put(&w, "dev/console", S_IFCHR | 0600, NULL, 0);
	for (size_t i = 0; ret == 0 && i < n; i++)
		ret = put_file(&w, &made, &files[i]);
	if (archive_write_close(w.a) != ARCHIVE_OK && ret == 0)
		ret = failed(&w, out);
	archive_write_free(w.a);
	str_release(&made);
	return ret;
}
