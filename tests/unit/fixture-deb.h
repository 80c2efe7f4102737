/* Debian packages made for tests, good and bad ones. */
#ifndef TESTS_FIXTURE_DEB_H
#define TESTS_FIXTURE_DEB_H

#include <archive.h>
#include <archive_entry.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct member {
	const char *name;
	const char *text; /* NULL: a link */
	const char *link;
	size_t size; /* of text where it holds zeros, else 0 */
};

static void add_entry(struct archive *a, const char *name, const char *text, size_t n,
		      const char *link)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, link ? AE_IFLNK : AE_IFREG);
	archive_entry_set_perm(e, 04755);
	if (link)
		archive_entry_set_symlink(e, link);
	archive_entry_set_size(e, (la_int64_t)n);
	archive_write_header(a, e);
	if (n)
		archive_write_data(a, text, n);
	archive_entry_free(e);
}

static size_t tar_of(const struct member *m, char *buf, size_t size)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_pax_restricted(a);
	archive_write_add_filter_xz(a);
	archive_write_open_memory(a, buf, size, &used);
	for (; m->name; m++)
		add_entry(a, m->name, m->text,
			  m->size   ? m->size
			  : m->text ? strlen(m->text)
				    : 0,
			  m->link);
	archive_write_close(a);
	archive_write_free(a);
	return used;
}

/* Writes a package; members ends with a zero entry. */
static inline void make_deb(const char *path, const char *control, const struct member *members)
{
	static char buf[1 << 20];
	const struct member own[] = {{"./control", control, NULL, 0}, {0}};
	struct archive *a = archive_write_new();
	size_t n;

	archive_write_set_format_ar_bsd(a);
	archive_write_open_filename(a, path);
	add_entry(a, "debian-binary", "2.0\n", 4, NULL);
	n = tar_of(own, buf, sizeof(buf));
	add_entry(a, "control.tar.xz", buf, n, NULL);
	n = tar_of(members, buf, sizeof(buf));
	add_entry(a, "data.tar.xz", buf, n, NULL);
	archive_write_close(a);
	archive_write_free(a);
}

#define CONTROL(name) "Package: " name "\nVersion: 6.1.9-2\nArchitecture: amd64\nDescription: x\n"

#endif
