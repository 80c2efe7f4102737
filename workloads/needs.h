/* What a machine has, against what a workload declares that it needs. */
#ifndef WORKLOADS_NEEDS_H
#define WORKLOADS_NEEDS_H

#include "workloads/workload.h"

/* OUTCOME_OK, or OUTCOME_SKIP with the first need that is missing as the reason. */
enum outcome needs_check(struct bench *b);

#endif
