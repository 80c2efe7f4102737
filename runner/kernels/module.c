#include "runner/kernels/module.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/jailed.h"
#include "lib/str.h"

/* Far above what a module takes; a few kilobytes can unpack to gigabytes. */
#define MAX_MODULE_BYTES (64u << 20)

static int unpack_into(struct archive *a, int fd, const char *from, struct err *err)
{
	char buf[65536];
	size_t all = 0;
	la_ssize_t n;

	while ((n = archive_read_data(a, buf, sizeof(buf))) > 0) {
		all += (size_t)n;
		if (all > MAX_MODULE_BYTES)
			return err_set(err, "'%s' unpacks to over %u MiB, which is no module", from,
				       MAX_MODULE_BYTES >> 20);
		if (fs_write_all(fd, buf, (size_t)n) < 0)
			return err_sys(err, "cannot unpack '%s'", from);
	}
	return n < 0 ? err_set(err, "cannot unpack '%s': %s", from, archive_error_string(a)) : 0;
}

struct unpacking {
	const char *from, *to;
};

/* A file packed with xz, zstd or gzip; libarchive sees a nameless archive with one entry. */
static int unpack_here(void *arg, struct str *out, struct err *err)
{
	const struct unpacking *u = arg;
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int fd = open(u->to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), ret = -1;

	(void)out;
	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (fd < 0)
		err_sys(err, "cannot create '%s'", u->to);
	else if (archive_read_open_filename(a, u->from, 65536) != ARCHIVE_OK ||
		 archive_read_next_header(a, &entry) != ARCHIVE_OK)
		err_set(err, "cannot unpack '%s': %s", u->from, archive_error_string(a));
	else
		ret = unpack_into(a, fd, u->from, err);
	if (fd >= 0)
		close(fd);
	archive_read_free(a);
	return ret;
}

/* In a jail: the archive library reads what others wrote. What goes wrong is told on standard
 * error. */
static int unpack(const char *from, const char *to, const char *dir)
{
	const struct jail jail = {.writes = dir, .file = MAX_MODULE_BYTES, .keep_uid = true};
	struct unpacking u = {from, to};
	struct err err;
	int ret = jailed(&jail, unpack_here, &u, NULL, &err);

	if (ret < 0)
		fprintf(stderr, "mlocklab: %s\n", err.text);
	return ret;
}

/* The first file of that name, packed or not. */
static char *find(const struct kernel *k, const char *module)
{
	char *pattern = xasprintf("%s/lib/modules/%s/kernel/%s.ko*", k->modules,
				  k->release ? k->release : "*", module);
	char *found = NULL;
	glob_t g;

	if (glob(pattern, 0, NULL, &g) == 0) {
		found = xstrdup(g.gl_pathv[0]);
		globfree(&g);
	}
	free(pattern);
	return found;
}

char *module_file(const struct kernel *k, const char *module, const char *dir, bool *made)
{
	const char *slash = strrchr(module, '/');
	char *packed = k->modules ? find(k, module) : NULL, *path;

	*made = false;
	if (!packed || strcmp(packed + strlen(packed) - 3, ".ko") == 0)
		return packed;
	path = xasprintf("%s/%s.ko", dir, slash ? slash + 1 : module);
	*made = unpack(packed, path, dir) == 0;
	if (!*made) {
		unlink(path);
		free(path);
		path = NULL;
	}
	free(packed);
	return path;
}
