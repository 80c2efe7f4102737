/* What the runner asks of mlockbench, which alone knows the workloads. */
#ifndef RUNNER_PLAN_CATALOGUE_H
#define RUNNER_PLAN_CATALOGUE_H

#include <jansson.h>
#include "lib/err.h"
#include "lib/str.h"

/* `mlockbench cell WORKLOAD key=value...`: a new reference, or NULL with its message. */
json_t *bench_cell(const char *bench, const struct strv *args, struct err *err);
/* `mlockbench describe NAME --json`: a new reference, or NULL. */
json_t *bench_describe(const char *bench, const char *name, struct err *err);

#endif
