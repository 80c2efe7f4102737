/* The steps of compare_runs; only compare*.c include this. */
#ifndef ANALYSIS_JUDGE_COMPARE_PARTS_H
#define ANALYSIS_JUDGE_COMPARE_PARTS_H

#include "analysis/judge/compare.h"

/*
 * Boots to compare, as indices into the boots of the old and the new run: paired, old[i] stands
 * against new[i]; else the two lists are separate. Boots of one unit are one value: on the host,
 * those made while the machine was not booted again.
 */
struct boots {
	size_t *old, *new;
	size_t n_old, n_new;
	size_t *old_unit, *new_unit; /* of each, ascending from 0; as many units */
	size_t units_old, units_new;
};

int compare_choose_arms(struct comparison *c, const struct compare_opts *o, struct err *err);
/* Refuses, or with force notes, what makes figures of the runs differ before any kernel does. */
int compare_check_obstacles(struct comparison *c, bool force, struct err *err);
/* Sets c->paired and the lists, which the caller frees. */
void compare_choose_boots(struct comparison *c, const struct compare_opts *o, struct boots *b);
/* p values, alone and adjusted, and the verdict of every result. */
void compare_judge(struct comparison *c, const struct boots *b, uint64_t seed);
void compare_count_outcomes(struct comparison *c);
void compare_list_findings(struct comparison *c);
void compare_list_settings(struct comparison *c);
/* The verdict of the whole, from results and outcomes. */
void compare_conclude(struct comparison *c);

#endif
