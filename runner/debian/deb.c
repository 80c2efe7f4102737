#include "runner/debian/deb.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/jailed.h"

/* Control files are of some kilobytes; a few packed ones could fill the memory. */
#define MAX_CONTROL (1u << 20)

/* A package is an ar archive; what is of use is in the tar archives inside. */
struct deb {
	const char *path;
	struct archive *ar, *tar;
	unsigned long long bytes, members; /* that came out of it */
	la_int64_t end;			   /* how far the member at hand has come */
	char buf[65536];
};

static int fail(struct deb *d, struct archive *a, struct err *err)
{
	const char *why = a ? archive_error_string(a) : NULL;

	if (a && archive_errno(a) == EILSEQ) /* libarchive's word for a format it does not know */
		return err_set(err, "'%s' is not a Debian package, or a damaged one: %s", d->path,
			       why);
	return err_set(err, "cannot read package '%s': %s", d->path, why ? why : "out of memory");
}

static la_ssize_t read_inner(struct archive *tar, void *arg, const void **buf)
{
	struct deb *d = arg;
	la_ssize_t n = archive_read_data(d->ar, d->buf, sizeof(d->buf));

	if (n < 0)
		archive_set_error(tar, archive_errno(d->ar), "%s", archive_error_string(d->ar));
	*buf = d->buf;
	return n;
}

static void deb_close(struct deb *d)
{
	archive_read_free(d->tar);
	archive_read_free(d->ar);
}

/* Opens the inner archive whose name starts with prefix: "control.tar" or "data.tar". */
static int deb_open(struct deb *d, const char *path, const char *prefix, struct err *err)
{
	struct archive_entry *e;
	int r;

	d->path = path;
	d->ar = archive_read_new();
	d->tar = archive_read_new();
	archive_read_support_format_ar(d->ar);
	archive_read_support_format_tar(d->tar);
	/* those of dpkg-deb; others would have the library start programs */
	archive_read_support_filter_gzip(d->tar);
	archive_read_support_filter_bzip2(d->tar);
	archive_read_support_filter_lzma(d->tar);
	archive_read_support_filter_xz(d->tar);
	archive_read_support_filter_zstd(d->tar);
	if (archive_read_open_filename(d->ar, path, 65536) != ARCHIVE_OK) {
		fail(d, d->ar, err);
		goto out;
	}
	while ((r = archive_read_next_header(d->ar, &e)) == ARCHIVE_OK) {
		if (strncmp(archive_entry_pathname(e), prefix, strlen(prefix)) != 0)
			continue;
		if (archive_read_open(d->tar, d, NULL, read_inner, NULL) == ARCHIVE_OK)
			return 0;
		fail(d, d->tar, err);
		goto out;
	}
	if (r == ARCHIVE_EOF)
		err_set(err, "'%s' is not a Debian package: it holds no %s", path, prefix);
	else
		fail(d, d->ar, err);
out:
	deb_close(d);
	return -1;
}

/* A name that the archive library cannot put into this locale counts as none. */
static const char *plain_name(const char *name)
{
	if (!name)
		return "";
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return strcmp(name, ".") == 0 ? "" : name;
}

static bool leaves(const char *name)
{
	if (*name == '/')
		return true;
	for (const char *p = name; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
			return true;
	}
	return false;
}

/* The next component of a path that leads somewhere, *n characters; NULL behind the last. */
static const char *component(const char **path, size_t *n)
{
	const char *at;

	do {
		at = *path + strspn(*path, "/");
		*n = strcspn(at, "/");
		*path = at + *n;
	} while (*n == 1 && *at == '.');
	return *n ? at : NULL;
}

/*
 * Whether a link at name, seen from the top of the tree, may point out of the tree. A ".." behind a
 * name may: that name can be a link itself, and lead up.
 */
static bool link_leaves(const char *name, const char *target)
{
	bool down = false;
	int depth = -1;
	const char *at;
	size_t n;

	if (!target || *target == '/')
		return true;
	while (component(&name, &n))
		depth++;
	while ((at = component(&target, &n))) {
		bool up = n == 2 && strncmp(at, "..", 2) == 0;

		if (up && (down || --depth < 0))
			return true;
		down |= !up;
	}
	return false;
}

/* A second name for a link would have it start from another place. */
static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Points the entry at its place below dir. 1: extract it, 0: leave it out, -1: refuse it. */
static int place_entry(struct archive_entry *e, const char *deb, const char *dir, deb_place *place,
		       void *arg, struct err *err)
{
	const char *name = plain_name(archive_entry_pathname(e));
	const char *hard = archive_entry_hardlink(e);
	mode_t type = archive_entry_filetype(e);
	char *to, *full;
	int ret = 1;

	if (leaves(name) || (hard && leaves(plain_name(hard))))
		return err_set(err,
			       "package '%s' holds a file whose name leads out of the "
			       "package's directory; it is damaged or hostile",
			       deb);
	to = *name ? place(arg, name) : NULL;
	if (!to || (!hard && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK) ||
	    (type == AE_IFLNK && link_leaves(to, archive_entry_symlink(e))))
		ret = 0;
	full = xasprintf("%s/%s", dir, to ? to : "");
	archive_entry_set_pathname(e, full);
	free(full);
	free(to);
	if (ret && hard) {
		to = place(arg, plain_name(hard));
		full = xasprintf("%s/%s", dir, to ? to : plain_name(hard));
		ret = !is_link(full);
		archive_entry_set_hardlink(e, full);
		free(full);
		free(to);
	}
	return ret;
}

static int copy_data(struct deb *d, struct archive *disk)
{
	const void *block;
	size_t n;
	la_int64_t at;
	int r;

	while ((r = archive_read_data_block(d->tar, &block, &n, &at)) == ARCHIVE_OK) {
		/* a hole counts: it is read like anything else */
		d->bytes += n + (at > d->end ? (unsigned long long)(at - d->end) : 0);
		d->end = at + (la_int64_t)n;
		if (d->bytes > DEB_MAX_BYTES)
			return 1;
		if (archive_write_data_block(disk, block, n, at) < 0)
			return -1;
	}
	return r == ARCHIVE_EOF ? 0 : -1;
}

static int extract_entry(struct deb *d, struct archive *disk, struct archive_entry *e,
			 struct err *err)
{
	int ret = archive_write_header(disk, e) == ARCHIVE_OK ? 0 : -1;

	d->end = 0;
	if (ret == 0)
		ret = copy_data(d, disk);
	if (ret > 0 || ++d->members > DEB_MAX_MEMBERS)
		return err_set(
			err,
			"package '%s' unpacks to over %llu GiB or %d files: that is no package",
			d->path, DEB_MAX_BYTES >> 30, DEB_MAX_MEMBERS);
	if (ret == 0 && archive_write_finish_entry(disk) == ARCHIVE_OK)
		return 0;
	if (archive_errno(d->tar))
		return fail(d, d->tar, err);
	errno = archive_errno(disk);
	if (errno > 0)
		return err_sys(err, "cannot extract package '%s'", d->path);
	return err_set(err, "cannot extract package '%s': %s", d->path, archive_error_string(disk));
}

char *deb_place_all(void *arg, const char *name)
{
	(void)arg;
	return xstrdup(name);
}

int deb_extract_here(const char *deb, const char *dir, deb_place *place, void *arg, struct err *err)
{
	struct archive *disk;
	struct archive_entry *e;
	char *top = realpath(dir, NULL);
	struct deb d = {0};
	int r, ret = -1;

	if (!top)
		return err_sys(err, "cannot extract package '%s' into '%s'", deb, dir);
	if (deb_open(&d, deb, "data.tar", err) < 0) {
		free(top);
		return -1;
	}
	disk = archive_write_disk_new();
	archive_write_disk_set_options(disk, ARCHIVE_EXTRACT_SECURE_SYMLINKS |
						     ARCHIVE_EXTRACT_SECURE_NODOTDOT |
						     ARCHIVE_EXTRACT_UNLINK);
	while ((r = archive_read_next_header(d.tar, &e)) == ARCHIVE_OK || r == ARCHIVE_WARN) {
		int take = place_entry(e, deb, top, place, arg, err);

		if (take < 0 || (take && extract_entry(&d, disk, e, err) < 0))
			goto out;
	}
	ret = r == ARCHIVE_EOF ? 0 : fail(&d, d.tar, err);
out:
	archive_write_free(disk);
	deb_close(&d);
	free(top);
	return ret;
}

struct extraction {
	const char *deb, *dir;
	deb_place *place;
	void *arg;
};

static int extract(void *arg, struct str *out, struct err *err)
{
	const struct extraction *x = arg;

	(void)out;
	return deb_extract_here(x->deb, x->dir, x->place, x->arg, err);
}

int deb_extract(const char *deb, const char *dir, deb_place *place, void *arg, struct err *err)
{
	struct extraction x = {deb, dir, place, arg};
	struct jail jail = {.writes = dir, .file = DEB_MAX_BYTES, .keep_uid = true};

	if (jailed(&jail, extract, &x, NULL, err) == 0)
		return 0;
	return strstr(err->text, deb) ? -1 : err_prefix(err, "package '%s'", deb);
}

char *deb_field(const char *control, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = control; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, name, n) == 0 && strncmp(p + n, ": ", 2) == 0)
			return xstrndup(p + n + 2, strcspn(p + n + 2, "\r\n"));
	}
	return NULL;
}

/* What Debian allows in names and versions; they become parts of paths and are printed. */
static bool is_word(const char *s)
{
	return s && isalnum((unsigned char)*s) &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~:-")];
}

int deb_read_control(const char *deb, struct str *text, struct err *err)
{
	struct archive_entry *e;
	struct deb d = {0};
	char buf[4096];
	la_ssize_t n;

	if (deb_open(&d, deb, "control.tar", err) < 0)
		return -1;
	while (archive_read_next_header(d.tar, &e) == ARCHIVE_OK) {
		if (strcmp(plain_name(archive_entry_pathname(e)), "control") != 0)
			continue;
		while (text->len < MAX_CONTROL &&
		       (n = archive_read_data(d.tar, buf, sizeof(buf))) > 0)
			str_addn(text, buf, (size_t)n);
		break;
	}
	deb_close(&d);
	return 0;
}

static int read_control(void *arg, struct str *out, struct err *err)
{
	return deb_read_control(arg, out, err);
}

int deb_control(struct deb_control *c, const char *deb, struct err *err)
{
	struct jail jail = {.keep_uid = true};
	struct str text = STR_INIT;
	int ret = jailed(&jail, read_control, (void *)deb, &text, err);

	*c = (struct deb_control){
		.package = deb_field(str_text(&text), "Package"),
		.version = deb_field(str_text(&text), "Version"),
		.arch = deb_field(str_text(&text), "Architecture"),
	};
	str_release(&text);
	if (ret == 0 && is_word(c->package) && is_word(c->version) && is_word(c->arch))
		return 0;
	deb_control_release(c);
	return ret < 0 ? ret
		       : err_set(err,
				 "package '%s' has no control file with a name, version and "
				 "architecture",
				 deb);
}

void deb_control_release(struct deb_control *c)
{
	free(c->package);
	free(c->version);
	free(c->arch);
	*c = (struct deb_control){0};
}
