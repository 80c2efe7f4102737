/*
 * A series of patches: the commits of a range, each built, each image measured once, all of it one
 * run whose arms are the patches in their order.
 */
#ifndef RUNNER_SERIES_SERIES_H
#define RUNNER_SERIES_SERIES_H

#include <jansson.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/build.h"

struct patch {
	struct git_commit c;
	char *name;	    /* of its kernel in the cache; NULL: it was not built */
	char *identity;	    /* hashes of all that a guest is given of it */
	char *arm;	    /* "base", "p01": its name in the run; NULL: it has none of its own */
	char *part;	    /* the run that holds its image's boots, or NULL */
	size_t same;	    /* the patch before it whose image it has; SIZE_MAX: none */
	char *error;	    /* why it was not built, or NULL */
	struct strv config; /* lines of the configuration that differ from the last patch that was
			       built; of the base those of fragments that it does not take */
};

struct series {
	struct git g;
	char *range;
	struct patch *v; /* the first is the base, then the patches 1, 2, ... */
	size_t n;
};

/* Reads BASE..TIP of the tree; only: paths, one of which a commit must touch, or none. */
int series_open(struct series *s, const char *range, const char *tree, const struct strv *only,
		const char *cache, struct err *err);
void series_release(struct series *s);

/* What is worth knowing of it before it starts, printable lines: merges, changes not committed. */
void series_notes(const struct series *s, struct strv *notes);

/*
 * Starts a process that builds one patch after the other while this one goes on; -1, or the
 * descriptor that series_next_built() reads. It ends with this process.
 */
int series_start_builds(const struct series *s, const struct kernel_recipe *r,
			const struct kernel_opts *o, struct err *err);
/*
 * Waits for patch i's build, to be asked for in order, says so where that takes some seconds, and
 * fills in its name or error, its identity, arm or `same`, and config. -1 where the builds have
 * ended without an answer.
 */
int series_next_built(struct series *s, size_t i, int fd, const struct kernel_recipe *r,
		      const char *cache, struct err *err);

/* docs/formats.md: RUN/series.json. */
int series_write(const struct series *s, const char *run, struct err *err);

#endif
