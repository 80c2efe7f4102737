/* The calibration that holds for a run: what `mlocklab calibrate` measured on the same target and
 * machine. */
#ifndef RUNNER_RUN_CALIBRATED_H
#define RUNNER_RUN_CALIBRATED_H

#include <jansson.h>

/*
 * The newest DIR/NAME/calibration.json that was made with this target's kind, size and QEMU, and,
 * but for icount, which knows no machine, with this CPU. target and host are those of run.json. A
 * new reference, or NULL.
 */
json_t *calibrated_find(const char *dir, const json_t *target, const json_t *host);

#endif
