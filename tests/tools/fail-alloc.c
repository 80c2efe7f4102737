/*
 * Preloaded: the allocation number FAIL_ALLOC of the program fails, and no other. With 0 none does,
 * and at its end it says on descriptor 9 how many there were.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static long long count, failing;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAIL_ALLOC");

	/* the programs that it starts have memory */
	unsetenv("LD_PRELOAD");
	failing = text ? atoll(text) : 0;
	count = 0;
}

__attribute__((destructor)) static void end(void)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%lld\n", count);

	if (!failing && write(9, text, (size_t)n) < 0)
		_exit(1);
}

static int fails(void)
{
	if (++count != failing)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}
