/* Files: whole reads, atomic writes, directories. */
#ifndef LIB_FS_H
#define LIB_FS_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

/* Appends the whole file to out. */
int fs_read(const char *path, struct str *out, struct err *err);
/* The same from a descriptor, to its end. 0, or -1 with errno. */
int fs_read_fd(int fd, struct str *out);
/*
 * Opens DIR/NAME for reading where DIR holds what others may have written: a regular file of at
 * most `most` bytes, to which no link leads below DIR. It never waits. The descriptor, or -1.
 */
int fs_open_in(const char *dir, const char *name, long long most, struct err *err);
/* Writes a file so that it is there whole or not at all, even over a power cut. */
int fs_write_atomic(const char *path, const void *bytes, size_t n, struct err *err);
/* Makes a directory and those above it; one that is there already is fine. */
int fs_mkdirs(const char *path, struct err *err);
/* Writes all n bytes to fd, over short writes and EINTR. 0, or -1 with errno. */
int fs_write_all(int fd, const void *bytes, size_t n);
/* Copies a file's bytes; the copy gets mode 0644. */
int fs_copy(const char *from, const char *to, struct err *err);
bool fs_exists(const char *path);
/* Removes a directory and all below it; a link is removed, never followed. */
int fs_remove_tree(const char *path, struct err *err);
/* Removes a directory that may be busy for a moment: waits, at most 3 seconds. */
int fs_rmdir_patiently(const char *path, struct err *err);
/* SHA-256 of a file as 64 hex digits in out[65] (lib/sha256.c). */
int fs_sha256(const char *path, char out[65], struct err *err);

#endif
