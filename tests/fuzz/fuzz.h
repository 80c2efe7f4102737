/*
 * A fuzz target is one file: it hands bytes to one reader of what comes from outside and checks
 * what must hold whatever they are. libFuzzer and the sanitizers find the rest. Inputs to start
 * from, and those that once broke something, are in tests/fuzz/seeds/NAME/.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "lib/err.h"
#include "lib/fs.h"
#include "lib/str.h"

/* What libFuzzer calls with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, which keeps the input, where something does not hold. */
#define must(holds)                                                                                \
	do {                                                                                       \
		if (!(holds)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* The input as text that ends at its first NUL, owned by the caller. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	return xstrndup((const char *)data, size);
}

/* Text that a terminal shows and does not obey. */
static inline void must_be_printable(const char *text)
{
	char *mended = xstrdup(text);

	str_mend(mended);
	must(strcmp(mended, text) == 0);
	free(mended);
}

static inline void must_tell(const struct err *err)
{
	must(*err->text);
	must_be_printable(err->text);
}

/* The path of a file in memory that holds the input: the same file at each call. */
static inline const char *fuzz_file(const void *bytes, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("input", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	must(fd >= 0 && ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	must(fs_write_all(fd, bytes, size) == 0);
	return path;
}

/* A directory of this process, below $TMPDIR, made at the first call and left to who made that. */
static inline const char *fuzz_dir(void)
{
	static char path[200];

	if (!*path) {
		const char *tmp = getenv("TMPDIR");

		snprintf(path, sizeof(path), "%s/mlocklab-fuzz-XXXXXX", tmp ? tmp : "/tmp");
		must(mkdtemp(path));
	}
	return path;
}

/* Writes a file below that directory. */
static inline void fuzz_put(const char *name, const void *bytes, size_t size)
{
	char *path = xasprintf("%s/%s", fuzz_dir(), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	must(fd >= 0 && fs_write_all(fd, bytes, size) == 0);
	close(fd);
	free(path);
}

#endif
