/*
 * A package from somewhere. Input that begins with '!' (as an ar archive does) is the file itself;
 * any other is a list of members, a line each, of which a package is made:
 *
 *     f NAME TEXT, d NAME, l NAME TARGET (a link), h NAME TARGET (a hard link), c TEXT (its control
 * file)
 *
 * What is unpacked leads to nothing outside its directory, by no way.
 */
#include <archive.h>
#include <archive_entry.h>
#include <ftw.h>
#include <sys/stat.h>
#include "runner/debian/deb.h"
#include "tests/fuzz/fuzz.h"

#define PACKAGE_BYTES (1 << 20)

static void add(struct archive *a, const char *name, char type, const char *more)
{
	struct archive_entry *e = archive_entry_new();
	size_t n = type == 'f' ? strlen(more) : 0;

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, type == 'd' ? AE_IFDIR : type == 'l' ? AE_IFLNK : AE_IFREG);
	archive_entry_set_perm(e, 04755);
	if (type == 'l')
		archive_entry_set_symlink(e, more);
	if (type == 'h')
		archive_entry_set_hardlink(e, more);
	archive_entry_set_size(e, (la_int64_t)n);
	if (archive_write_header(a, e) == ARCHIVE_OK && n)
		archive_write_data(a, more, n);
	archive_entry_free(e);
}

static struct archive *open_tar(char *buf, size_t *used)
{
	struct archive *a = archive_write_new();

	archive_write_set_format_pax_restricted(a);
	archive_write_open_memory(a, buf, PACKAGE_BYTES, used);
	return a;
}

static void add_bytes(struct archive *a, const char *name, const char *bytes, size_t n)
{
	struct archive_entry *e = archive_entry_new();

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_size(e, (la_int64_t)n);
	must(archive_write_header(a, e) == ARCHIVE_OK);
	archive_write_data(a, bytes, n);
	archive_entry_free(e);
}

/* Both inner archives of the package that a list of members stands for. */
static void make_inner(char *list, struct archive *control, struct archive *data)
{
	char *line, *name, *more, *rest, *end;

	for (line = strtok_r(list, "\n", &end); line; line = strtok_r(NULL, "\n", &end)) {
		char type = *line;

		if (type == 'c')
			add(control, "./control", 'f', line + 1);
		name = strtok_r(line + 1, " ", &rest);
		more = name ? strtok_r(NULL, " ", &rest) : NULL;
		if (name && (type == 'd' || (more && strchr("flh", type))))
			add(data, name, type, more);
	}
}

static void make_deb(const char *path, char *list)
{
	static char control_bytes[PACKAGE_BYTES], data_bytes[PACKAGE_BYTES];
	size_t control_n = 0, data_n = 0;
	struct archive *control = open_tar(control_bytes, &control_n);
	struct archive *data = open_tar(data_bytes, &data_n), *a = archive_write_new();

	make_inner(list, control, data);
	archive_write_free(control);
	archive_write_free(data);
	archive_write_set_format_ar_bsd(a);
	must(archive_write_open_filename(a, path) == ARCHIVE_OK);
	add_bytes(a, "debian-binary", "2.0\n", 4);
	add_bytes(a, "control.tar", control_bytes, control_n);
	add_bytes(a, "data.tar", data_bytes, data_n);
	archive_write_free(a);
}

static char top[300]; /* the directory that is unpacked into, without links in it */

static int check_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *real = realpath(path, NULL);

	(void)type;
	(void)ftw;
	must(!(st->st_mode & (S_ISUID | S_ISGID)) || S_ISDIR(st->st_mode));
	must(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode));
	must(!real || (strncmp(real, top, strlen(top)) == 0 && strchr("/", real[strlen(top)])));
	free(real);
	return 0;
}

static void unpack(const char *deb)
{
	struct str text = STR_INIT;
	struct err err = {""};

	/* in this process, whose coverage is seen */
	if (deb_read_control(deb, &text, &err) < 0)
		must_tell(&err);
	str_release(&text);
	if (deb_extract_here(deb, top, deb_place_all, NULL, &err) < 0)
		must_tell(&err);
	must(nftw(top, check_one, 16, FTW_PHYS) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *deb = xasprintf("%s/a.deb", fuzz_dir()), *list = fuzz_text(data, size);
	struct err err;

	snprintf(top, sizeof(top), "%s/out", fuzz_dir());
	must(fs_mkdirs(top, &err) == 0);
	fuzz_put("secret", "", 0); /* beside it: something that a link could lead to */
	if (*list == '!')
		fuzz_put("a.deb", data, size);
	else
		make_deb(deb, list);
	unpack(deb);
	must(fs_remove_tree(top, &err) == 0);
	free(list);
	free(deb);
	return 0;
}
