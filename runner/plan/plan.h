/* Which boots a run makes, in which order, and what each is told to do. */
#ifndef RUNNER_PLAN_PLAN_H
#define RUNNER_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runner/plan/experiment.h"

/* Times are taken in timed boots only: what explains them comes from instrumented boots beside
 * them. */
enum boot_kind {
	BOOT_TIMED,
	BOOT_PROFILE,
	BOOT_LOCKS,
	BOOT_SYMBOLS, /* never in a plan: it only tells what the kernel's functions are called */
};
const char *plan_kind_name(enum boot_kind kind);

struct planned_boot {
	enum boot_kind kind;
	int n;	 /* 1, 2, ... in the order they are run */
	int arm; /* index into the experiment's arms */
	int pair;
	uint64_t seed; /* of the layout */
};

struct plan {
	struct planned_boot *boots;
	size_t n;
};

/*
 * Pairs in blocks of two: the arms in a random order, then in the reverse of it (ABBA or BAAB), so
 * that a drift of the machine falls on all arms alike. The same seed gives the same plan. The boots
 * of a pair have one layout, or with `independent` each its own: what differs between arms of one
 * kernel is then what the layout alone does.
 */
void plan_make(struct plan *p, size_t arms, int pairs, uint64_t seed, bool independent);
/*
 * Appends `rounds` boots of each arm of an instrumented kind. Round k has the layout of pair k, so
 * that it can be set against the timed boot it explains; where there are more rounds than pairs,
 * one of its own: a layout that is taken again tells nothing new.
 */
void plan_add(struct plan *p, size_t arms, enum boot_kind kind, int rounds);
void plan_release(struct plan *p);

/* The next number of a seeded sequence (splitmix64, Steele, Lea and Flood 2014). */
uint64_t plan_random(uint64_t *state);

/* The plan of an arm's boot as PID 1 reads it: settle, timeout, then a line a cell. settle_min in
 * seconds. */
void plan_text(const struct experiment *e, int arm, uint64_t layout_seed, int settle_min,
	       struct str *out);

/* The boots as run.json lists them, and back: -1 and err where one has no number or names no arm.
 */
json_t *plan_json(const struct plan *p, const struct experiment *e);
int plan_from_json(struct plan *p, const struct experiment *e, const json_t *run, struct err *err);

#endif
