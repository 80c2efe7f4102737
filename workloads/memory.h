/* The memory that workloads lock: files and mappings, with errors that say what failed. */
#ifndef WORKLOADS_MEMORY_H
#define WORKLOADS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include "lib/err.h"

#define PAGE_BYTES 4096u

/*
 * Opens a file without a name, size bytes long. where is "tmpfs" (a memfd: the kernel's own tmpfs
 * mount, there without any being mounted) or a directory. Every page is written, so that all of
 * them are in the page cache. -1: err.
 */
int memory_file(const char *where, uint64_t size, struct err *err);

/*
 * A free address for a mapping, shift pages above a multiple of 2 MiB, so that the number of page
 * tables is chosen and not chance. NULL: err.
 */
void *memory_place(uint64_t size, unsigned shift, struct err *err);
/* mmap(2) at exactly that address; fd -1 is anonymous memory. NULL: err. */
void *memory_map(void *at, uint64_t size, int prot, int flags, int fd, struct err *err);
/*
 * A new mapping of bytes, written and read, where memory_place(bytes, shift) is: of anonymous
 * memory of our own (fd -1), or of a file without a page yet, which is made that long. NULL: err.
 */
void *memory_map_new(int fd, uint64_t bytes, unsigned shift, struct err *err);
int memory_lock(void *at, uint64_t size, struct err *err);
/* Writes, or reads, one word in each page. */
void memory_touch(void *at, uint64_t size, bool write);

#endif
