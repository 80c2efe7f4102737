/* A run as load_run gives it, made in memory: boots and their values, no files. */
#ifndef TESTS_STATISTICS_MADE_H
#define TESTS_STATISTICS_MADE_H

#include "analysis/load/load.h"

/* Arms in interleaved rounds, cells of one metric ("ns/page", lower is better). Every value is NAN.
 * For load_release. */
void made_begin(struct run *r, size_t arms, size_t rounds, size_t cells);
void made_set(struct run *r, size_t arm, size_t round, size_t cell, double value);
#endif
