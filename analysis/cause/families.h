/*
 * Families of kernel functions, configs/kernel/families.ini: what belongs together whatever a
 * release calls it, and which functions merely changed their name.
 *
 *     [munlock and LRU]         a section a family, in the order in which they are tried
 *     munlock=munlock_* *_mlock_*   patterns as a shell has them; the key only tells them apart
 *     [renamed]                 old name=new name: one row in a table, not a loss and a gain
 *     unmap_page_range=__zap_vma_range
 */
#ifndef ANALYSIS_CAUSE_FAMILIES_H
#define ANALYSIS_CAUSE_FAMILIES_H

#include <stddef.h>
#include "lib/err.h"
#include "lib/str.h"

struct family {
	char *name;
	struct strv patterns;
};

struct families {
	struct family *v; /* the last is "other", which takes all that no pattern does */
	size_t n;
	struct strv from, to; /* what was renamed */
};

int families_load(struct families *f, const char *path, struct err *err);
void families_release(struct families *f);
/* The index of a function's family. */
size_t families_of(const struct families *f, const char *function);
/* The name that a function has now, or itself. */
const char *families_renamed(const struct families *f, const char *function);

#endif
