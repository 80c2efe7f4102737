/*
 * The attempts at boots before those that count: kept in boots/NNN.failed-K, of a machine's own
 * boots as what a campaign keeps of one, campaign/NNN.K. What their kernels complained of counts.
 */
#ifndef ANALYSIS_LOAD_ATTEMPTS_H
#define ANALYSIS_LOAD_ATTEMPTS_H

#include <jansson.h>
#include <stddef.h>
#include "lib/err.h"

struct attempt {
	int boot, k; /* the K-th at boot NNN, from 1 */
};

/* By boot and number, each once. */
struct attempts {
	struct attempt *v;
	size_t n;
};

/* All that a run has kept; the costs are those of its directories, however many a boot.json counts.
 */
void attempts_find(struct attempts *a, const char *run);
void attempts_release(struct attempts *a);

/* Those of the first `most` at a boot that were kept, in order, n of them; owned by a. */
const struct attempt *attempts_of(const struct attempts *a, int boot, int most, size_t *n);

/*
 * boot.json of an attempt that was kept, a new reference in *boot; NULL where there is none: it was
 * interrupted, or is a campaign's. -1 where it is not as it was stored. run, json, planned: the
 * run's directory, its run.json and what that has for the boot.
 */
int attempt_read(const struct attempt *at, const char *run, const json_t *json,
		 const json_t *planned, json_t **boot, struct err *err);

#endif
