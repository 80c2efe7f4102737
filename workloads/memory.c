#include "workloads/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PMD_BYTES (2u << 20)

static int fill(int fd, uint64_t size, const char *where, struct err *err)
{
	static const char block[16 * PAGE_BYTES] = {1};

	for (uint64_t done = 0; done < size;) {
		uint64_t left = size - done;
		ssize_t n = write(fd, block, left < sizeof(block) ? left : sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, "a file of %llu bytes on '%s'",
				       (unsigned long long)size, where);
		done += (uint64_t)n;
	}
	return 0;
}

int memory_file(const char *where, uint64_t size, struct err *err)
{
	int fd;

	if (strcmp(where, "tmpfs") == 0)
		fd = memfd_create("mlockbench", MFD_CLOEXEC);
	else
		fd = open(where, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, "'%s': a file without a name, tmpfs or a directory would do",
			       where);
	if (fill(fd, size, where, err) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void *memory_place(uint64_t size, unsigned shift, struct err *err)
{
	uint64_t whole = size + 2 * PMD_BYTES;
	char *at = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		err_sys(err, "address space for %llu bytes", (unsigned long long)size);
		return NULL;
	}
	munmap(at, whole);
	at += PMD_BYTES - (uintptr_t)at % PMD_BYTES;
	return at + (uint64_t)(shift % (PMD_BYTES / PAGE_BYTES)) * PAGE_BYTES;
}

void *memory_map(void *at, uint64_t size, int prot, int flags, int fd, struct err *err)
{
	void *p = mmap(at, size, prot, flags | MAP_FIXED_NOREPLACE | (fd < 0 ? MAP_ANONYMOUS : 0),
		       fd, 0);

	if (p == MAP_FAILED) {
		err_sys(err, "mmap of %llu bytes", (unsigned long long)size);
		return NULL;
	}
	return p;
}

void *memory_map_new(int fd, uint64_t bytes, unsigned shift, struct err *err)
{
	void *at;

	if (fd >= 0 && ftruncate(fd, (off_t)bytes) < 0) {
		err_sys(err, "a file of %llu bytes", (unsigned long long)bytes);
		return NULL;
	}
	at = memory_place(bytes, shift, err);
	return at ? memory_map(at, bytes, PROT_READ | PROT_WRITE, fd < 0 ? MAP_PRIVATE : MAP_SHARED,
			       fd, err)
		  : NULL;
}

int memory_lock(void *at, uint64_t size, struct err *err)
{
	if (mlock(at, size) < 0)
		return err_sys(err, "mlock of %llu bytes", (unsigned long long)size);
	return 0;
}

void memory_touch(void *at, uint64_t size, bool write)
{
	volatile char *p = at;

	for (uint64_t i = 0; i < size; i += PAGE_BYTES) {
		if (write)
			p[i] = 1;
		else
			(void)p[i];
	}
}
