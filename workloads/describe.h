/* A workload's descriptor and a cell, as text and as JSON (docs/formats.md). */
#ifndef WORKLOADS_DESCRIBE_H
#define WORKLOADS_DESCRIBE_H

#include <stdio.h>
#include "workloads/params.h"

/* Each one line of JSON (new string). */
char *workload_json(const struct workload *w);
char *cell_json(const struct cell *c);
void workload_print(const struct workload *w, FILE *to);

#endif
