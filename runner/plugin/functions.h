/* The functions of a kernel: from an address to the function that it lies in. */
#ifndef RUNNER_PLUGIN_FUNCTIONS_H
#define RUNNER_PLUGIN_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/err.h"

struct function {
	char *name;
	bool entry; /* the processor comes here by itself: interrupts and exceptions */
	bool fault; /* ... and may come from the middle of a block */
	bool stubs; /* not one entry but a table of them */
};

struct functions {
	struct symbol *v; /* by address, one per address */
	size_t n;
	struct function **all;
	size_t n_all;
	struct function user, module, kernel; /* what has no symbol */
	bool pages;			      /* made by functions_none */
};

/*
 * Reads System.map or /proc/kallsyms lines ("ffffffff81000000 T _text [module]"), of which text
 * symbols are kept. Of several names for one address one is chosen, the same whatever the order of
 * the lines, and foo.cold counts as foo. Without any text symbol, or where all addresses are 0
 * (kptr_restrict) or moved by KASLR (_text is not at 0xffffffff81000000), it fails and says so.
 */
int functions_load(struct functions *s, const char *path, struct err *err);
/* A table without names: kernel functions are then called by the page of their address. */
void functions_none(struct functions *s);
/*
 * The function that addr lies in, [user], [module] (BPF code too) or [kernel]. Never NULL; owned
 * by s. *first says whether addr is where a caller would enter it.
 */
const struct function *functions_find(struct functions *s, uint64_t addr, bool *first);
void functions_release(struct functions *s);

#endif
