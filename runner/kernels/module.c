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
#include "lib/str.h"

/* Far above what a module takes; a few kilobytes can unpack to gigabytes. */
#define MAX_MODULE_BYTES (64u << 20)

static int unpack_into(struct archive *a, int fd, const char *from)
{
	char buf[65536];
	size_t all = 0;
	la_ssize_t n;

	while ((n = archive_read_data(a, buf, sizeof(buf))) > 0) {
		all += (size_t)n;
		if (all > MAX_MODULE_BYTES) {
			fprintf(stderr, "mlocklab: '%s' unpacks to over %u MiB, which is no module\n", from,
				MAX_MODULE_BYTES >> 20);
			return -1;
		}
		if (fs_write_all(fd, buf, (size_t)n) < 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

/* A file packed with xz, zstd or gzip; libarchive sees a nameless archive with one entry. */
static int unpack(const char *from, const char *to)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), ret = -1;

	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (fd >= 0 && archive_read_open_filename(a, from, 65536) == ARCHIVE_OK &&
	    archive_read_next_header(a, &entry) == ARCHIVE_OK &&
	    unpack_into(a, fd, from) == 0)
		ret = 0;
	if (fd >= 0)
		close(fd);
	archive_read_free(a);
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
	*made = unpack(packed, path) == 0;
	if (!*made) {
		unlink(path);
		free(path);
		path = NULL;
	}
	free(packed);
	return path;
}
