/* Where a run's figures come from: the machine, the kernels, the tool. */
#ifndef RUNNER_RUN_PROVENANCE_H
#define RUNNER_RUN_PROVENANCE_H

#include <jansson.h>
#include "runner/plan/experiment.h"
#include "runner/kernels/kernel.h"
#include "runner/qemu/target.h"

/* The `host` of run.json: this machine and the kernel it has booted. */
json_t *provenance_host(void);
/* The `target` of run.json. command: QEMU's argument list as text, or "". */
json_t *provenance_target(const struct target *t, const char *command);
/* An entry of `arms`: who the kernel is, and the lines of its .config that bear on memory
 * management. */
json_t *provenance_arm(const struct arm *a, const struct kernel *k);
/* Those lines of a .config as an object, {"CONFIG_HZ":"250"}; an unset option that counts is "n".
 */
json_t *provenance_config(const char *path);

#endif
