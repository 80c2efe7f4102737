/* The keys of [global]: their names, ranges and places in struct experiment (experiment_set is
 * here). */
#ifndef RUNNER_PLAN_SETTINGS_H
#define RUNNER_PLAN_SETTINGS_H

#include <jansson.h>
#include "runner/plan/experiment.h"

/* All of them as an object, and back. */
json_t *settings_json(const struct experiment *e);
int settings_from_json(struct experiment *e, const json_t *settings, struct err *err);

#endif
