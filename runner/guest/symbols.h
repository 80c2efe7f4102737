/* The names of the running kernel's functions. */
#ifndef GUEST_SYMBOLS_H
#define GUEST_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>
#include "lib/err.h"

struct symbol {
	uint64_t at;
	char *name; /* as the kernel has it, with ".isra.0" and the like */
};

struct symbols {
	struct symbol *v; /* by address */
	size_t n;
};

/*
 * Reads the text symbols of /proc/kallsyms, or of another file in its format. Fails where the
 * kernel shows no addresses (sysctl kernel.kptr_restrict).
 */
int symbols_load(struct symbols *s, const char *path, struct err *err);
void symbols_release(struct symbols *s);

/* The function that an address lies in or behind, or NULL below the first. */
const char *symbols_find(const struct symbols *s, uint64_t address);
/*
 * The name under which the kernel knows a function: itself, or, where the compiler made only a
 * variant of it, with what it added ("f.isra.0"); NULL where there is none.
 */
const char *symbols_name(const struct symbols *s, const char *function);

#endif
