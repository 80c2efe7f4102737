#include "runner/kernels/bzimage.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "lib/str.h"

/* Offsets of boot.rst: the magic "HdrS", and where the version's text is, less 0x200. */
enum { MAGIC = 0x202, VERSION = 0x20e, HEADER = 0x200 };

char *bzimage_release(const char *path, struct err *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "+-.~_";
	unsigned char head[32768 + 256] = {0};
	FILE *f = fopen(path, "rbe");
	size_t n, at, len;

	if (!f) {
		err_sys(err, "cannot open kernel image '%s'", path);
		return NULL;
	}
	n = fread(head, 1, sizeof(head) - 1, f);
	fclose(f);
	if (n < VERSION + 2 || memcmp(head + MAGIC, "HdrS", 4) != 0) {
		err_set(err, "'%s' is not an x86 kernel image; a bzImage (vmlinuz) would be right",
			path);
		return NULL;
	}
	at = HEADER + (head[VERSION] | (size_t)head[VERSION + 1] << 8);
	len = at < n ? strspn((char *)head + at, plain) : 0;
	if (!len) {
		err_set(err, "kernel image '%s' does not say its release", path);
		return NULL;
	}
	return xstrndup((char *)head + at, len);
}
