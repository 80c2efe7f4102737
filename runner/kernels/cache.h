/*
 * The kernels that were fetched: CACHE/kernels/NAME/ holds vmlinuz, config, System.map where the
 * package has a real one, lib/modules/RELEASE and kernel.json (docs/formats.md). A directory is
 * complete from the moment it has its name, and never changed after.
 */
#ifndef RUNNER_KERNELS_CACHE_H
#define RUNNER_KERNELS_CACHE_H

#include <jansson.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/kernel.h"

struct cached_kernel {
	char *name, *dir;
	json_t *info; /* kernel.json */
};

struct cached_kernels {
	struct cached_kernel *v;
	size_t n;
};

/* All of them by name; a cache that is not there holds none. */
int kernel_cache_list(struct cached_kernels *l, const char *cache, struct err *err);
void kernel_cache_list_release(struct cached_kernels *l);

/* The name of the newest kernel that debian:VERSION/FLAVOUR means, a new string, or NULL. */
char *kernel_cache_newest(const struct cached_kernels *l, const char *version, const char *flavour);

/*
 * Takes the lock that fetching and removing need, waiting for another's. Returns a descriptor for
 * the caller to close, which unlocks.
 */
int kernel_cache_lock(const char *cache, struct err *err);

/*
 * Unpacks the debs that together hold one kernel, as NAME; the lock must be held. info: what is
 * known of it ("spec", "package", ...), to which release and hashes are added.
 */
int kernel_cache_add(const char *cache, const char *name, const struct strv *debs, json_t *info,
		     struct err *err);
/* Adds the hashes of what lies beside the image in dir to info, which kernel_cache_load() checks.
 */
int kernel_cache_add_sums(const char *dir, json_t *info, struct err *err);
int kernel_cache_remove(const char *cache, const char *name, struct err *err);

/* Fills k from a cached kernel, its spec excepted, after checking the image's SHA-256. */
int kernel_cache_load(struct kernel *k, const char *cache, const char *name, struct err *err);

/* A directory for something unfinished; the lock must be held, and earlier leavings are removed. */
char *kernel_cache_scratch(const char *cache, struct err *err);

/* The pure part: where a package's member goes, NULL: nowhere. See deb_place. */
char *kernel_cache_place(void *arg, const char *name);
/* Whether a System.map holds addresses: since bookworm Debian ships one line that says where to
 * get it. */
bool kernel_map_is_real(const char *path);

#endif
