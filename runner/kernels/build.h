/*
 * Kernels built from source for guests: Debian's source packages, a directory, or a commit of the
 * user's own tree (git.h). The result is one more kernel of the cache (cache.h), named by what it
 * is made from.
 */
#ifndef RUNNER_KERNELS_BUILD_H
#define RUNNER_KERNELS_BUILD_H

#include <jansson.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/configure.h"
#include "runner/kernels/git.h"
#include "runner/kernels/resolve.h"

/*
 * Builds debian-source:VERSION or source:DIR, unless the cache holds it already (a directory is
 * always built, make deciding what is new). The lock of cache.h must be held. Returns the kernel's
 * name in the cache, a new string; a build that failed leaves its tree and log in CACHE/builds.
 */
char *kernel_build(const char *source, const struct kernel_recipe *r, const struct kernel_opts *o,
		   struct err *err);

/*
 * Builds a commit in the private work tree, unless the cache holds that tree with this
 * configuration and compiler already; the lock of cache.h must not be held. Only what differs from
 * the commit that was built last is compiled. label: what the progress is shown as, or NULL for the
 * commit. Returns the name in the cache. A failure quotes the log's first error and the commit.
 */
char *kernel_build_commit(const struct git *g, const struct git_commit *c,
			  const struct kernel_recipe *r, const struct kernel_opts *o,
			  const char *label, struct err *err);

/*
 * 0 where the cache has the commit's kernel or one could be built; -1 where programs, the compiler
 * or space for source and objects are missing, for which no commit is to blame.
 */
int kernel_build_able(const struct git *g, const struct git_commit *c,
		      const struct kernel_recipe *r, const char *cache, struct err *err);

/*
 * Puts what make left into the cache as name: image, configuration, System.map, the names of what
 * is built in, and the module that workloads need, or with `modules` all of them, stripped. info:
 * what is known of it, to which release, variables and hashes are added.
 */
int kernel_install(struct kernel_make *m, bool modules, const char *cache, const char *name,
		   json_t *info, struct err *err);
/* Hashes of all that a guest is given of a cached kernel, image and module, as one new string. */
char *kernel_installed_identity(const char *cache, const char *name, struct err *err);

/* SHA-256 of a text, which is a name for it in the cache. */
void kernel_text_sum(const struct str *text, char sum[65]);

#endif
