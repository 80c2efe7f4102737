#include "runner/kernels/bzimage.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"

/* Offsets of boot.rst: the magic "HdrS", and where the version's text is, less 0x200. */
enum { MAGIC = 0x202, VERSION = 0x20e, HEADER = 0x200 };

/* The text after "RELEASE (USER@HOST) ", of printable ASCII; or NULL. */
static char *version_of(const char *text, size_t release)
{
	const char *by = text + release, *v;
	size_t n = 0;

	if (strncmp(by, " (", 2) != 0)
		return NULL;
	/* a host may have parentheses in its name */
	v = strstr(by, ") #");
	if (!v)
		return NULL;
	for (v += 2; v[n] >= ' ' && v[n] < 0x7f; n++)
		;
	return v[n] ? NULL : xstrndup(v, n);
}

int bzimage_identity(const char *path, char **release, char **version, struct err *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "+-.~_";
	unsigned char head[32768 + 512] = {0};
	FILE *f = fopen(path, "rbe");
	size_t n, at, len;

	if (!f)
		return err_sys(err, "cannot open kernel image '%s'", path);
	n = fread(head, 1, sizeof(head) - 1, f);
	fclose(f);
	if (n < VERSION + 2 || memcmp(head + MAGIC, "HdrS", 4) != 0)
		return err_set(
			err, "'%s' is not an x86 kernel image; a bzImage (vmlinuz) would be right",
			path);
	at = HEADER + (head[VERSION] | (size_t)head[VERSION + 1] << 8);
	len = at < n ? strspn((char *)head + at, plain) : 0;
	if (!len)
		return err_set(err, "kernel image '%s' does not say its release", path);
	*release = xstrndup((char *)head + at, len);
	*version = version_of((char *)head + at, len);
	return 0;
}

char *bzimage_release(const char *path, struct err *err)
{
	char *release, *version;

	if (bzimage_identity(path, &release, &version, err) < 0)
		return NULL;
	free(version);
	return release;
}
